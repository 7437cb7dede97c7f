#include "ingest/mapped_series.h"

#include "base/mem.h"

enum {
    MAPPED_SERIES_MAX = 1 << 20,
    BINDINGS_MAX = 1 << 21,
    SLOTS_FIRST_COUNT = 1024,
    SLOT_UNSEEN = 0,
    SLOT_FIRST = 1, /* + place in `series` */
    SLOT_PASSED_OVER = 1 << 29,
    SLOT_NOT_MAPPED = 1 << 30, /* either with the number of the source */
    SLOT_NUMBER_MASK = SLOT_PASSED_OVER - 1,
};

struct mapped_table mapped_series_none(void)
{
    return (struct mapped_table){ .series = vec_of(sizeof(struct mapped_series), MAPPED_SERIES_MAX),
                                  .bindings = vec_of(sizeof(struct binding), BINDINGS_MAX) };
}

void mapped_series_release(struct mapped_table *t)
{
    vec_release(&t->series);
    vec_release(&t->bindings);
    mem_free(t->slots);
}

bool mapped_series_reserve(struct mapped_table *t, uint32_t ref)
{
    size_t count = t->slot_count ? t->slot_count : SLOTS_FIRST_COUNT;
    uint32_t *slots;

    if (ref < t->slot_count)
        return true;
    while (count <= ref)
        count *= 2;
    slots = mem_realloc(t->slots, count * sizeof *slots);
    if (!slots)
        return false;
    memset(slots + t->slot_count, 0, (count - t->slot_count) * sizeof *slots);
    t->slots = slots;
    t->slot_count = count;
    return true;
}

bool mapped_series_is_unseen(const struct mapped_table *t, uint32_t ref)
{
    return t->slots[ref] == SLOT_UNSEEN || mapped_series_was_passed_over(t, ref);
}

void mapped_series_ignore(struct mapped_table *t, uint32_t ref, uint32_t source_number)
{
    t->slots[ref] = SLOT_NOT_MAPPED | source_number;
}

void mapped_series_pass_over(struct mapped_table *t, uint32_t ref, uint32_t source_number)
{
    t->slots[ref] = SLOT_PASSED_OVER | source_number;
}

bool mapped_series_was_passed_over(const struct mapped_table *t, uint32_t ref)
{
    return t->slots[ref] & SLOT_PASSED_OVER;
}

uint32_t mapped_series_unmapped_source(const struct mapped_table *t, uint32_t ref)
{
    return t->slots[ref] >= SLOT_PASSED_OVER ? t->slots[ref] & SLOT_NUMBER_MASK : 0;
}

struct mapped_series *mapped_series_find(const struct mapped_table *t, uint32_t ref)
{
    if (ref >= t->slot_count || t->slots[ref] < SLOT_FIRST || t->slots[ref] >= SLOT_PASSED_OVER)
        return NULL;
    return vec_at(&t->series, t->slots[ref] - SLOT_FIRST);
}

static uint32_t place_of(const struct mapped_table *t, const struct mapped_series *s)
{
    return (uint32_t)(s - (const struct mapped_series *)t->series.items);
}

/* Room behind the others. False: no memory, or the limit. */
static bool push_bindings(struct mapped_table *t, size_t count)
{
    size_t before = t->bindings.count;

    for (size_t i = 0; i < count; i++) {
        if (vec_push(&t->bindings))
            continue;
        t->bindings.count = before;
        return false;
    }
    return true;
}

/* A record that was never used, with room for its bindings. */
static struct mapped_series *new_record(struct mapped_table *t, size_t binding_count)
{
    uint32_t first = (uint32_t)t->bindings.count;
    struct mapped_series *s;

    if (!push_bindings(t, binding_count))
        return NULL;
    s = vec_push(&t->series);
    if (s)
        s->first_binding = first;
    else
        t->bindings.count = first;
    return s;
}

static struct mapped_series *take_record(struct mapped_table *t, size_t binding_count)
{
    uint32_t *free_first = &t->free_series[binding_count];
    struct mapped_series *s;

    if (!*free_first)
        return new_record(t, binding_count);
    s = vec_at(&t->series, *free_first - 1);
    *free_first = s->next_free;
    return s;
}

struct mapped_series *mapped_series_add(struct mapped_table *t, uint32_t ref,
                                        const struct binding *bindings, size_t count)
{
    struct mapped_series *s = take_record(t, count);

    if (!s)
        return NULL;
    *s = (struct mapped_series){ .first_binding = s->first_binding,
                                 .binding_count = (uint32_t)count,
                                 .last_ts_ms = INT64_MIN };
    for (size_t i = 0; i < count; i++) {
        const struct mapping_row *row = bindings[i].row;

        *(struct binding *)vec_at(&t->bindings, s->first_binding + i) = bindings[i];
        s->is_epoch |= row->use == USE_EPOCH;
        s->is_gauge |= row->use != USE_EPOCH && !mapping_row_is_counter(row);
        s->falls_with_all |= row->falls_with_all;
    }
    t->slots[ref] = SLOT_FIRST + place_of(t, s);
    return s;
}

void mapped_series_remove(struct mapped_table *t, uint32_t ref)
{
    struct mapped_series *s = mapped_series_find(t, ref);

    if (s) {
        s->next_free = t->free_series[s->binding_count];
        t->free_series[s->binding_count] = place_of(t, s) + 1;
    }
    if (ref < t->slot_count)
        t->slots[ref] = SLOT_UNSEEN;
}
