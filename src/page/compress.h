/*
 * Compression of a page: one zstd frame whose blocks end where we say, so that
 * bytes of one distribution have a table of codes of their own.
 *
 *   compressor_init -> { compress }* -> compressor_release
 *   decompressor_init -> { decompress }* -> decompressor_release
 *
 * Threads   Single owner.
 * Memory    zstd's contexts, some hundred KiB each.
 */
#ifndef FUSEBOX_PAGE_COMPRESS_H
#define FUSEBOX_PAGE_COMPRESS_H

#include "base/attr.h"
#include "base/buf.h"

enum { COMPRESS_LEVEL_LOWEST = 1 };

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

struct compressor {
    struct ZSTD_CCtx_s *zstd;
};

struct decompressor {
    struct ZSTD_DCtx_s *zstd;
};

enum err compressor_init(struct compressor *c) MUST_CHECK; /* ERR_NOMEM */
void compressor_release(struct compressor *c);             /* all-zero is allowed */

/*
 * Appends the frame of `raw` to `out`, cut behind each of the rising offsets
 * `ends`, the last of which is raw.len. ERR_NOMEM, ERR_LIMIT; out->len is as it was then.
 */
enum err compress(struct compressor *c, int level, struct str raw, const size_t *ends,
                  size_t end_count, struct buf *out) MUST_CHECK;

enum err decompressor_init(struct decompressor *d) MUST_CHECK; /* ERR_NOMEM */
void decompressor_release(struct decompressor *d);             /* all-zero is allowed */
size_t decompressor_bytes(const struct decompressor *d);

/* False: the bytes are not one frame of exactly raw_len bytes. */
bool decompress(const struct decompressor *d, struct str packed, uint8_t *raw,
                size_t raw_len) MUST_CHECK;

#endif
