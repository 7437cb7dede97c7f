/*
 *   0  'F' 'P'   magic
 *   2  u8        version, 1
 *   3  u8        kind: 1 values, 2 times; | 0x80 the body is compressed
 *   4  u16       number of columns
 *   6  u16       0
 *   8  u32       length of the raw body, at most PAGE_RAW_MAX_BYTES
 *  12  u32       of which meta
 *  16  u32       number of samples in all columns
 *  20  u32       CRC-32C of bytes 0..19 and of the body as stored
 *  24  the body: one zstd frame, or the raw bytes
 */
#include "block/page_format.h"

#include "base/crc32c.h"

enum {
    KIND_COMPRESSED = 0x80,
    COLUMNS_AT = 4,
    ZERO_AT = 6,
    RAW_LEN_AT = 8,
    META_LEN_AT = 12,
    SAMPLES_AT = 16,
    CRC_AT = 20,
};

static void put_u32(char *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (char)(value >> 8 * i);
}

static uint32_t get_u16(const char *in)
{
    return (uint8_t)in[0] | (uint32_t)(uint8_t)in[1] << 8;
}

static uint32_t get_u32(const char *in)
{
    return get_u16(in) | get_u16(in + 2) << 16;
}

static uint32_t checksum(const char *page, size_t page_len)
{
    return crc32c(crc32c(0, page, CRC_AT), page + PAGE_HEADER_BYTES, page_len - PAGE_HEADER_BYTES);
}

void page_header_put(const struct page_header *h, char *page, size_t page_len)
{
    page[0] = 'F';
    page[1] = 'P';
    page[2] = PAGE_VERSION;
    page[3] = (char)((int)h->kind | (h->is_compressed ? KIND_COMPRESSED : 0));
    put_u32(page + COLUMNS_AT, h->column_count);
    put_u32(page + RAW_LEN_AT, h->raw_len);
    put_u32(page + META_LEN_AT, h->meta_len);
    put_u32(page + SAMPLES_AT, h->sample_count);
    put_u32(page + CRC_AT, checksum(page, page_len));
}

static bool lengths_are_good(const struct page_header *h, size_t body_len)
{
    return h->column_count >= 1 && h->column_count <= PAGE_COLUMNS_MAX &&
           h->sample_count <= PAGE_SAMPLES_MAX && h->raw_len <= PAGE_RAW_MAX_BYTES &&
           h->meta_len <= h->raw_len && (h->is_compressed || h->raw_len == body_len);
}

enum err page_header_take(struct str page, enum page_kind kind, struct page_header *ret,
                          struct diag *diag)
{
    struct page_header h = { .kind = kind };
    uint8_t kind_byte;

    if (page.len < PAGE_HEADER_BYTES)
        return diag_set(diag, ERR_CORRUPT, "a page of %zu bytes has no header", page.len);
    if (page.ptr[0] != 'F' || page.ptr[1] != 'P')
        return diag_set(diag, ERR_CORRUPT, "no page begins here");
    if (get_u32(page.ptr + CRC_AT) != checksum(page.ptr, page.len))
        return diag_set(diag, ERR_CORRUPT, "the checksum of the page is wrong");
    if (page.ptr[2] != PAGE_VERSION)
        return diag_set(diag, ERR_CORRUPT, "the page has version %d", page.ptr[2]);
    kind_byte = (uint8_t)page.ptr[3];
    if ((kind_byte & ~KIND_COMPRESSED) != (int)kind || get_u16(page.ptr + ZERO_AT))
        return diag_set(diag, ERR_CORRUPT, "the page is of another kind");
    h.is_compressed = kind_byte & KIND_COMPRESSED;
    h.column_count = get_u16(page.ptr + COLUMNS_AT);
    h.raw_len = get_u32(page.ptr + RAW_LEN_AT);
    h.meta_len = get_u32(page.ptr + META_LEN_AT);
    h.sample_count = get_u32(page.ptr + SAMPLES_AT);
    if (!lengths_are_good(&h, page.len - PAGE_HEADER_BYTES))
        return diag_set(diag, ERR_CORRUPT, "the lengths of the page are wrong");
    *ret = h;
    return ERR_OK;
}
