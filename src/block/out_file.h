/*
 * A file that is written once from front to end, through one buffer, under a
 * temporary name that goes when it is not finished.
 *
 *   out_file_open -> { out_file_append }* -> out_file_finish -> out_file_close
 *
 * Errors    ERR_LIMIT (disk or quota full), ERR_IO; the diag names the file and
 *           the system's reason. The first error sticks, and removes the file.
 * Threads   Single owner.
 * Memory    OUT_FILE_BUFFER_BYTES.
 * Limits    Takes its two descriptors at the beginning, from files of blocks that
 *           nobody reads when the system has none (block_file.h).
 */
#ifndef FUSEBOX_BLOCK_OUT_FILE_H
#define FUSEBOX_BLOCK_OUT_FILE_H

#include <stdint.h>

#include "base/diag.h"
#include "base/str.h"

enum { OUT_FILE_BUFFER_BYTES = 1 << 20 };

struct out_file {
    char *path; /* its name when it is finished */
    char *temp_path;
    char *buffer;
    size_t buffered_bytes;
    uint64_t written_bytes; /* before the buffer */
    int fd, dir_fd;         /* -1: none */
    enum err failed;
};

/* Begins dir/name, as dir/name.tmp. ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err out_file_open(struct out_file *f, const char *dir, const char *name,
                       struct diag *diag) MUST_CHECK;
void out_file_close(struct out_file *f); /* all-zero is allowed */

enum err out_file_append(struct out_file *f, struct str bytes, struct diag *diag) MUST_CHECK;

/* Writes the rest, syncs, renames, syncs the directory. */
enum err out_file_finish(struct out_file *f, struct diag *diag) MUST_CHECK;

/* The offset at which the next byte will stand. */
static inline uint64_t out_file_offset(const struct out_file *f)
{
    return f->written_bytes + f->buffered_bytes;
}

#endif
