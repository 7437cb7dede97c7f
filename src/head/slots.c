#include "head/slots.h"

#include "base/mem.h"

enum { FIRST_SLOTS = 64 };

void slots_release(struct slots *s)
{
    mem_free(s->items);
    *s = (struct slots){ 0 };
}

static size_t next_place(const struct slots *s, size_t at)
{
    return at + 1 == s->slot_count ? 0 : at + 1;
}

void slots_add(struct slots *s, uint32_t hash, uint32_t number)
{
    size_t at = slots_home(s, hash);

    while (s->items[at].number)
        at = next_place(s, at);
    s->items[at] = (struct slot){ hash, number };
    s->count++;
}

static bool rebuild(struct slots *s, size_t slot_count)
{
    struct slots fresh = { .slot_count = slot_count };

    fresh.items = mem_alloc_zero(slot_count, sizeof *fresh.items);
    if (!fresh.items)
        return false;
    for (size_t i = 0; i < s->slot_count; i++)
        if (s->items[i].number)
            slots_add(&fresh, s->items[i].hash, s->items[i].number);
    mem_free(s->items);
    *s = fresh;
    return true;
}

bool slots_reserve(struct slots *s)
{
    if ((s->count + 1) * 4 <= s->slot_count * 3)
        return true;
    return rebuild(s, s->slot_count ? s->slot_count + s->slot_count / 4 : FIRST_SLOTS);
}

/*
 * Closes the gap: a later entry of the run moves into it when its home does not lie behind the gap.
 */
void slots_remove(struct slots *s, uint32_t hash, uint32_t number)
{
    size_t gap = slots_home(s, hash);

    while (s->items[gap].number != number)
        gap = next_place(s, gap);
    for (size_t at = next_place(s, gap); s->items[at].number; at = next_place(s, at)) {
        size_t home = slots_home(s, s->items[at].hash);
        size_t from_home = at >= home ? at - home : at + s->slot_count - home;
        size_t from_gap = at >= gap ? at - gap : at + s->slot_count - gap;

        if (from_home < from_gap)
            continue;
        s->items[gap] = s->items[at];
        gap = at;
    }
    s->items[gap] = (struct slot){ 0 };
    s->count--;
}

void slots_trim(struct slots *s)
{
    size_t wanted = s->count + s->count / 2 + FIRST_SLOTS;

    if (wanted * 2 < s->slot_count)
        (void)rebuild(s, wanted);
}
