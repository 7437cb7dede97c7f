/*
 * Little endian.
 *
 *   header     0  "FBXBLOCK"
 *              8  u32  version
 *             12  u32  CRC-32C of bytes 0..11
 *
 *   footer     0  i64  least time           8  i64  greatest time
 *             16  u64  series              24  u64  samples
 *             32  u64  label pairs         40  u64  columns of times
 *             48  u64  offset of pairs     56  u64  offset of series
 *             64  u64  offset of postings  72  u64  offset of the directory
 *             80  u64  bytes of postings   88  u64  bytes of the file
 *             96  "FBXBLOCK"
 *            104  u32  0                  108  u32  CRC-32C of bytes 0..107
 */
#include "block/layout.h"

#include <string.h>

#include "base/crc32c.h"
#include "page/bytes.h"

enum {
    MAGIC_BYTES = 8,
    VERSION_AT = 8,
    HEADER_CRC_AT = 12,
    FOOTER_MAGIC_AT = 96,
    FOOTER_CRC_AT = 108,
};

static const char magic[MAGIC_BYTES] = { 'F', 'B', 'X', 'B', 'L', 'O', 'C', 'K' };

void layout_put_header(uint8_t out[BLOCK_HEADER_BYTES])
{
    memcpy(out, magic, MAGIC_BYTES);
    bytes_put_u32(out + VERSION_AT, BLOCK_VERSION);
    bytes_put_u32(out + HEADER_CRC_AT, crc32c(0, out, HEADER_CRC_AT));
}

enum err layout_check_header(const uint8_t in[BLOCK_HEADER_BYTES], struct diag *diag)
{
    uint32_t version = bytes_get_u32(in + VERSION_AT);

    if (memcmp(in, magic, MAGIC_BYTES) != 0)
        return diag_set(diag, ERR_CORRUPT, "this is not a block");
    if (bytes_get_u32(in + HEADER_CRC_AT) != crc32c(0, in, HEADER_CRC_AT))
        return diag_set(diag, ERR_CORRUPT, "the checksum of the header is wrong");
    if (version > BLOCK_VERSION)
        return diag_set(diag, ERR_CONFLICT, "its format is version %u, this program knows up to %d",
                        version, BLOCK_VERSION);
    if (version < BLOCK_VERSION)
        return diag_set(diag, ERR_CORRUPT, "there is no format of version %u", version);
    return ERR_OK;
}

void layout_put_footer(const struct layout *l, uint8_t out[BLOCK_FOOTER_BYTES])
{
    const uint64_t words[] = {
        (uint64_t)l->min_ts_ms, (uint64_t)l->max_ts_ms, l->series_count,   l->sample_count,
        l->pair_count,          l->column_count,        l->pairs_at,       l->series_at,
        l->postings_at,         l->directory_at,        l->postings_bytes, l->file_bytes,
    };

    memset(out, 0, BLOCK_FOOTER_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        bytes_put_u64(out + 8 * i, words[i]);
    memcpy(out + FOOTER_MAGIC_AT, magic, MAGIC_BYTES);
    bytes_put_u32(out + FOOTER_CRC_AT, crc32c(0, out, FOOTER_CRC_AT));
}

/* Sections follow each other and are not empty; counts are what their bytes can hold. */
static bool is_possible(const struct layout *l)
{
    uint64_t end = l->file_bytes - BLOCK_FOOTER_BYTES;
    uint64_t series_bytes;

    if (l->pairs_at <= BLOCK_HEADER_BYTES || l->series_at <= l->pairs_at ||
        l->postings_at <= l->series_at || l->directory_at < l->postings_at ||
        end <= l->directory_at)
        return false;
    series_bytes = l->postings_at - l->series_at;
    return l->series_count > 0 && l->series_count <= UINT32_MAX &&
           l->series_count / BLOCK_SERIES_PER_PAGE <= series_bytes &&
           l->sample_count >= l->series_count && l->pair_count > 0 && l->pair_count <= UINT32_MAX &&
           l->column_count > 0 && l->column_count <= UINT32_MAX && l->min_ts_ms <= l->max_ts_ms;
}

enum err layout_get_footer(const uint8_t in[BLOCK_FOOTER_BYTES], uint64_t file_bytes,
                           struct layout *ret, struct diag *diag)
{
    struct layout l = {
        .min_ts_ms = (int64_t)bytes_get_u64(in),
        .max_ts_ms = (int64_t)bytes_get_u64(in + 8),
        .series_count = bytes_get_u64(in + 16),
        .sample_count = bytes_get_u64(in + 24),
        .pair_count = bytes_get_u64(in + 32),
        .column_count = bytes_get_u64(in + 40),
        .pairs_at = bytes_get_u64(in + 48),
        .series_at = bytes_get_u64(in + 56),
        .postings_at = bytes_get_u64(in + 64),
        .directory_at = bytes_get_u64(in + 72),
        .postings_bytes = bytes_get_u64(in + 80),
        .file_bytes = bytes_get_u64(in + 88),
    };

    if (memcmp(in + FOOTER_MAGIC_AT, magic, MAGIC_BYTES) != 0)
        return diag_set(diag, ERR_CORRUPT, "there is no footer at its end");
    if (bytes_get_u32(in + FOOTER_CRC_AT) != crc32c(0, in, FOOTER_CRC_AT))
        return diag_set(diag, ERR_CORRUPT, "the checksum of the footer is wrong");
    if (l.file_bytes != file_bytes || !is_possible(&l))
        return diag_set(diag, ERR_CORRUPT, "the footer describes another file");
    *ret = l;
    return ERR_OK;
}
