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
    *w = (struct window){
        .cell_bytes = 1, .length_s = length_s, .head_s = INT64_MIN, .span_count = span_count
    };
    w->cells = mem_alloc_zero((size_t)length_s, 1);
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

static int place_of(const struct window *w, int64_t second)
{
    int place = (int)(second % w->length_s);

    return place < 0 ? place + w->length_s : place;
}

static uint32_t cell_at(const struct window *w, int place)
{
    switch (w->cell_bytes) {
    case 1:
        return ((const uint8_t *)w->cells)[place];
    case 2:
        return ((const uint16_t *)w->cells)[place];
    default:
        return ((const uint32_t *)w->cells)[place];
    }
}

/* `count` fits. */
static void set_cell(struct window *w, int place, uint32_t count)
{
    switch (w->cell_bytes) {
    case 1:
        ((uint8_t *)w->cells)[place] = (uint8_t)count;
        break;
    case 2:
        ((uint16_t *)w->cells)[place] = (uint16_t)count;
        break;
    default:
        ((uint32_t *)w->cells)[place] = count;
        break;
    }
}

static uint32_t cell_max(const struct window *w)
{
    return UINT32_MAX >> (32 - 8 * w->cell_bytes);
}

/* Cells of twice the bytes; false: no memory. */
static bool widen(struct window *w)
{
    struct window wide = *w;

    wide.cell_bytes *= 2;
    wide.cells = mem_alloc((size_t)w->length_s * (size_t)wide.cell_bytes);
    if (!wide.cells)
        return false;
    for (int i = 0; i < w->length_s; i++)
        set_cell(&wide, i, cell_at(w, i));
    mem_free(w->cells);
    *w = wide;
    return true;
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
    set_cell(w, place_of(w, next), 0);
}

static void clear(struct window *w, int64_t now_s)
{
    memset(w->cells, 0, (size_t)w->length_s * (size_t)w->cell_bytes);
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
    uint32_t before;

    window_advance(w, at_s);
    if (!holds(w, at_s))
        return false;
    before = cell_at(w, place_of(w, at_s));
    while (count > cell_max(w) - before && w->cell_bytes < 4 && widen(w))
        ;
    if (count > cell_max(w) - before)
        count = cell_max(w) - before;
    set_cell(w, place_of(w, at_s), before + (uint32_t)count);
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
    int place;

    if (w->head_s == INT64_MIN)
        return 0;
    if (from_s <= w->head_s - w->length_s)
        from_s = w->head_s - w->length_s + 1;
    if (to_s > w->head_s)
        to_s = w->head_s;
    place = place_of(w, from_s);
    for (int64_t s = from_s; s <= to_s; s++) {
        sum += cell_at(w, place);
        place = place + 1 < w->length_s ? place + 1 : 0;
    }
    return sum;
}

uint32_t window_at(const struct window *w, int64_t at_s)
{
    return holds(w, at_s) ? cell_at(w, place_of(w, at_s)) : 0;
}
