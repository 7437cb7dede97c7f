/*
 * Little endian.
 *
 *   0  u8   version, 1
 *   1  u8   flags: 2 = the rest is one zstd frame
 *   2  u16  0
 *   4  u32  length of the text
 *   8  u32  CRC-32C of the columns seq, count, id_count, received_ms, min_ms, max_ms (as
 *           i64 each), of bytes 0..7, and of the rest as stored
 *  12  the rest: the text
 */
#include "tsdb/event_row.h"

#include <zstd.h>

#include "base/crc32c.h"
#include "page/bytes.h"

enum {
    VERSION = 1,
    FLAG_COMPRESSED = 2,
    ZSTD_LEVEL = 1,
    TEXT_LEN_AT = 4,
    CRC_AT = 8,
    COLUMNS = 6,
};

static uint32_t checksum_of(const struct tsdb_events *row, const uint8_t *header, struct str rest)
{
    const int64_t columns[COLUMNS] = { row->first_seq,   row->count,  row->id_count,
                                       row->received_ms, row->min_ms, row->max_ms };
    uint8_t bytes[COLUMNS * 8];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((uint64_t)columns[i / 8] >> 8 * (i % 8));
    return crc32c(crc32c(crc32c(0, bytes, sizeof bytes), header, CRC_AT), rest.ptr, rest.len);
}

/* --- packing --- */

enum err event_packer_init(struct event_packer *p)
{
    *p = (struct event_packer){
        .packed = buf_limited(EVENT_ROW_HEADER_BYTES +
                              ZSTD_COMPRESSBOUND((size_t)EVENT_TEXT_MAX_BYTES)),
        .compressor = ZSTD_createCCtx(),
    };
    return p->compressor ? ERR_OK : ERR_NOMEM;
}

void event_packer_release(struct event_packer *p)
{
    buf_release(&p->packed);
    ZSTD_freeCCtx(p->compressor);
    *p = (struct event_packer){ 0 };
}

/* Compressed where that is smaller. Returns the length. */
static size_t pack_text(struct event_packer *p, struct str text, uint8_t *out, uint8_t *flags)
{
    size_t len = ZSTD_compressCCtx(p->compressor, out, ZSTD_compressBound(text.len), text.ptr,
                                   text.len, ZSTD_LEVEL);

    if (!ZSTD_isError(len) && len < text.len) {
        *flags = FLAG_COMPRESSED;
        return len;
    }
    memcpy(out, text.ptr, text.len);
    return text.len;
}

enum err event_row_pack(struct event_packer *p, const struct tsdb_events *row, struct str *ret_body)
{
    uint8_t *header, flags = 0;
    struct str rest;

    if (row->text.len == 0 || row->text.len > EVENT_TEXT_MAX_BYTES)
        return ERR_LIMIT;
    buf_clear(&p->packed);
    if (!buf_reserve(&p->packed, EVENT_ROW_HEADER_BYTES + ZSTD_compressBound(row->text.len)))
        return buf_error(&p->packed);
    header = (uint8_t *)p->packed.data;
    rest.ptr = p->packed.data + EVENT_ROW_HEADER_BYTES;
    rest.len = pack_text(p, row->text, header + EVENT_ROW_HEADER_BYTES, &flags);
    memcpy(header, (const uint8_t[]){ VERSION, flags, 0, 0 }, TEXT_LEN_AT);
    bytes_put_u32(header + TEXT_LEN_AT, (uint32_t)row->text.len);
    bytes_put_u32(header + CRC_AT, checksum_of(row, header, rest));
    p->packed.len = EVENT_ROW_HEADER_BYTES + rest.len;
    *ret_body = buf_str(&p->packed);
    return ERR_OK;
}

/* --- unpacking --- */

enum err event_unpacker_init(struct event_unpacker *u)
{
    *u = (struct event_unpacker){ .text = buf_limited(EVENT_TEXT_MAX_BYTES),
                                  .decompressor = ZSTD_createDCtx() };
    return u->decompressor ? ERR_OK : ERR_NOMEM;
}

void event_unpacker_release(struct event_unpacker *u)
{
    buf_release(&u->text);
    ZSTD_freeDCtx(u->decompressor);
    *u = (struct event_unpacker){ 0 };
}

/* Everything that can be known before memory is taken. */
static enum err check_header(struct str body, struct str rest, const struct tsdb_events *row,
                             struct diag *diag)
{
    const uint8_t *in = (const uint8_t *)body.ptr;
    uint32_t crc = checksum_of(row, in, rest), text_len = bytes_get_u32(in + TEXT_LEN_AT);

    if (crc != bytes_get_u32(in + CRC_AT))
        return diag_set(diag, ERR_CORRUPT, "checksum is %08x, should be %08x", crc,
                        bytes_get_u32(in + CRC_AT));
    if (in[0] > VERSION)
        return diag_set(diag, ERR_CONFLICT, "row version %u, ours is %d", in[0], VERSION);
    if (in[0] != VERSION || in[1] & ~FLAG_COMPRESSED || in[2] || in[3])
        return diag_set(diag, ERR_CORRUPT, "unknown version or flags");
    if (text_len == 0 || text_len > EVENT_TEXT_MAX_BYTES)
        return diag_set(diag, ERR_CORRUPT, "a text of %u bytes cannot be", text_len);
    if (in[1] ? ZSTD_getFrameContentSize(rest.ptr, rest.len) != text_len : rest.len != text_len)
        return diag_set(diag, ERR_CORRUPT, "the size does not match the header");
    return ERR_OK;
}

enum err event_row_unpack(struct event_unpacker *u, struct str body, struct tsdb_events *row,
                          struct diag *diag)
{
    const uint8_t *in = (const uint8_t *)body.ptr;
    struct str rest = { body.ptr + EVENT_ROW_HEADER_BYTES, body.len - EVENT_ROW_HEADER_BYTES };
    size_t text_len;
    enum err err;

    if (body.len < EVENT_ROW_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "only %zu bytes", body.len);
    err = check_header(body, rest, row, diag);
    if (err)
        return err;
    text_len = bytes_get_u32(in + TEXT_LEN_AT);
    buf_clear(&u->text);
    if (!buf_reserve(&u->text, text_len))
        return buf_error(&u->text);
    if (!in[1])
        memcpy(u->text.data, rest.ptr, text_len);
    else if (ZSTD_decompressDCtx(u->decompressor, u->text.data, text_len, rest.ptr, rest.len) !=
             text_len)
        return diag_set(diag, ERR_CORRUPT, "the compressed bytes are damaged");
    u->text.len = text_len;
    row->text = buf_str(&u->text);
    return ERR_OK;
}
