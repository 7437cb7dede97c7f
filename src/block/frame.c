/*
 *   0  u8   kind
 *   1  u8   1: the rest is one zstd frame that declares its size; 0: it stands as it is
 *   2  u16  0
 *   4  u32  length of the rest unpacked
 *   8  u32  CRC-32C of the frame's offset in the file (u64), bytes 0..7, the rest as stored
 *  12  the rest
 */
#include "block/frame.h"

#include <string.h>
#include <zstd.h>

#include "base/crc32c.h"
#include "block/layout.h"
#include "page/bytes.h"

enum { KIND_AT = 0, PACKED_AT = 1, RAW_LEN_AT = 4, CRC_AT = 8 };

static uint32_t checksum(const uint8_t *frame, size_t len, uint64_t offset)
{
    uint8_t place[8];
    uint32_t crc;

    bytes_put_u64(place, offset);
    crc = crc32c(0, place, sizeof place);
    crc = crc32c(crc, frame, CRC_AT);
    return crc32c(crc, frame + FRAME_HEADER_BYTES, len - FRAME_HEADER_BYTES);
}

/* Puts the body behind the header and answers its length; 0: zstd has nothing smaller. */
static size_t pack_body(const struct frame_packer *packer, struct str raw, uint8_t *body)
{
    size_t len;

    if (!packer->zstd)
        return 0;
    len = ZSTD_compressCCtx(packer->zstd, body, ZSTD_compressBound(raw.len), raw.ptr, raw.len,
                            packer->level);
    return ZSTD_isError(len) || len >= raw.len ? 0 : len;
}

enum err frame_pack(const struct frame_packer *packer, enum frame_kind kind, uint64_t offset,
                    struct str raw, struct buf *out)
{
    uint8_t *frame;
    size_t len;

    if (raw.len > UINT32_MAX)
        return ERR_LIMIT;
    if (!buf_reserve(out, FRAME_HEADER_BYTES + ZSTD_compressBound(raw.len)))
        return buf_error(out);
    frame = (uint8_t *)out->data + out->len;
    memset(frame, 0, FRAME_HEADER_BYTES);
    len = pack_body(packer, raw, frame + FRAME_HEADER_BYTES);
    frame[KIND_AT] = (uint8_t)kind;
    frame[PACKED_AT] = len > 0;
    bytes_put_u32(frame + RAW_LEN_AT, (uint32_t)raw.len);
    if (!len && raw.len)
        memcpy(frame + FRAME_HEADER_BYTES, raw.ptr, raw.len);
    len = FRAME_HEADER_BYTES + (len ? len : raw.len);
    bytes_put_u32(frame + CRC_AT, checksum(frame, len, offset));
    out->len += len;
    return ERR_OK;
}

static enum err check(enum frame_kind kind, uint64_t offset, struct str bytes, struct diag *diag)
{
    const uint8_t *frame = (const uint8_t *)bytes.ptr;

    if (bytes.len < FRAME_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "a frame is too short");
    if (bytes_get_u32(frame + CRC_AT) != checksum(frame, bytes.len, offset))
        return diag_set(diag, ERR_CORRUPT, "the checksum of a frame of the index is wrong");
    if (frame[KIND_AT] != kind || frame[PACKED_AT] > 1 || frame[2] || frame[3])
        return diag_set(diag, ERR_CORRUPT, "a frame of another kind stands there");
    if (!frame[PACKED_AT] && bytes_get_u32(frame + RAW_LEN_AT) != bytes.len - FRAME_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "the length of a frame is wrong");
    return ERR_OK;
}

static struct str body_of(struct str bytes)
{
    return (struct str){ bytes.ptr + FRAME_HEADER_BYTES, bytes.len - FRAME_HEADER_BYTES };
}

enum err frame_stored(enum frame_kind kind, uint64_t offset, struct str bytes, struct str *ret,
                      struct diag *diag)
{
    enum err err = check(kind, offset, bytes, diag);

    if (err)
        return err;
    if (bytes.ptr[PACKED_AT])
        return diag_set(diag, ERR_CORRUPT, "a frame is compressed that must not be");
    *ret = body_of(bytes);
    return ERR_OK;
}

static enum err unpack_body(struct ZSTD_DCtx_s *zstd, struct str body, size_t raw_len,
                            struct buf *out, struct diag *diag)
{
    if (raw_len > BLOCK_FRAME_RAW_MAX_BYTES ||
        ZSTD_getFrameContentSize(body.ptr, body.len) != raw_len)
        return diag_set(diag, ERR_CORRUPT, "the length of a compressed frame is wrong");
    if (!buf_reserve(out, raw_len))
        return diag_set(diag, ERR_NOMEM, "no memory for a frame");
    if (ZSTD_decompressDCtx(zstd, out->data, raw_len, body.ptr, body.len) != raw_len)
        return diag_set(diag, ERR_CORRUPT, "a frame does not unpack");
    out->len = raw_len;
    return ERR_OK;
}

enum err frame_unpack(struct ZSTD_DCtx_s *zstd, enum frame_kind kind, uint64_t offset,
                      struct str bytes, struct buf *out, struct diag *diag)
{
    enum err err = check(kind, offset, bytes, diag);

    if (err)
        return err;
    buf_clear(out);
    if (bytes.ptr[PACKED_AT])
        return unpack_body(zstd, body_of(bytes),
                           bytes_get_u32((const uint8_t *)bytes.ptr + RAW_LEN_AT), out, diag);
    buf_append_str(out, body_of(bytes));
    return buf_error(out) ? diag_set(diag, buf_error(out), "no memory for a frame") : ERR_OK;
}
