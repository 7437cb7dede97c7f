/* Collects the columns of a page as parts, then lays them out and compresses them. */
#include "base/mem.h"
#include "page/column_values.h"
#include "page/compress.h"
#include "page/page_format.h"
#include "page/page_meta.h"

enum {
    PIECE_MIN_BYTES = 4096, /* a block of its own that is shorter does not pay */
};

struct page_writer_state {
    struct parts *parts;
    struct value_coder *coder;
    struct compressor compressor;
    struct buf raw;
    struct column columns[PAGE_COLUMNS_MAX];
    size_t ends[PAGE_RAW_MAX_BYTES / PIECE_MIN_BYTES + INTEGERS_PLANES_MAX + 1];
};

static void free_state(struct page_writer_state *s)
{
    if (!s)
        return;
    parts_free(s->parts);
    value_coder_free(s->coder);
    compressor_release(&s->compressor);
    buf_release(&s->raw);
    mem_free(s);
}

enum err page_writer_init(struct page_writer *w)
{
    struct page_writer_state *s = mem_alloc_zero(1, sizeof *s);

    *w = (struct page_writer){ 0 };
    if (!s)
        return ERR_NOMEM;
    s->raw = buf_limited(PAGE_RAW_MAX_BYTES);
    s->parts = parts_new();
    s->coder = value_coder_new();
    if (!s->parts || !s->coder || compressor_init(&s->compressor)) {
        free_state(s);
        return ERR_NOMEM;
    }
    w->state = s;
    return ERR_OK;
}

void page_writer_release(struct page_writer *w)
{
    free_state(w->state);
    *w = (struct page_writer){ 0 };
}

bool page_writer_has_room(const struct page_writer *w, size_t count)
{
    return w->column_count < PAGE_COLUMNS_MAX && count <= PAGE_SAMPLES_MAX - w->sample_count;
}

enum err page_writer_add_values(struct page_writer *w, const double *values, size_t count)
{
    struct page_writer_state *s = w->state;

    if (!page_writer_has_room(w, count))
        return ERR_LIMIT;
    value_coder_add(s->coder, s->parts, values, count, &s->columns[w->column_count]);
    w->column_count++;
    w->sample_count += count;
    return ERR_OK;
}

enum err page_writer_add_times(struct page_writer *w, const int64_t *times_ms, size_t count)
{
    struct page_writer_state *s = w->state;

    if (!page_writer_has_room(w, count))
        return ERR_LIMIT;
    s->columns[w->column_count] = (struct column){ .count = (uint32_t)count,
                                                   .first_part = (uint32_t)s->parts->count };
    (void)parts_add(s->parts, times_ms, count, NULL);
    w->column_count++;
    w->sample_count += count;
    return ERR_OK;
}

/* Meta and planes into s->raw; the number of bytes of meta. ERR_NOMEM, ERR_LIMIT. */
static enum err lay_out(struct page_writer *w, size_t *ret_meta_len, size_t *ret_end_count)
{
    struct page_writer_state *s = w->state;
    struct integers_layout layout;
    struct page_meta meta = { .columns = s->columns,
                              .column_count = w->column_count,
                              .parts = s->parts->items,
                              .part_count = s->parts->count };

    buf_clear(&s->raw);
    integers_place(s->parts->items, s->parts->count, &layout);
    page_meta_put(&meta, &s->raw);
    if (!buf_reserve(&s->raw, layout.total_bytes))
        return buf_error(&s->raw);
    *ret_meta_len = s->raw.len;
    parts_write(s->parts, &layout, (uint8_t *)s->raw.data + s->raw.len);
    s->ends[0] = s->raw.len;
    *ret_end_count = 1 + integers_cut(s->parts->items, s->parts->count, &layout, PIECE_MIN_BYTES,
                                      s->raw.len, s->ends + 1);
    s->raw.len += layout.total_bytes;
    return ERR_OK;
}

/* Of two frames behind `begin`, the first *len long. */
static void keep_shorter(struct buf *out, size_t begin, size_t *len)
{
    size_t second = out->len - begin - *len;

    if (second < *len) {
        memmove(out->data + begin, out->data + begin + *len, second);
        *len = second;
    }
    out->len = begin + *len;
}

/* Behind the room for the header: compressed where that is shorter. A high level finds repetitions
 * that cost more than the bytes' own codes, so the lowest has its chance too. */
static enum err put_body(struct page_writer_state *s, int level, size_t end_count, struct buf *out,
                         bool *ret_is_compressed)
{
    size_t begin = out->len;
    enum err err = compress(&s->compressor, level, buf_str(&s->raw), s->ends, end_count, out);
    size_t len = out->len - begin;

    if (!err && level > COMPRESS_LEVEL_LOWEST) {
        err = compress(&s->compressor, COMPRESS_LEVEL_LOWEST, buf_str(&s->raw), s->ends, end_count,
                       out);
        if (!err)
            keep_shorter(out, begin, &len);
    }
    if (err)
        return err;
    *ret_is_compressed = len < s->raw.len;
    if (*ret_is_compressed)
        return ERR_OK;
    out->len = begin;
    buf_append(out, s->raw.data, s->raw.len);
    return buf_error(out);
}

static void begin_page(struct page_writer *w)
{
    parts_clear(w->state->parts);
    value_coder_begin_page(w->state->coder);
    w->column_count = 0;
    w->sample_count = 0;
}

enum err page_writer_encode(struct page_writer *w, enum page_kind kind, int level, struct buf *out)
{
    struct page_writer_state *s = w->state;
    struct page_header header = { .kind = kind,
                                  .column_count = (uint32_t)w->column_count,
                                  .sample_count = (uint32_t)w->sample_count };
    size_t begin = out->len, meta_len = 0, end_count = 0;
    enum err err = lay_out(w, &meta_len, &end_count);

    if (err)
        return err;
    if (!buf_reserve(out, PAGE_HEADER_BYTES))
        return buf_error(out);
    out->len += PAGE_HEADER_BYTES;
    err = put_body(s, level, end_count, out, &header.is_compressed);
    if (err) {
        out->len = begin;
        return err;
    }
    header.meta_len = (uint32_t)meta_len;
    header.raw_len = (uint32_t)s->raw.len;
    page_header_put(&header, (uint8_t *)out->data + begin, out->len - begin);
    begin_page(w);
    return ERR_OK;
}
