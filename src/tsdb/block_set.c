#include "tsdb/block_set.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/size.h"

static int compare_entries(const void *a, const void *b)
{
    const struct block_entry *x = a, *y = b;

    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return x->row.seq < y->row.seq ? -1 : x->row.seq > y->row.seq;
}

static bool is_among(const int64_t *seqs, size_t count, int64_t seq)
{
    for (size_t i = 0; i < count; i++)
        if (seqs[i] == seq)
            return true;
    return false;
}

static void add_entry(struct block_set *set, const struct block_entry *entry)
{
    const struct block_info *info = block_info(entry->block);

    set->entries[set->count] = *entry;
    set->entries[set->count].block = block_ref(entry->block);
    set->entries[set->count].day = compact_day_of(info->min_ts_ms);
    set->count++;
    set->bytes += info->bytes;
    set->sample_count += info->sample_count;
    if (info->min_ts_ms < set->min_ts_ms)
        set->min_ts_ms = info->min_ts_ms;
    if (info->max_ts_ms > set->max_ts_ms)
        set->max_ts_ms = info->max_ts_ms;
}

struct block_set *block_set_new(const struct block_set *before, const int64_t *removed,
                                size_t removed_count, const struct block_entry *added,
                                size_t added_count)
{
    size_t count = add_size(before ? before->count : 0, added_count);
    struct block_set *set = mem_alloc_zero(
        1, add_size(sizeof *set, mul_size(count, sizeof set->entries[0])));

    if (!set)
        return NULL;
    set->ref_count = 1;
    set->min_ts_ms = INT64_MAX;
    set->max_ts_ms = INT64_MIN;
    for (size_t i = 0; before && i < before->count; i++)
        if (!is_among(removed, removed_count, before->entries[i].row.seq))
            add_entry(set, &before->entries[i]);
    for (size_t i = 0; i < added_count; i++)
        add_entry(set, &added[i]);
    qsort(set->entries, set->count, sizeof set->entries[0], compare_entries);
    return set;
}

void block_set_unref(struct block_set *set)
{
    if (!set || atomic_fetch_sub(&set->ref_count, 1) > 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        block_unref(set->entries[i].block);
    mem_free(set);
}

enum err block_sets_init(struct block_sets *s)
{
    lock_init(&s->lock, LOCK_RANK_PUBLISH);
    s->current = block_set_new(NULL, NULL, 0, NULL, 0);
    return s->current ? ERR_OK : ERR_NOMEM;
}

void block_sets_release(struct block_sets *s)
{
    block_set_unref(s->current);
    s->current = NULL;
}

struct block_set *block_sets_get(struct block_sets *s)
{
    struct block_set *set;

    lock_take(&s->lock);
    set = s->current;
    atomic_fetch_add(&set->ref_count, 1);
    lock_drop(&s->lock);
    return set;
}

void block_sets_publish(struct block_sets *s, struct block_set *set)
{
    struct block_set *before;

    lock_take(&s->lock);
    before = s->current;
    s->current = set;
    lock_drop(&s->lock);
    block_set_unref(before);
}

struct block_reader block_sets_enter(struct block_sets *s)
{
    struct block_reader reader;

    lock_take(&s->lock);
    reader = (struct block_reader){ s->current, s->turn };
    atomic_fetch_add(&s->current->ref_count, 1);
    s->reader_counts[s->turn]++;
    lock_drop(&s->lock);
    return reader;
}

void block_sets_leave(struct block_sets *s, struct block_reader reader)
{
    lock_take(&s->lock);
    s->reader_counts[reader.turn]--;
    lock_drop(&s->lock);
    block_set_unref(reader.set);
}

void block_sets_turn(struct block_sets *s)
{
    lock_take(&s->lock);
    s->turn = !s->turn;
    lock_drop(&s->lock);
}

bool block_sets_is_clear(struct block_sets *s)
{
    bool clear;

    lock_take(&s->lock);
    clear = s->reader_counts[!s->turn] == 0;
    lock_drop(&s->lock);
    return clear;
}
