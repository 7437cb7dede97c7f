#include "page/compress.h"

#include <zstd.h>

enum {
    CUT_MAX_BYTES = 16, /* what ending a block may cost beside its data */
    LOWEST_MATCH_MIN_BYTES = 7,
    LOWEST_HASH_BITS = 9,
};

enum err compressor_init(struct compressor *c)
{
    c->zstd = ZSTD_createCCtx();
    return c->zstd ? ERR_OK : ERR_NOMEM;
}

void compressor_release(struct compressor *c)
{
    ZSTD_freeCCtx(c->zstd);
    c->zstd = NULL;
}

static bool set(struct compressor *c, ZSTD_cParameter parameter, int value)
{
    return !ZSTD_isError(ZSTD_CCtx_setParameter(c->zstd, parameter, value));
}

/* What repeats by chance costs more as a repetition than as bytes, so the lowest level is made to
 * overlook the short ones. */
static bool begin_frame(struct compressor *c, int level, size_t raw_len)
{
    bool is_set = !ZSTD_isError(ZSTD_CCtx_reset(c->zstd, ZSTD_reset_session_and_parameters)) &&
                  set(c, ZSTD_c_compressionLevel, level) &&
                  !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(c->zstd, raw_len));

    if (level == COMPRESS_LEVEL_LOWEST)
        is_set = is_set && set(c, ZSTD_c_minMatch, LOWEST_MATCH_MIN_BYTES) &&
                 set(c, ZSTD_c_hashLog, LOWEST_HASH_BITS);
    return is_set;
}

/* There is room for all that comes out, so a call that leaves anything has failed. */
static bool end_block(struct compressor *c, struct str raw, size_t from, size_t to,
                      ZSTD_outBuffer *out)
{
    ZSTD_EndDirective how = to == raw.len ? ZSTD_e_end : ZSTD_e_flush;
    ZSTD_inBuffer in = { raw.ptr + from, to - from, 0 };

    return ZSTD_compressStream2(c->zstd, out, &in, how) == 0;
}

enum err compress(struct compressor *c, int level, struct str raw, const size_t *ends,
                  size_t end_count, struct buf *out)
{
    size_t room = ZSTD_compressBound(raw.len) + end_count * CUT_MAX_BYTES;
    ZSTD_outBuffer frame = { 0 };
    size_t from = 0;

    if (!buf_reserve(out, room))
        return buf_error(out);
    frame = (ZSTD_outBuffer){ out->data + out->len, room, 0 };
    if (!begin_frame(c, level, raw.len))
        return ERR_NOMEM;
    for (size_t i = 0; i < end_count; i++) {
        if (!end_block(c, raw, from, ends[i], &frame))
            return ERR_NOMEM;
        from = ends[i];
    }
    out->len += frame.pos;
    return ERR_OK;
}

enum err decompressor_init(struct decompressor *d)
{
    d->zstd = ZSTD_createDCtx();
    return d->zstd ? ERR_OK : ERR_NOMEM;
}

void decompressor_release(struct decompressor *d)
{
    ZSTD_freeDCtx(d->zstd);
    d->zstd = NULL;
}

size_t decompressor_bytes(const struct decompressor *d)
{
    return d->zstd ? ZSTD_sizeof_DCtx(d->zstd) : 0;
}

bool decompress(const struct decompressor *d, struct str packed, uint8_t *raw, size_t raw_len)
{
    size_t len = ZSTD_decompressDCtx(d->zstd, raw, raw_len, packed.ptr, packed.len);

    return !ZSTD_isError(len) && len == raw_len;
}
