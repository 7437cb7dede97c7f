/* Checks and unpacks a page, then decodes the columns that are asked for. */
#include "base/mem.h"
#include "page/compress.h"
#include "page/page_format.h"
#include "page/page_meta.h"

struct page_reader_state {
    struct decompressor decompressor;
    uint8_t *raw;
    size_t raw_capacity_bytes;
    enum page_kind kind;
    size_t meta_len;
    struct integers_layout layout;
    struct value_decoder decoder;
    struct column columns[PAGE_COLUMNS_MAX];
    struct integers parts[PARTS_MAX];
};

enum err page_reader_init(struct page_reader *r)
{
    struct page_reader_state *s = mem_alloc_zero(1, sizeof *s);

    *r = (struct page_reader){ 0 };
    if (!s)
        return ERR_NOMEM;
    if (decompressor_init(&s->decompressor)) {
        mem_free(s);
        return ERR_NOMEM;
    }
    r->state = s;
    return ERR_OK;
}

void page_reader_release(struct page_reader *r)
{
    if (r->state) {
        decompressor_release(&r->state->decompressor);
        value_decoder_release(&r->state->decoder);
        mem_free(r->state->raw);
        mem_free(r->state);
    }
    *r = (struct page_reader){ 0 };
}

size_t page_reader_bytes(const struct page_reader *r)
{
    const struct page_reader_state *s = r->state;

    return sizeof *s + s->raw_capacity_bytes + decompressor_bytes(&s->decompressor) +
           value_decoder_bytes(&s->decoder);
}

static bool reserve_raw(struct page_reader_state *s, size_t len)
{
    if (len <= s->raw_capacity_bytes)
        return true;
    mem_free(s->raw);
    s->raw_capacity_bytes = 0;
    s->raw = mem_alloc(len);
    if (s->raw)
        s->raw_capacity_bytes = len;
    return s->raw != NULL;
}

static enum err unpack(struct page_reader_state *s, const struct page_header *h, struct str body,
                       struct diag *diag)
{
    if (!reserve_raw(s, h->raw_len))
        return diag_set(diag, ERR_NOMEM, "no memory for a page of %u bytes", h->raw_len);
    if (!h->is_compressed)
        memcpy(s->raw, body.ptr, body.len);
    else if (!decompress(&s->decompressor, body, s->raw, h->raw_len))
        return diag_set(diag, ERR_CORRUPT, "the page does not decompress");
    return ERR_OK;
}

static size_t largest_column(const struct page_meta *meta, size_t *ret_sum)
{
    size_t largest = 0;

    *ret_sum = 0;
    for (size_t i = 0; i < meta->column_count; i++) {
        *ret_sum += meta->columns[i].count;
        if (meta->columns[i].count > largest)
            largest = meta->columns[i].count;
    }
    return largest;
}

static enum err take_meta(struct page_reader_state *s, const struct page_header *h,
                          struct diag *diag)
{
    struct bytes_reader in = { .at = s->raw, .end = s->raw + h->meta_len };
    struct page_meta meta = { .columns = s->columns,
                              .parts = s->parts,
                              .column_count = h->column_count };
    enum err err = page_meta_take(&in, h->kind, &meta, diag);
    size_t sum;
    size_t largest;

    if (err)
        return err;
    largest = largest_column(&meta, &sum);
    integers_place(s->parts, meta.part_count, &s->layout);
    if (in.at != in.end || sum != h->sample_count ||
        s->layout.total_bytes != h->raw_len - h->meta_len)
        return diag_set(diag, ERR_CORRUPT, "the page's columns do not fill it");
    if (value_decoder_begin_page(&s->decoder, largest))
        return diag_set(diag, ERR_NOMEM, "no memory for a column of %zu values", largest);
    return ERR_OK;
}

enum err page_reader_load(struct page_reader *r, enum page_kind kind, struct str bytes,
                          struct diag *diag)
{
    struct page_reader_state *s = r->state;
    struct page_header h;
    enum err err;

    r->column_count = 0;
    err = page_header_take(bytes, kind, &h, diag);
    if (err)
        return err;
    err = unpack(
        s, &h, (struct str){ bytes.ptr + PAGE_HEADER_BYTES, bytes.len - PAGE_HEADER_BYTES }, diag);
    if (!err)
        err = take_meta(s, &h, diag);
    if (err)
        return err;
    s->kind = kind;
    s->meta_len = h.meta_len;
    r->column_count = h.column_count;
    return ERR_OK;
}

static struct column_source source_of(const struct page_reader_state *s)
{
    return (struct column_source){ .columns = s->columns,
                                   .parts = s->parts,
                                   .layout = &s->layout,
                                   .planes = s->raw + s->meta_len };
}

enum err page_reader_values(struct page_reader *r, size_t slot, const double **ret_values,
                            size_t *ret_count)
{
    struct page_reader_state *s = r->state;
    struct column_source page = source_of(s);

    if (slot >= r->column_count || s->kind != PAGE_VALUES ||
        !value_decode(&s->decoder, &page, slot, ret_values))
        return ERR_CORRUPT;
    *ret_count = s->columns[slot].count;
    return ERR_OK;
}

enum err page_reader_times(struct page_reader *r, size_t slot, const int64_t **ret_times_ms,
                           size_t *ret_count)
{
    struct page_reader_state *s = r->state;
    struct column_source page = source_of(s);

    if (slot >= r->column_count || s->kind != PAGE_TIMES)
        return ERR_CORRUPT;
    *ret_times_ms = time_decode(&s->decoder, &page, slot);
    *ret_count = s->columns[slot].count;
    return ERR_OK;
}
