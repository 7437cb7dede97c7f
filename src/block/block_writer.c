#include "block/block_writer.h"

#include <zstd.h>

#include "base/mem.h"
#include "block/column_set.h"
#include "block/index_writer.h"
#include "page/page.h"

struct block_writer {
    struct out_file file;
    struct index_writer index;
    struct directory_draft directory;
    struct column_set columns;
    struct layout layout;
    struct page_writer values, times; /* open pages */
    uint32_t values_page;             /* its number */
    struct buf packed;
    struct vec segments; /* struct segment, of the series that is being added */
    double *segment_values;
    int64_t *segment_times_ms;
    ZSTD_CCtx *zstd;
    int level;
    enum err failed; /* sticks */
};

static enum err init(struct block_writer *w, const char *dir, const char *name, struct diag *diag)
{
    uint8_t header[BLOCK_HEADER_BYTES];
    enum err err;

    w->zstd = ZSTD_createCCtx();
    w->segment_values = mem_alloc(BLOCK_SEGMENT_SAMPLES_MAX * sizeof *w->segment_values);
    w->segment_times_ms = mem_alloc(BLOCK_SEGMENT_SAMPLES_MAX * sizeof *w->segment_times_ms);
    if (!w->zstd || !w->segment_values || !w->segment_times_ms || page_writer_init(&w->values) ||
        page_writer_init(&w->times))
        return diag_set(diag, ERR_NOMEM, "no memory to write %s/%s", dir, name);
    err = out_file_open(&w->file, dir, name, diag);
    if (err)
        return err;
    layout_put_header(header);
    return out_file_append(&w->file, (struct str){ (char *)header, sizeof header }, diag);
}

enum err block_writer_new(const char *dir, const char *name, int level, struct block_writer **ret,
                          struct diag *diag)
{
    struct block_writer *w = mem_alloc_zero(1, sizeof *w);
    enum err err;

    if (!w)
        return diag_set(diag, ERR_NOMEM, "no memory to write %s/%s", dir, name);
    w->level = level;
    w->layout = (struct layout){ .min_ts_ms = INT64_MAX, .max_ts_ms = INT64_MIN };
    w->packed = buf_limited(BLOCK_EXTENT_MAX_BYTES);
    w->segments = vec_of(sizeof(struct segment), BLOCK_SEGMENTS_MAX);
    index_writer_init(&w->index);
    directory_draft_init(&w->directory);
    err = init(w, dir, name, diag);
    if (err) {
        block_writer_free(w);
        return err;
    }
    *ret = w;
    return ERR_OK;
}

void block_writer_free(struct block_writer *w)
{
    if (!w)
        return;
    out_file_close(&w->file);
    index_writer_release(&w->index);
    directory_draft_release(&w->directory);
    column_set_release(&w->columns);
    page_writer_release(&w->values);
    page_writer_release(&w->times);
    buf_release(&w->packed);
    vec_release(&w->segments);
    mem_free(w->segment_values);
    mem_free(w->segment_times_ms);
    ZSTD_freeCCtx(w->zstd);
    mem_free(w);
}

uint64_t block_writer_series_count(const struct block_writer *w)
{
    return index_writer_series_count(&w->index);
}

/* --- pages --- */

static enum err write_page(struct block_writer *w, enum page_kind kind, struct diag *diag)
{
    struct page_writer *page = kind == PAGE_TIMES ? &w->times : &w->values;
    size_t columns = page->column_count;
    enum err err;

    buf_clear(&w->packed);
    err = page_writer_encode(page, kind, w->level, &w->packed);
    if (err)
        return err;
    directory_draft_page(&w->directory, w->packed.len, kind == PAGE_TIMES ? columns : 0);
    w->values_page += kind == PAGE_VALUES;
    return out_file_append(&w->file, buf_str(&w->packed), diag);
}

static enum err make_room(struct block_writer *w, enum page_kind kind, size_t count,
                          struct diag *diag)
{
    struct page_writer *page = kind == PAGE_TIMES ? &w->times : &w->values;

    return page_writer_has_room(page, count) ? ERR_OK : write_page(w, kind, diag);
}

static enum err add_times(struct block_writer *w, size_t count, uint32_t *ret_column,
                          struct diag *diag)
{
    bool is_new = false;
    enum err err = column_set_number(&w->columns, w->segment_times_ms, count, ret_column, &is_new);

    if (err || !is_new)
        return err;
    err = make_room(w, PAGE_TIMES, count, diag);
    return err ? err : page_writer_add_times(&w->times, w->segment_times_ms, count);
}

static enum err add_segment(struct block_writer *w, const struct sample *samples, size_t count,
                            struct diag *diag)
{
    struct segment *segment = vec_push(&w->segments);
    enum err err;

    if (!segment)
        return vec_error(&w->segments);
    for (size_t i = 0; i < count; i++) {
        w->segment_times_ms[i] = samples[i].ts_ms;
        w->segment_values[i] = samples[i].value;
    }
    segment->first_ts_ms = samples[0].ts_ms;
    segment->last_ts_ms = samples[count - 1].ts_ms;
    err = add_times(w, count, &segment->column, diag);
    if (!err)
        err = make_room(w, PAGE_VALUES, count, diag);
    segment->page = w->values_page;
    segment->slot = (uint32_t)w->values.column_count;
    return err ? err : page_writer_add_values(&w->values, w->segment_values, count);
}

/* --- series --- */

static bool times_rise(const struct sample *samples, size_t count)
{
    size_t i = 1;

    while (i < count && samples[i - 1].ts_ms < samples[i].ts_ms)
        i++;
    return count && i >= count;
}

static enum err add_series(struct block_writer *w, struct labels labels,
                           const struct sample *samples, size_t count, struct diag *diag)
{
    vec_clear(&w->segments);
    for (size_t at = 0; at < count; at += BLOCK_SEGMENT_SAMPLES_MAX) {
        size_t left = count - at;
        size_t part = left < BLOCK_SEGMENT_SAMPLES_MAX ? left : BLOCK_SEGMENT_SAMPLES_MAX;
        enum err err = add_segment(w, samples + at, part, diag);

        if (err)
            return err;
    }
    w->layout.sample_count += count;
    if (samples[0].ts_ms < w->layout.min_ts_ms)
        w->layout.min_ts_ms = samples[0].ts_ms;
    if (samples[count - 1].ts_ms > w->layout.max_ts_ms)
        w->layout.max_ts_ms = samples[count - 1].ts_ms;
    return index_writer_add(&w->index, labels, w->segments.items, w->segments.count);
}

static enum err fail(struct block_writer *w, enum err err, struct diag *diag)
{
    w->failed = err;
    return err ? diag_set(diag, err, "cannot write %s: %s", w->file.path, err_text(err)) : ERR_OK;
}

enum err block_writer_add(struct block_writer *w, struct labels labels,
                          const struct sample *samples, size_t count, struct diag *diag)
{
    enum err err;

    if (w->failed)
        return fail(w, w->failed, diag);
    err = index_writer_check(&w->index, labels);
    if (err)
        return diag_set(diag, err, "series of a block must come in the order of their labels");
    if (!times_rise(samples, count))
        return diag_set(diag, ERR_INVALID, "the samples of a series must rise in time");
    return fail(w, add_series(w, labels, samples, count, diag), diag);
}

/* --- the end --- */

static enum err write_directory(struct block_writer *w, struct diag *diag)
{
    struct frame_packer as_is = { 0 };
    struct buf raw = buf_limited(UINT32_MAX);
    struct buf packed = buf_limited(SIZE_MAX);
    enum err err = directory_draft_encode(&w->directory, &raw);

    if (!err)
        err = frame_pack(&as_is, FRAME_DIRECTORY, w->layout.directory_at, buf_str(&raw), &packed);
    if (!err)
        err = out_file_append(&w->file, buf_str(&packed), diag);
    buf_release(&raw);
    buf_release(&packed);
    return err;
}

static enum err write_footer(struct block_writer *w, struct diag *diag)
{
    uint8_t footer[BLOCK_FOOTER_BYTES];

    w->layout.column_count = w->columns.count;
    w->layout.file_bytes = out_file_offset(&w->file) + BLOCK_FOOTER_BYTES;
    layout_put_footer(&w->layout, footer);
    return out_file_append(&w->file, (struct str){ (char *)footer, sizeof footer }, diag);
}

static enum err finish(struct block_writer *w, struct diag *diag)
{
    struct index_target target = {
        .file = &w->file,
        .packer = { w->zstd, w->level },
        .directory = &w->directory,
        .layout = &w->layout,
    };
    enum err err = write_page(w, PAGE_VALUES, diag);

    if (!err && w->times.column_count)
        err = write_page(w, PAGE_TIMES, diag);
    if (!err)
        err = index_writer_finish(&w->index, &target, diag);
    if (!err)
        err = write_directory(w, diag);
    if (!err)
        err = write_footer(w, diag);
    return err ? err : out_file_finish(&w->file, diag);
}

enum err block_writer_finish(struct block_writer *w, struct block_info *ret, struct diag *diag)
{
    enum err err = w->failed;

    if (!err && !block_writer_series_count(w))
        return diag_set(diag, ERR_INVALID, "a block needs a series");
    if (!err)
        err = finish(w, diag);
    if (err)
        return fail(w, err, diag);
    *ret = (struct block_info){
        .min_ts_ms = w->layout.min_ts_ms,
        .max_ts_ms = w->layout.max_ts_ms,
        .series_count = w->layout.series_count,
        .sample_count = w->layout.sample_count,
        .bytes = w->layout.file_bytes,
    };
    return ERR_OK;
}
