#include "block/index_writer.h"

#include <string.h>

#include "base/mem.h"
#include "base/size.h"
#include "block/pairs_page.h"
#include "block/postings.h"
#include "page/bytes.h"

struct page_draft {
    struct series_position at;
    size_t series_count;
    size_t segment_bytes;
};

void index_writer_init(struct index_writer *w)
{
    *w = (struct index_writer){
        .numbers = vec_of(sizeof(uint32_t), SIZE_MAX),
        .label_counts = vec_of(sizeof(uint8_t), UINT32_MAX - 1),
        .segments = buf_limited(SIZE_MAX),
        .pages = vec_of(sizeof(struct page_draft), UINT32_MAX),
    };
    pair_set_init(&w->pairs);
}

void index_writer_release(struct index_writer *w)
{
    pair_set_release(&w->pairs);
    vec_release(&w->numbers);
    vec_release(&w->label_counts);
    buf_release(&w->segments);
    vec_release(&w->pages);
}

size_t index_writer_series_count(const struct index_writer *w)
{
    return w->label_counts.count;
}

/* --- adding --- */

static struct labels labels_before(const struct index_writer *w, struct label space[LABELS_MAX])
{
    size_t count = w->label_counts.count;
    size_t label_count = count ? *(uint8_t *)vec_at(&w->label_counts, count - 1) : 0;
    const uint32_t *numbers = (const uint32_t *)w->numbers.items + w->numbers.count - label_count;

    for (size_t i = 0; i < label_count; i++)
        space[i] = pair_set_label(&w->pairs, numbers[i]);
    return (struct labels){ space, label_count };
}

enum err index_writer_check(const struct index_writer *w, struct labels labels)
{
    struct label space[LABELS_MAX];

    if (!labels.count || labels.count > LABELS_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < labels.count; i++) {
        const struct label *l = &labels.items[i];

        if (!l->name.len || l->name.len > LABEL_NAME_MAX_BYTES || !l->value.len ||
            l->value.len > LABEL_VALUE_MAX_BYTES)
            return ERR_INVALID;
        if (i && str_compare(l[-1].name, l->name) >= 0)
            return ERR_INVALID;
    }
    return labels_compare(labels_before(w, space), labels) < 0 ? ERR_OK : ERR_INVALID;
}

/* The page in which the next series stands. */
static struct page_draft *page_for_next(struct index_writer *w)
{
    struct page_draft *page = w->pages.count ? vec_at(&w->pages, w->pages.count - 1)
                                             : vec_push(&w->pages);

    if (page && (page->series_count == BLOCK_SERIES_PER_PAGE ||
                 page->segment_bytes >= BLOCK_SERIES_PAGE_BYTES)) {
        page = vec_push(&w->pages);
        if (page)
            page->at = w->at;
    }
    return page;
}

static enum err add_labels(struct index_writer *w, struct labels labels)
{
    uint8_t *label_count;

    for (size_t i = 0; i < labels.count; i++) {
        uint32_t *number = vec_push(&w->numbers);
        enum err err = number ? pair_set_number(&w->pairs, labels.items[i], number)
                              : vec_error(&w->numbers);

        if (err)
            return err;
    }
    label_count = vec_push(&w->label_counts);
    if (!label_count)
        return vec_error(&w->label_counts);
    *label_count = (uint8_t)labels.count;
    return ERR_OK;
}

enum err index_writer_add(struct index_writer *w, struct labels labels,
                          const struct segment *segments, size_t count)
{
    struct page_draft *page = page_for_next(w);
    enum err err = page ? add_labels(w, labels) : vec_error(&w->pages);
    struct buf encoded = buf_limited(SIZE_MAX);

    if (err)
        return err;
    series_put_segments(&w->at, segments, count, &encoded);
    err = buf_error(&encoded);
    bytes_put_text(&w->segments, buf_str(&encoded));
    if (!err)
        err = buf_error(&w->segments);
    page->series_count++;
    page->segment_bytes += encoded.len;
    buf_release(&encoded);
    return err;
}

/* --- finishing --- */

/* Everything by pair, in the order of pairs. */
struct lists {
    uint32_t *numbers; /* of the set, by rank */
    uint32_t *ranks;   /* by number of the set */
    size_t *starts;    /* by rank, and one more: where its list begins in series */
    uint32_t *series;
    struct buf raw; /* what goes into the next frame */
    struct buf packed;
    size_t pair_count;
};

static void lists_release(struct lists *l)
{
    mem_free(l->numbers);
    mem_free(l->ranks);
    mem_free(l->starts);
    mem_free(l->series);
    buf_release(&l->raw);
    buf_release(&l->packed);
}

/* Numbers become ranks, here and in the series. */
static void rank_numbers(struct index_writer *w, struct lists *l)
{
    uint32_t *numbers = w->numbers.items;

    for (uint32_t i = 0; i < l->pair_count; i++)
        l->ranks[l->numbers[i]] = i;
    for (size_t i = 0; i < w->numbers.count; i++) {
        numbers[i] = l->ranks[numbers[i]];
        l->starts[numbers[i] + 1]++;
    }
    for (size_t i = 0; i < l->pair_count; i++)
        l->starts[i + 1] += l->starts[i];
}

/* Series come in their order, so each list rises. A start is moved while its list is filled, and
 * ends where the next one's began. */
static void fill(const struct index_writer *w, struct lists *l)
{
    const uint8_t *label_counts = w->label_counts.items;
    const uint32_t *ranks = w->numbers.items;

    for (uint32_t series = 0; series < w->label_counts.count; series++)
        for (size_t i = 0; i < label_counts[series]; i++)
            l->series[l->starts[*ranks++]++] = series;
    memmove(l->starts + 1, l->starts, l->pair_count * sizeof *l->starts);
    l->starts[0] = 0;
}

static enum err make_lists(struct index_writer *w, struct lists *l)
{
    enum err err = pair_set_sort(&w->pairs, &l->numbers);

    if (err)
        return err;
    l->pair_count = w->pairs.pairs.count;
    l->ranks = mem_alloc(mul_size(l->pair_count, sizeof *l->ranks));
    l->starts = mem_alloc_zero(l->pair_count + 1, sizeof *l->starts);
    l->series = mem_alloc(mul_size(w->numbers.count, sizeof *l->series));
    if (!l->ranks || !l->starts || !l->series)
        return ERR_NOMEM;
    rank_numbers(w, l);
    fill(w, l);
    return ERR_OK;
}

static size_t list_count(const struct lists *l, size_t rank)
{
    return l->starts[rank + 1] - l->starts[rank];
}

/* Writes l->raw as a frame and empties it. */
static enum err put_frame(const struct index_target *t, enum frame_kind kind, struct lists *l,
                          size_t *ret_len, struct diag *diag)
{
    enum err err = buf_error(&l->raw);

    buf_clear(&l->packed);
    if (!err)
        err = frame_pack(&t->packer, kind, out_file_offset(t->file), buf_str(&l->raw), &l->packed);
    if (err)
        return diag_set(diag, err, "cannot write the index of %s: %s", t->file->path,
                        err_text(err));
    *ret_len = l->packed.len;
    buf_clear(&l->raw);
    return out_file_append(t->file, buf_str(&l->packed), diag);
}

/* The list's bytes in `scratch`; none for a single series. */
static struct posting make_posting(const struct lists *l, size_t rank, struct buf *scratch)
{
    const uint32_t *series = l->series + l->starts[rank];
    size_t count = list_count(l, rank);

    buf_clear(scratch);
    if (count == 1)
        return (struct posting){ .single = true, .series = *series };
    postings_put(series, count, scratch);
    return (struct posting){ .len = scratch->len };
}

static enum err put_pairs(const struct index_writer *w, const struct index_target *t,
                          struct lists *l, struct diag *diag)
{
    struct buf scratch = buf_limited(SIZE_MAX);
    struct pairs_state state;
    uint64_t postings_at = 0;
    enum err err = ERR_OK;

    for (size_t i = 0; i < l->pair_count && !err;) {
        struct label first = pair_set_label(&w->pairs, l->numbers[i]);
        size_t len = 0;

        pairs_page_begin(&state, postings_at, &l->raw);
        for (size_t k = 0; k < BLOCK_PAIRS_PER_PAGE && i < l->pair_count; k++, i++) {
            struct posting posting = make_posting(l, i, &scratch);

            pairs_page_put(&state, pair_set_label(&w->pairs, l->numbers[i]), &posting, &l->raw);
            postings_at += posting.len;
        }
        err = put_frame(t, FRAME_PAIRS, l, &len, diag);
        directory_draft_pairs(t->directory, len, first);
    }
    t->layout->postings_bytes = postings_at;
    if (!err)
        err = buf_error(&scratch);
    buf_release(&scratch);
    return err;
}

static enum err put_series_page(const struct page_draft *page, const uint32_t **ranks,
                                const uint8_t **label_counts, struct bytes_reader *segments,
                                struct buf *out)
{
    struct series_pairs before = { .count = 0 };

    series_page_begin(&page->at, out);
    for (size_t i = 0; i < page->series_count; i++) {
        struct series_pairs pairs = { .count = *(*label_counts)++ };

        memcpy(pairs.items, *ranks, pairs.count * sizeof **ranks);
        *ranks += pairs.count;
        series_put_pairs(&before, &pairs, out);
        buf_append_str(out, bytes_take_text(segments, SIZE_MAX));
        before = pairs;
    }
    return buf_error(out);
}

static enum err put_series(const struct index_writer *w, const struct index_target *t,
                           struct lists *l, struct diag *diag)
{
    struct bytes_reader segments = bytes_reader_of(buf_str(&w->segments));
    const uint8_t *label_counts = w->label_counts.items;
    const uint32_t *ranks = w->numbers.items;
    enum err err = ERR_OK;

    for (size_t i = 0; i < w->pages.count && !err; i++) {
        const struct page_draft *page = vec_at(&w->pages, i);
        size_t len = 0;

        err = put_series_page(page, &ranks, &label_counts, &segments, &l->raw);
        if (!err)
            err = put_frame(t, FRAME_SERIES, l, &len, diag);
        directory_draft_series(t->directory, len, page->series_count);
    }
    return err;
}

/* Frames of postings are full, but for the last. */
static enum err put_postings_frame(const struct index_target *t, struct lists *l,
                                   struct str *stream, struct diag *diag)
{
    size_t len = stream->len < BLOCK_POSTINGS_FRAME_BYTES ? stream->len
                                                          : BLOCK_POSTINGS_FRAME_BYTES;
    size_t frame_len = 0;
    enum err err;

    buf_append(&l->raw, stream->ptr, len);
    err = put_frame(t, FRAME_POSTINGS, l, &frame_len, diag);
    directory_draft_postings(t->directory, frame_len);
    stream->ptr += len;
    stream->len -= len;
    return err;
}

static enum err put_postings(const struct index_target *t, struct lists *l, struct diag *diag)
{
    struct buf stream = buf_limited(SIZE_MAX);
    enum err err = ERR_OK;

    for (size_t i = 0; i < l->pair_count && !err; i++) {
        bool last = i + 1 == l->pair_count;
        size_t rest = last ? 1 : BLOCK_POSTINGS_FRAME_BYTES;
        struct str left;

        if (list_count(l, i) > 1)
            postings_put(l->series + l->starts[i], list_count(l, i), &stream);
        err = buf_error(&stream);
        left = buf_str(&stream);
        while (!err && left.len >= rest)
            err = put_postings_frame(t, l, &left, diag);
        if (!err && left.len < stream.len) {
            memmove(stream.data, left.ptr, left.len);
            stream.len = left.len;
        }
    }
    buf_release(&stream);
    return err;
}

static enum err put_all(struct index_writer *w, const struct index_target *t, struct lists *l,
                        struct diag *diag)
{
    enum err err = make_lists(w, l);

    t->layout->series_count = w->label_counts.count;
    t->layout->pair_count = l->pair_count;
    t->layout->pairs_at = out_file_offset(t->file);
    if (!err)
        err = put_pairs(w, t, l, diag);
    t->layout->series_at = out_file_offset(t->file);
    if (!err)
        err = put_series(w, t, l, diag);
    t->layout->postings_at = out_file_offset(t->file);
    if (!err)
        err = put_postings(t, l, diag);
    t->layout->directory_at = out_file_offset(t->file);
    return err;
}

enum err index_writer_finish(struct index_writer *w, const struct index_target *target,
                             struct diag *diag)
{
    struct lists lists = {
        .raw = buf_limited(BLOCK_FRAME_RAW_MAX_BYTES),
        .packed = buf_limited(BLOCK_EXTENT_MAX_BYTES),
    };
    enum err err = put_all(w, target, &lists, diag);

    lists_release(&lists);
    return err ? diag_set(diag, err, "cannot write the index: %s", err_text(err)) : ERR_OK;
}
