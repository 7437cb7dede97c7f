/*
 * Little endian. A varint is LEB128 (7 bits a byte, low end first); zz() is
 * zig-zag: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...
 *
 *   0  u8   version, 1
 *   1  u8   flags: 1 = all times are equal, 2 = the rest is one zstd frame
 *   2  u16  0
 *   4  u32  number of samples
 *   8  u32  length of the rest before compression
 *  12  u32  CRC-32C of bytes 0..11 and of the rest as stored
 *  16  the rest:
 *      varint zz(received_ms), varint zz(first time)
 *      per sample: varint zz(reference - the one before, 0 before the first)
 *      unless flag 1, per sample but the first: varint zz(time - the one before)
 *      8 planes of `number` bytes: the lowest byte of each value's bits, ...
 */
#include "tsdb/row.h"

#include <zstd.h>

#include "base/crc32c.h"
#include "base/size.h"
#include "page/bytes.h"

enum {
    FLAG_EQUAL_TIMES = 1,
    FLAG_COMPRESSED = 2,
    FLAGS_KNOWN = FLAG_EQUAL_TIMES | FLAG_COMPRESSED,
    ZSTD_LEVEL = 1, /* higher levels cost more CPU than the whole commit and save little */
    SAMPLE_RAW_MIN_BYTES = 1 + 8,
    SAMPLE_RAW_MAX_BYTES = 5 + 10 + 8,
    RAW_HEAD_MAX_BYTES = 20,
    COUNT_AT = 4,
    RAW_LEN_AT = 8,
    CRC_AT = 12,
};

enum err row_codec_init(struct row_codec *codec)
{
    *codec = (struct row_codec){
        .raw = buf_limited(ROW_RAW_MAX_BYTES),
        .packed = buf_limited(ROW_HEADER_BYTES + ZSTD_COMPRESSBOUND((size_t)ROW_RAW_MAX_BYTES)),
        .compressor = ZSTD_createCCtx(),
        .decompressor = ZSTD_createDCtx(),
    };
    if (codec->compressor && codec->decompressor)
        return ERR_OK;
    row_codec_release(codec);
    return ERR_NOMEM;
}

void row_codec_release(struct row_codec *codec)
{
    buf_release(&codec->raw);
    buf_release(&codec->packed);
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    *codec = (struct row_codec){ 0 };
}

static uint8_t *put_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static bool times_are_equal(const struct series_sample *items, size_t count)
{
    size_t i = 1;

    while (i < count && items[i].ts_ms == items[0].ts_ms)
        i++;
    return i >= count;
}

static uint8_t *put_values(uint8_t *out, const struct series_sample *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = sample_bits(items[i].value);

        for (size_t plane = 0; plane < 8; plane++)
            out[plane * count + i] = (uint8_t)(bits >> 8 * plane);
    }
    return out + 8 * count;
}

static size_t put_columns(uint8_t *start, const struct series_sample *items, size_t count,
                          int64_t received_ms, bool equal_times)
{
    uint8_t *out = put_varint(start, bytes_zigzag((uint64_t)received_ms));
    uint64_t before = 0;

    out = put_varint(out, bytes_zigzag(count ? (uint64_t)items[0].ts_ms : 0));
    for (size_t i = 0; i < count; i++) {
        out = put_varint(out, bytes_zigzag(items[i].series - before));
        before = items[i].series;
    }
    for (size_t i = 1; i < count && !equal_times; i++)
        out = put_varint(out,
                         bytes_zigzag((uint64_t)items[i].ts_ms - (uint64_t)items[i - 1].ts_ms));
    out = put_values(out, items, count);
    return (size_t)(out - start);
}

/* The rest behind the header: compressed where that is smaller. Returns its length. */
static size_t pack(struct row_codec *codec, uint8_t *out, uint8_t *flags)
{
    size_t len = ZSTD_compressCCtx(codec->compressor, out, ZSTD_compressBound(codec->raw.len),
                                   codec->raw.data, codec->raw.len, ZSTD_LEVEL);

    if (!ZSTD_isError(len) && len < codec->raw.len) {
        *flags |= FLAG_COMPRESSED;
        return len;
    }
    memcpy(out, codec->raw.data, codec->raw.len);
    return codec->raw.len;
}

enum err row_encode(struct row_codec *codec, const struct series_sample *items, size_t count,
                    int64_t received_ms, struct str *ret_bytes)
{
    bool equal_times = times_are_equal(items, count);
    uint8_t flags = equal_times ? FLAG_EQUAL_TIMES : 0;
    uint8_t *header;

    if (count > ROW_SAMPLES_MAX)
        return ERR_LIMIT;
    buf_clear(&codec->raw);
    if (!buf_reserve(&codec->raw, RAW_HEAD_MAX_BYTES + count * SAMPLE_RAW_MAX_BYTES))
        return buf_error(&codec->raw);
    codec->raw.len = put_columns((uint8_t *)codec->raw.data, items, count, received_ms,
                                 equal_times);
    buf_clear(&codec->packed);
    if (!buf_reserve(&codec->packed, ROW_HEADER_BYTES + ZSTD_compressBound(codec->raw.len)))
        return buf_error(&codec->packed);
    header = (uint8_t *)codec->packed.data;
    codec->packed.len = ROW_HEADER_BYTES + pack(codec, header + ROW_HEADER_BYTES, &flags);
    memcpy(header, (const uint8_t[]){ ROW_VERSION, flags, 0, 0 }, COUNT_AT);
    bytes_put_u32(header + COUNT_AT, (uint32_t)count);
    bytes_put_u32(header + RAW_LEN_AT, (uint32_t)codec->raw.len);
    bytes_put_u32(header + CRC_AT, crc32c(crc32c(0, header, CRC_AT), header + ROW_HEADER_BYTES,
                                          codec->packed.len - ROW_HEADER_BYTES));
    *ret_bytes = buf_str(&codec->packed);
    return ERR_OK;
}

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static uint64_t take_varint(struct cursor *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;

        if (shift == 63 && byte > 1)
            break; /* more than 64 bits */
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->failed = true;
    return 0;
}

static bool take_columns(struct cursor *in, struct sample_batch *batch, bool equal_times)
{
    uint64_t ts;
    uint64_t ref = 0;

    batch->received_ms = (int64_t)bytes_unzigzag(take_varint(in));
    ts = bytes_unzigzag(take_varint(in));
    for (size_t i = 0; i < batch->count && !in->failed; i++) {
        ref += bytes_unzigzag(take_varint(in));
        if (ref == 0 || ref > UINT32_MAX)
            return false;
        batch->items[i].series = (uint32_t)ref;
    }
    for (size_t i = 0; i < batch->count && !in->failed; i++) {
        if (i && !equal_times)
            ts += bytes_unzigzag(take_varint(in));
        batch->items[i].ts_ms = (int64_t)ts;
    }
    if (in->failed || (size_t)(in->end - in->at) != 8 * batch->count)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t bits = 0;

        for (size_t plane = 0; plane < 8; plane++)
            bits |= (uint64_t)in->at[plane * batch->count + i] << 8 * plane;
        batch->items[i].value = sample_from_bits(bits);
    }
    return true;
}

/* Everything that can be known before memory is taken. */
static enum err check_header(struct str bytes, struct diag *diag)
{
    const uint8_t *in = (const uint8_t *)bytes.ptr;
    uint32_t count, raw_len, crc;

    if (bytes.len < ROW_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "only %zu bytes", bytes.len);
    crc = crc32c(crc32c(0, in, CRC_AT), in + ROW_HEADER_BYTES, bytes.len - ROW_HEADER_BYTES);
    if (crc != bytes_get_u32(in + CRC_AT))
        return diag_set(diag, ERR_CORRUPT, "checksum is %08x, should be %08x", crc,
                        bytes_get_u32(in + CRC_AT));
    if (in[0] > ROW_VERSION)
        return diag_set(diag, ERR_CONFLICT, "row version %u, ours is %d", in[0], ROW_VERSION);
    count = bytes_get_u32(in + COUNT_AT);
    raw_len = bytes_get_u32(in + RAW_LEN_AT);
    if (in[0] != ROW_VERSION || in[1] & ~FLAGS_KNOWN || in[2] || in[3])
        return diag_set(diag, ERR_CORRUPT, "unknown version or flags");
    if (count > ROW_SAMPLES_MAX || raw_len > ROW_RAW_MAX_BYTES ||
        raw_len / SAMPLE_RAW_MIN_BYTES < count)
        return diag_set(diag, ERR_CORRUPT, "%u samples in %u bytes cannot be", count, raw_len);
    return ERR_OK;
}

/* The rest behind the header as it was before compression. */
static enum err unpack(struct row_codec *codec, struct str rest, uint32_t raw_len, bool compressed,
                       struct diag *diag)
{
    size_t len;

    buf_clear(&codec->raw);
    if (!compressed && rest.len != raw_len)
        return diag_set(diag, ERR_CORRUPT, "%zu bytes instead of %u", rest.len, raw_len);
    if (compressed && ZSTD_getFrameContentSize(rest.ptr, rest.len) != raw_len)
        return diag_set(diag, ERR_CORRUPT, "the compressed size does not match the header");
    if (!buf_reserve(&codec->raw, raw_len))
        return buf_error(&codec->raw);
    if (!compressed) {
        buf_append_str(&codec->raw, rest);
        return buf_error(&codec->raw);
    }
    len = ZSTD_decompressDCtx(codec->decompressor, codec->raw.data, raw_len, rest.ptr, rest.len);
    if (ZSTD_isError(len) || len != raw_len)
        return diag_set(diag, ERR_CORRUPT, "the compressed bytes are damaged");
    codec->raw.len = len;
    return ERR_OK;
}

enum err row_decode(struct row_codec *codec, struct str bytes, struct sample_batch **ret,
                    struct diag *diag)
{
    const uint8_t *in = (const uint8_t *)bytes.ptr;
    enum err err = check_header(bytes, diag);
    struct str rest = { bytes.ptr + ROW_HEADER_BYTES, bytes.len - ROW_HEADER_BYTES };
    struct sample_batch *batch;
    struct cursor cursor;

    if (!err)
        err = unpack(codec, rest, bytes_get_u32(in + RAW_LEN_AT), in[1] & FLAG_COMPRESSED, diag);
    if (err)
        return err;
    batch = sample_batch_new(bytes_get_u32(in + COUNT_AT));
    if (!batch)
        return ERR_NOMEM;
    batch->count = batch->capacity_count;
    cursor = (struct cursor){ .at = (const uint8_t *)codec->raw.data };
    cursor.end = cursor.at + codec->raw.len;
    if (!take_columns(&cursor, batch, in[1] & FLAG_EQUAL_TIMES)) {
        sample_batch_free(batch);
        return diag_set(diag, ERR_CORRUPT, "the columns do not fit together");
    }
    *ret = batch;
    return ERR_OK;
}
