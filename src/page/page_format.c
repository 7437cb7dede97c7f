/*
 *   0  'F' 'P'   magic
 *   2  u8        version, 1
 *   3  u8        kind: 1 values, 2 times; | 0x80 the body is compressed
 *   4  u32       number of columns, 1 .. PAGE_COLUMNS_MAX
 *   8  u32       length of the raw body, at most PAGE_RAW_MAX_BYTES
 *  12  u32       of which meta
 *  16  u32       number of samples in all columns
 *  20  u32       CRC-32C of bytes 0..19 and of the body as stored
 *  24  the body: one zstd frame, or the raw bytes
 */
#include "page/page_format.h"

#include "base/crc32c.h"
#include "page/bytes.h"

enum {
    KIND_COMPRESSED = 0x80,
    COLUMNS_AT = 4,
    RAW_LEN_AT = 8,
    META_LEN_AT = 12,
    SAMPLES_AT = 16,
    CRC_AT = 20,
};

static uint32_t checksum(const uint8_t *page, size_t page_len)
{
    return crc32c(crc32c(0, page, CRC_AT), page + PAGE_HEADER_BYTES, page_len - PAGE_HEADER_BYTES);
}

void page_header_put(const struct page_header *h, uint8_t *page, size_t page_len)
{
    page[0] = 'F';
    page[1] = 'P';
    page[2] = PAGE_VERSION;
    page[3] = (uint8_t)((unsigned)h->kind | (h->is_compressed ? KIND_COMPRESSED : 0u));
    bytes_put_u32(page + COLUMNS_AT, h->column_count);
    bytes_put_u32(page + RAW_LEN_AT, h->raw_len);
    bytes_put_u32(page + META_LEN_AT, h->meta_len);
    bytes_put_u32(page + SAMPLES_AT, h->sample_count);
    bytes_put_u32(page + CRC_AT, checksum(page, page_len));
}

static bool lengths_are_good(const struct page_header *h, size_t body_len)
{
    return h->column_count >= 1 && h->column_count <= PAGE_COLUMNS_MAX &&
           h->sample_count <= PAGE_SAMPLES_MAX && h->raw_len <= PAGE_RAW_MAX_BYTES &&
           h->meta_len <= h->raw_len && (h->is_compressed || h->raw_len == body_len);
}

static bool magic_is_good(const uint8_t *page)
{
    return page[0] == 'F' && page[1] == 'P';
}

enum err page_header_take(struct str bytes, enum page_kind kind, struct page_header *ret,
                          struct diag *diag)
{
    const uint8_t *page = (const uint8_t *)bytes.ptr;
    struct page_header h = { .kind = kind };

    if (bytes.len < PAGE_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "a page of %zu bytes has no header", bytes.len);
    if (!magic_is_good(page))
        return diag_set(diag, ERR_CORRUPT, "no page begins here");
    if (bytes_get_u32(page + CRC_AT) != checksum(page, bytes.len))
        return diag_set(diag, ERR_CORRUPT, "the checksum of the page is wrong");
    if (page[2] != PAGE_VERSION)
        return diag_set(diag, ERR_CORRUPT, "the page has version %d", page[2]);
    if ((page[3] & ~KIND_COMPRESSED) != (int)kind)
        return diag_set(diag, ERR_CORRUPT, "the page is of another kind");
    h.is_compressed = page[3] & KIND_COMPRESSED;
    h.column_count = bytes_get_u32(page + COLUMNS_AT);
    h.raw_len = bytes_get_u32(page + RAW_LEN_AT);
    h.meta_len = bytes_get_u32(page + META_LEN_AT);
    h.sample_count = bytes_get_u32(page + SAMPLES_AT);
    if (!lengths_are_good(&h, bytes.len - PAGE_HEADER_BYTES))
        return diag_set(diag, ERR_CORRUPT, "the lengths of the page are wrong");
    *ret = h;
    return ERR_OK;
}
