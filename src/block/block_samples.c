/* Reading samples: segment by segment, the times first, the values only where times are in range.
 */
#include "block/cursor.h"

struct range {
    int64_t start_ms, end_ms;
};

/* The first place whose time is not before ts_ms. */
static size_t lower_bound(const int64_t *times_ms, size_t count, int64_t ts_ms)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (times_ms[middle] < ts_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err append(struct sample_list *list, const int64_t *times_ms, const double *values,
                       size_t count)
{
    if (!sample_list_room(list, count))
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        list->items[list->count + i] = (struct sample){ times_ms[i], values[i] };
    list->count += count;
    return ERR_OK;
}

/* `first` is the list's count when the series began. */
static bool is_behind(const struct sample_list *list, size_t first, int64_t ts_ms)
{
    return list->count == first || list->items[list->count - 1].ts_ms < ts_ms;
}

static enum err read_segment(struct block_cursor *c, const struct segment *s, struct range range,
                             size_t first, struct sample_list *list, struct diag *why)
{
    const int64_t *times_ms = NULL;
    const double *values = NULL;
    size_t count = 0, value_count = 0, from, to;
    enum err err = cursor_times(c, s->column, &times_ms, &count, why);

    if (err)
        return err;
    from = lower_bound(times_ms, count, range.start_ms);
    to = range.end_ms == INT64_MAX ? count : lower_bound(times_ms, count, range.end_ms + 1);
    if (from >= to)
        return ERR_OK;
    err = cursor_values(c, s->page, s->slot, &values, &value_count, why);
    if (err)
        return err;
    if (value_count != count || !is_behind(list, first, times_ms[from]))
        return block_error_at(diag_set(why, ERR_CORRUPT, "values and times do not fit together"),
                              c->directory->values.items[s->page].offset, why);
    return append(list, times_ms + from, values + from, to - from);
}

struct reporting {
    block_on_damage *on_damage;
    void *ctx;
};

/* `reporting` may be NULL: damage is an error. */
static enum err read_series(struct block_cursor *c, uint32_t series, struct range range,
                            struct sample_list *list, const struct reporting *reporting,
                            struct diag *why)
{
    size_t first = list->count;
    size_t idx = 0;
    enum err err = cursor_prepare(c, why);
    const struct segment *segments;

    if (!err)
        err = cursor_series(c, series, &idx, why);
    if (err)
        return err;
    segments = series_page_segments(&c->series, idx);
    for (size_t i = 0; i < c->series.entries[idx].segment_count && !err; i++) {
        if (segments[i].last_ts_ms < range.start_ms || segments[i].first_ts_ms > range.end_ms)
            continue;
        err = read_segment(c, &segments[i], range, first, list, why);
        if (err != ERR_CORRUPT || !reporting)
            continue;
        cursor_report(c, reporting->on_damage, reporting->ctx, why);
        *why = (struct diag){ 0 };
        err = ERR_OK;
    }
    if (err)
        list->count = first;
    return err;
}

enum err block_samples(struct block_cursor *c, uint32_t series, int64_t start_ms, int64_t end_ms,
                       struct sample_list *list, struct diag *diag)
{
    struct diag why = { 0 };
    struct range range = { start_ms, end_ms };
    enum err err = read_series(c, series, range, list, NULL, &why);

    return block_explain(c->block, err, &why, diag);
}

enum err block_salvage(struct block_cursor *c, uint32_t series, int64_t start_ms, int64_t end_ms,
                       struct sample_list *list, block_on_damage *on_damage, void *ctx,
                       struct diag *diag)
{
    struct reporting reporting = { on_damage, ctx };
    struct diag why = { 0 };
    struct range range = { start_ms, end_ms };
    enum err err = read_series(c, series, range, list, &reporting, &why);

    return block_explain(c->block, err, &why, diag);
}
