#include "block/merge.h"

#include "base/mem.h"
#include "block/cursor.h"

/* One block, and the series at which it stands. */
struct input {
    struct block_cursor *cursor;
    struct labels labels;
    uint64_t series; /* the next one */
    size_t place;    /* in the list of blocks; the lower wins */
};

struct run {
    const struct merge *m;
    struct block_writer *writer;
    struct input inputs[MERGE_BLOCKS_MAX];
    struct input *heap[MERGE_BLOCKS_MAX]; /* least labels first, then least place */
    size_t heap_count;
    struct input *group[MERGE_BLOCKS_MAX]; /* those with the series that is being written */
    size_t group_count;
    struct sample_list samples, merged;
    struct vec places; /* struct place: damage that was reported */
    enum err failed;   /* in the callback */
};

struct place {
    size_t block;
    uint64_t offset_bytes;
};

size_t merge_samples(const struct sample *first, size_t first_count, const struct sample *second,
                     size_t second_count, struct sample *ret)
{
    size_t i = 0, k = 0, count = 0;

    while (i < first_count && k < second_count) {
        if (second[k].ts_ms < first[i].ts_ms) {
            ret[count++] = second[k++];
            continue;
        }
        k += second[k].ts_ms == first[i].ts_ms;
        ret[count++] = first[i++];
    }
    while (i < first_count)
        ret[count++] = first[i++];
    while (k < second_count)
        ret[count++] = second[k++];
    return count;
}

/* --- damage --- */

struct reporter {
    struct run *run;
    size_t block;
};

static bool is_known(const struct run *r, struct place place)
{
    const struct place *places = r->places.items;
    size_t i = 0;

    while (i < r->places.count &&
           (places[i].block != place.block || places[i].offset_bytes != place.offset_bytes))
        i++;
    return i < r->places.count;
}

static void report(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct reporter *reporter = ctx;
    struct run *r = reporter->run;
    struct place place = { reporter->block, offset_bytes };
    struct place *kept;

    if (is_known(r, place))
        return;
    kept = vec_push(&r->places);
    if (!kept) {
        r->failed = ERR_NOMEM;
        return;
    }
    *kept = place;
    if (r->m->on_damage)
        r->m->on_damage(r->m->ctx, path, offset_bytes, what);
}

/* --- the heap --- */

static bool is_before(const struct input *a, const struct input *b)
{
    int order = labels_compare(a->labels, b->labels);

    return order ? order < 0 : a->place < b->place;
}

static void push(struct run *r, struct input *input)
{
    size_t at = r->heap_count++;

    while (at > 0 && is_before(input, r->heap[(at - 1) / 2])) {
        r->heap[at] = r->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    r->heap[at] = input;
}

static struct input *pop(struct run *r)
{
    struct input *least = r->heap[0];
    struct input *moved = r->heap[--r->heap_count];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;

        if (child + 1 < r->heap_count && is_before(r->heap[child + 1], r->heap[child]))
            child++;
        if (child >= r->heap_count || !is_before(r->heap[child], moved))
            break;
        r->heap[at] = r->heap[child];
        at = child;
    }
    r->heap[at] = moved;
    return least;
}

/* Puts the input back at its next series that can be read, if there is one. */
static enum err advance(struct run *r, struct input *input, struct diag *diag)
{
    struct block *b = r->m->blocks[input->place];
    struct reporter reporter = { r, input->place };

    while (input->series < block_info(b)->series_count) {
        struct diag why = { 0 };
        enum err err = cursor_labels(input->cursor, (uint32_t)input->series++, &input->labels,
                                     &why);

        if (!err) {
            push(r, input);
            return ERR_OK;
        }
        if (err != ERR_CORRUPT)
            return block_explain(b, err, &why, diag);
        report(&reporter, block_path(b), why.position_bytes, diag_text(&why));
    }
    return ERR_OK;
}

/* --- series --- */

static bool reserve_merged(struct run *r)
{
    struct sample *items;

    if (r->merged.capacity_count >= r->samples.count)
        return true;
    items = mem_realloc(r->merged.items, r->samples.capacity_count * sizeof *items);
    if (!items)
        return false;
    r->merged.items = items;
    r->merged.capacity_count = r->samples.capacity_count;
    return true;
}

/* The samples from `old_count` on are of a later block. */
static enum err join(struct run *r, size_t old_count)
{
    struct sample *items = r->samples.items;
    struct sample_list joined;

    if (!old_count || old_count == r->samples.count ||
        items[old_count - 1].ts_ms < items[old_count].ts_ms)
        return ERR_OK;
    if (!reserve_merged(r))
        return ERR_NOMEM;
    joined = r->merged;
    joined.count = merge_samples(items, old_count, items + old_count, r->samples.count - old_count,
                                 joined.items);
    r->merged = r->samples;
    r->samples = joined;
    return ERR_OK;
}

static enum err read_input(struct run *r, struct input *input, struct diag *diag)
{
    struct reporter reporter = { r, input->place };
    size_t old_count = r->samples.count;
    enum err err = block_salvage(input->cursor, (uint32_t)input->series - 1, r->m->min_ts_ms,
                                 INT64_MAX, &r->samples, report, &reporter, diag);

    return err ? err : join(r, old_count);
}

/* Takes those with the least labels out of the heap, and their samples together. */
static enum err gather(struct run *r, struct diag *diag)
{
    enum err err = ERR_OK;

    r->group_count = 0;
    r->samples.count = 0;
    do {
        r->group[r->group_count] = pop(r);
        err = read_input(r, r->group[r->group_count++], diag);
    } while (!err && r->heap_count && labels_equals(r->heap[0]->labels, r->group[0]->labels));
    return err ? err : r->failed;
}

static enum err write_series(struct run *r, struct diag *diag)
{
    enum err err = gather(r, diag);

    if (!err && r->samples.count)
        err = block_writer_add(r->writer, r->group[0]->labels, r->samples.items, r->samples.count,
                               diag);
    if (!err && r->samples.count && r->m->done_count)
        atomic_fetch_add_explicit(r->m->done_count, 1, memory_order_relaxed);
    for (size_t i = 0; i < r->group_count && !err; i++)
        err = advance(r, r->group[i], diag);
    return err ? err : r->failed;
}

static bool is_cancelled(const struct merge *m)
{
    return m->cancel && atomic_load_explicit(m->cancel, memory_order_relaxed);
}

/* Without its directory a block has nothing to give. */
static enum err begin(struct run *r, struct input *input, struct diag *diag)
{
    struct block *b = r->m->blocks[input->place];
    struct reporter reporter = { r, input->place };
    struct diag why = { 0 };
    enum err err = block_cursor_new(b, &input->cursor);

    if (!err)
        err = cursor_prepare(input->cursor, &why);
    if (!err)
        return advance(r, input, diag);
    if (err != ERR_CORRUPT)
        return block_explain(b, err, &why, diag);
    report(&reporter, block_path(b), why.position_bytes, diag_text(&why));
    return ERR_OK;
}

static enum err run_all(struct run *r, struct diag *diag)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < r->m->block_count && !err; i++) {
        r->inputs[i].place = i;
        err = begin(r, &r->inputs[i], diag);
    }
    while (!err && r->heap_count) {
        if (is_cancelled(r->m))
            return diag_set(diag, ERR_CANCELLED, "the merge was stopped");
        err = write_series(r, diag);
    }
    return err ? err : r->failed;
}

enum err merge_blocks(const struct merge *m, struct block_writer *writer, struct diag *diag)
{
    struct run *r;
    enum err err;

    if (m->block_count > MERGE_BLOCKS_MAX)
        return diag_set(diag, ERR_INVALID, "at most %d blocks are merged", MERGE_BLOCKS_MAX);
    r = mem_alloc_zero(1, sizeof *r);
    if (!r)
        return diag_set(diag, ERR_NOMEM, "no memory to merge blocks");
    r->m = m;
    r->writer = writer;
    r->places = vec_of(sizeof(struct place), SIZE_MAX);
    err = run_all(r, diag);
    for (size_t i = 0; i < m->block_count; i++)
        block_cursor_free(r->inputs[i].cursor);
    vec_release(&r->places);
    mem_free(r->samples.items);
    mem_free(r->merged.items);
    mem_free(r);
    return err ? diag_set(diag, err, "cannot merge blocks: %s", err_text(err)) : ERR_OK;
}
