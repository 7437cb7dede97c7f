/*
 * Frame: a piece of a block's index with its checksum, zstd-compressed where that
 * is smaller. The checksum also covers the place where the frame stands, so that
 * a piece in the wrong place is damage too.
 *
 * Threads   Value; the contexts of zstd are a single owner's.
 * Limits    BLOCK_FRAME_RAW_MAX_BYTES unpacked; kind, lengths and checksum are
 *           checked before memory is taken.
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_FRAME_H
#define FUSEBOX_BLOCK_FRAME_H

#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

enum { FRAME_HEADER_BYTES = 12 };

enum frame_kind { FRAME_PAIRS = 1, FRAME_SERIES = 2, FRAME_POSTINGS = 3, FRAME_DIRECTORY = 4 };

struct frame_packer {
    struct ZSTD_CCtx_s *zstd; /* NULL: bytes stand as they are */
    int level;
};

/* Appends to `out` the frame that will stand at `offset`. ERR_NOMEM, ERR_LIMIT. */
enum err frame_pack(const struct frame_packer *packer, enum frame_kind kind, uint64_t offset,
                    struct str raw, struct buf *out) MUST_CHECK;

/* Replaces `out` by what the frame holds. ERR_CORRUPT, ERR_NOMEM. */
enum err frame_unpack(struct ZSTD_DCtx_s *zstd, enum frame_kind kind, uint64_t offset,
                      struct str bytes, struct buf *out, struct diag *diag) MUST_CHECK;

/* The same for a frame that is stored as it is: the result points into `bytes`. */
enum err frame_stored(enum frame_kind kind, uint64_t offset, struct str bytes, struct str *ret,
                      struct diag *diag) MUST_CHECK;

#endif
