#include "resilience/window.h"

#include <string.h>

#include "base/mem.h"

enum err window_init(struct window *w, int length_s, const int *span_s, int span_count)
{
    if (length_s < 1 || length_s > WINDOW_LENGTH_MAX_S || span_count < 0 ||
        span_count > WINDOW_SPANS_MAX)
        return ERR_INVALID;
    for (int i = 0; i < span_count; i++)
        if (span_s[i] < 1 || span_s[i] > length_s)
            return ERR_INVALID;
    *w = (struct window){ .length_s = length_s, .head_s = INT64_MIN, .span_count = span_count };
    w->cells = mem_alloc_zero((size_t)length_s, sizeof *w->cells);
    if (!w->cells)
        return ERR_NOMEM;
    for (int i = 0; i < span_count; i++)
        w->span_s[i] = span_s[i];
    return ERR_OK;
}

void window_release(struct window *w)
{
    mem_free(w->cells);
    *w = (struct window){ 0 };
}

static uint32_t *cell_of(const struct window *w, int64_t second)
{
    int64_t idx = second % w->length_s;

    return &w->cells[idx < 0 ? idx + w->length_s : idx];
}

static bool holds(const struct window *w, int64_t second)
{
    return w->head_s != INT64_MIN && second <= w->head_s && second > w->head_s - w->length_s;
}

/* One step on: the second that leaves each span is taken off its sum, and the cell that is used
 * again is cleared. */
static void step(struct window *w)
{
    int64_t next = w->head_s + 1;

    for (int i = 0; i < w->span_count; i++)
        w->sums[i] -= window_at(w, next - w->span_s[i]);
    w->head_s = next;
    *cell_of(w, next) = 0;
}

static void clear(struct window *w, int64_t now_s)
{
    memset(w->cells, 0, (size_t)w->length_s * sizeof *w->cells);
    memset(w->sums, 0, sizeof w->sums);
    w->head_s = now_s;
}

void window_advance(struct window *w, int64_t now_s)
{
    if (w->head_s == INT64_MIN || now_s - w->head_s >= w->length_s) {
        if (w->head_s == INT64_MIN || now_s > w->head_s)
            clear(w, now_s);
        return;
    }
    while (w->head_s < now_s)
        step(w);
}

bool window_add(struct window *w, int64_t at_s, uint64_t count)
{
    uint32_t *cell;
    uint64_t room;

    window_advance(w, at_s);
    if (!holds(w, at_s))
        return false;
    cell = cell_of(w, at_s);
    room = UINT32_MAX - *cell;
    if (count > room)
        count = room;
    *cell += (uint32_t)count;
    for (int i = 0; i < w->span_count; i++)
        if (at_s > w->head_s - w->span_s[i])
            w->sums[i] += count;
    return true;
}

uint64_t window_sum(const struct window *w, int idx)
{
    return w->sums[idx];
}

uint64_t window_sum_between(const struct window *w, int64_t from_s, int64_t to_s)
{
    uint64_t sum = 0;

    if (w->head_s == INT64_MIN)
        return 0;
    if (from_s <= w->head_s - w->length_s)
        from_s = w->head_s - w->length_s + 1;
    if (to_s > w->head_s)
        to_s = w->head_s;
    for (int64_t s = from_s; s <= to_s; s++)
        sum += *cell_of(w, s);
    return sum;
}

uint32_t window_at(const struct window *w, int64_t at_s)
{
    return holds(w, at_s) ? *cell_of(w, at_s) : 0;
}
