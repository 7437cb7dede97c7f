/*
 * What the parts of a block share: its file, its footer, and the directory while
 * cursors need it.
 *
 * Inside, a diag says what is wrong and holds the offset; block_explain adds the
 * file's name where the error leaves the room.
 *
 * Threads   The lock guards the directory and the number of cursors; the rest is
 *           immutable or atomic.
 */
#ifndef FUSEBOX_BLOCK_BLOCK_STATE_H
#define FUSEBOX_BLOCK_BLOCK_STATE_H

#include <stdatomic.h>

#include "base/lock.h"
#include "block/block.h"
#include "block/block_file.h"
#include "block/directory.h"
#include "block/frame.h"

struct block {
    struct block_file file;
    struct layout layout;
    struct block_info info;
    atomic_size_t ref_count;
    atomic_bool unlink_late;
    struct lock lock;
    struct directory *directory; /* NULL: not in memory */
    size_t cursor_count;         /* that have the directory */
};

/* The directory, from the file when it is not in memory; it stays until it is dropped as often. */
enum err block_take_directory(struct block *b, const struct directory **ret,
                              struct diag *why) MUST_CHECK;
void block_drop_directory(struct block *b);

/* Header, footer, directory as they stand in the file now. */
enum err block_check_header(struct block *b, struct diag *why) MUST_CHECK;
enum err block_read_footer(struct block *b, struct layout *ret, struct diag *why) MUST_CHECK;
enum err block_read_directory(struct block *b, struct directory **ret, struct diag *why) MUST_CHECK;

/* Notes the place of an error, unless there is none. */
static inline enum err block_error_at(enum err err, uint64_t offset, struct diag *why)
{
    if (err)
        why->position_bytes = (size_t)offset;
    return err;
}

enum err block_explain(const struct block *b, enum err err, const struct diag *why,
                       struct diag *diag);

#endif
