/*
 * A file of a block that is read: opened when it is first needed, closed again
 * when too many are open.
 *
 * At most BLOCK_FILES_OPEN_MAX descriptors are kept in the process. The one that
 * was not used for longest is closed for another; where the system refuses a
 * descriptor too. One that is being read stays.
 *
 *   block_file_init -> { block_file_read }* -> block_file_release
 *
 * Errors    ERR_IO; ERR_LIMIT (no descriptor); ERR_CORRUPT (the file ends before);
 *           the diag says why, and not where.
 * Threads   Any.
 */
#ifndef FUSEBOX_BLOCK_BLOCK_FILE_H
#define FUSEBOX_BLOCK_BLOCK_FILE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"

enum { BLOCK_FILES_OPEN_MAX = 128 };

struct block_file {
    char *path;
    int fd; /* -1: closed */
    size_t reader_count;
    struct block_file *newer, *older; /* in the list of open ones, by last use */
};

enum err block_file_init(struct block_file *f, const char *path) MUST_CHECK; /* ERR_NOMEM */
void block_file_release(struct block_file *f);
/* Closes the descriptor when nobody reads. */
void block_file_close_idle(struct block_file *f);

enum err block_file_size(struct block_file *f, uint64_t *ret_bytes, struct diag *diag) MUST_CHECK;

/* Replaces `out` by the bytes at the offset. ERR_NOMEM or ERR_LIMIT by `out` too. */
enum err block_file_read(struct block_file *f, uint64_t offset, size_t len, struct buf *out,
                         struct diag *diag) MUST_CHECK;

size_t block_files_open_count(void);
/* Closes the descriptor that was not used for longest; false: none can be. For who needs one. */
bool block_files_close_one(void);

#endif
