#include "head/postings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { SLACK_DIVISOR = 4 }; /* a list grows by a quarter */

static uint32_t *refs_of(struct postings *p, const struct pool *pool)
{
    return p->is_list ? pool_at(pool, p->list) : p->refs;
}

static size_t list_bytes(size_t count)
{
    return count * sizeof(uint32_t);
}

void postings_release(struct postings *p, struct pool *pool)
{
    if (p->is_list)
        pool_give(pool, p->list, list_bytes(p->capacity_count));
    *p = (struct postings){ 0 };
}

static bool make_list(struct postings *p, struct pool *pool, size_t size_bytes)
{
    uint32_t list = pool_take(pool, size_bytes);

    if (!list)
        return false;
    memcpy(pool_at(pool, list), p->refs, sizeof p->refs);
    p->is_list = 1;
    p->list = list;
    p->capacity_count = (uint32_t)(size_bytes / sizeof(uint32_t));
    p->sorted_count = p->count;
    return true;
}

bool postings_reserve(struct postings *p, struct pool *pool)
{
    uint32_t capacity = p->is_list ? p->capacity_count : POSTINGS_INSIDE_COUNT;
    size_t wanted_bytes;
    uint32_t list;

    if (p->count < capacity)
        return true;
    wanted_bytes = pool_round_bytes(list_bytes(capacity + capacity / SLACK_DIVISOR + 1));
    if (!p->is_list)
        return make_list(p, pool, wanted_bytes);
    list = pool_resize(pool, p->list, list_bytes(capacity), wanted_bytes);
    if (!list)
        return false;
    p->list = list;
    p->capacity_count = (uint32_t)(wanted_bytes / sizeof(uint32_t));
    return true;
}

static void insert_inside(struct postings *p, uint32_t ref)
{
    uint32_t at = p->count++;

    for (; at > 0 && p->refs[at - 1] > ref; at--)
        p->refs[at] = p->refs[at - 1];
    p->refs[at] = ref;
}

void postings_add(struct postings *p, const struct pool *pool, uint32_t ref)
{
    uint32_t *refs;

    if (!p->is_list) {
        insert_inside(p, ref);
        return;
    }
    refs = pool_at(pool, p->list);
    if (p->sorted_count == p->count && (!p->count || refs[p->count - 1] < ref))
        p->sorted_count++;
    refs[p->count++] = ref;
}

/* --- order --- */

static int compare_refs(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

bool postings_sort(struct postings *p, const struct pool *pool)
{
    size_t sorted, tail, end;
    uint32_t *refs, *copy;

    if (!p->is_list || p->sorted_count == p->count)
        return true;
    refs = pool_at(pool, p->list);
    sorted = p->sorted_count;
    tail = p->count - sorted;
    copy = mem_alloc(list_bytes(tail));
    if (!copy)
        return false;
    memcpy(copy, refs + sorted, list_bytes(tail));
    qsort(copy, tail, sizeof *copy, compare_refs);
    end = p->count;
    while (tail) /* merged from the end, where the room is */
        refs[--end] = sorted && refs[sorted - 1] > copy[tail - 1] ? refs[--sorted] : copy[--tail];
    mem_free(copy);
    p->sorted_count = p->count;
    return true;
}

/* --- removal --- */

static bool is_in(const struct ref_set *set, uint32_t ref)
{
    return ref >= set->first && ref <= set->last &&
           set->words[ref_set_word(set, ref)] >> ref % 64 & 1;
}

/* Moves to `out` what is not in the set; how many that are. */
static uint32_t filter(uint32_t *out, const uint32_t *refs, uint32_t count,
                       const struct ref_set *gone)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < count; i++)
        if (!is_in(gone, refs[i]))
            out[kept++] = refs[i];
    return kept;
}

/* The place of the first reference that is not less. */
static uint32_t lower_bound(const uint32_t *refs, uint32_t count, uint64_t ref)
{
    uint32_t at = 0, end = count;

    while (at < end) {
        uint32_t middle = at + (end - at) / 2;

        if (refs[middle] < ref)
            at = middle + 1;
        else
            end = middle;
    }
    return at;
}

/* The same for a list that rises, where only a part of it is touched. */
static uint32_t filter_sorted(uint32_t *refs, uint32_t count, const struct ref_set *gone)
{
    uint32_t from = lower_bound(refs, count, gone->first);
    uint32_t to = lower_bound(refs, count, (uint64_t)gone->last + 1);
    uint32_t kept = from + filter(refs + from, refs + from, to - from, gone);

    memmove(refs + kept, refs + to, list_bytes(count - to));
    return kept + count - to;
}

/* A short list moves inside; a much too large one becomes smaller, when there is memory for that.
 */
static void shrink(struct postings *p, struct pool *pool)
{
    size_t count = p->count;
    size_t old_bytes = list_bytes(p->capacity_count);
    size_t wanted_bytes = pool_round_bytes(list_bytes(count + count / SLACK_DIVISOR + 1));
    uint32_t list = p->list;

    if (count <= POSTINGS_INSIDE_COUNT) {
        uint32_t refs[POSTINGS_INSIDE_COUNT];

        memcpy(refs, pool_at(pool, list), list_bytes(count));
        pool_give(pool, list, old_bytes);
        p->is_list = 0;
        memcpy(p->refs, refs, list_bytes(count));
        qsort(p->refs, count, sizeof *refs, compare_refs);
    } else if (wanted_bytes * 2 <= old_bytes) {
        list = pool_resize(pool, list, old_bytes, wanted_bytes);
        if (!list)
            return;
        p->list = list;
        p->capacity_count = (uint32_t)(wanted_bytes / sizeof(uint32_t));
    }
}

void postings_remove(struct postings *p, struct pool *pool, const struct ref_set *gone)
{
    enum { COUNT_MASK = (1U << 30) - 1 };
    uint32_t *refs = refs_of(p, pool);
    uint32_t sorted = p->is_list ? p->sorted_count : p->count;
    uint32_t kept = filter_sorted(refs, sorted, gone);

    p->count = (kept + filter(refs + kept, refs + sorted, p->count - sorted, gone)) & COUNT_MASK;
    if (!p->is_list)
        return;
    p->sorted_count = kept;
    shrink(p, pool);
}
