/*
 * Snappy's block format: a body is unpacked only when the size that it names is
 * allowed, and possible for its length.
 *
 *   snappy_block_size(packed, max, &size, diag) -> memory -> snappy_block_unpack
 *
 * Threads   Any.
 * Limits    SNAPPY_RATIO_MAX; real bodies stay under 22.
 */
#ifndef FUSEBOX_WIRE_SNAPPY_BLOCK_H
#define FUSEBOX_WIRE_SNAPPY_BLOCK_H

#include "base/diag.h"
#include "base/str.h"

enum { SNAPPY_RATIO_MAX = 64 };

/* ERR_INVALID: not Snappy, or a size that cannot be; ERR_TOO_LARGE: beyond max_bytes. */
enum err snappy_block_size(struct str packed, size_t max_bytes, size_t *ret_bytes,
                           struct diag *diag) MUST_CHECK;
/* `out` has the bytes that snappy_block_size told. ERR_INVALID. */
enum err snappy_block_unpack(struct str packed, char *out, size_t out_bytes,
                             struct diag *diag) MUST_CHECK;

#endif
