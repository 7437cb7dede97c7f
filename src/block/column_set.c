#include "block/column_set.h"

#include "base/mem.h"

enum { FIRST_SLOTS = 64 };

void column_set_release(struct column_set *s)
{
    mem_free(s->slots);
    *s = (struct column_set){ 0 };
}

static struct column_slot *slot_for(struct column_slot *slots, size_t slot_count,
                                    struct hash_128 hash)
{
    size_t at = hash.low & (slot_count - 1);

    while (slots[at].number && (slots[at].hash.low != hash.low || slots[at].hash.high != hash.high))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

/* At most 3/4 full. */
static bool reserve_slot(struct column_set *s)
{
    size_t slot_count = s->slot_count ? s->slot_count * 2 : FIRST_SLOTS;
    struct column_slot *slots;

    if (((size_t)s->count + 1) * 4 <= s->slot_count * 3)
        return true;
    slots = mem_alloc_zero(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].number)
            *slot_for(slots, slot_count, s->slots[i].hash) = s->slots[i];
    mem_free(s->slots);
    s->slots = slots;
    s->slot_count = slot_count;
    return true;
}

enum err column_set_number(struct column_set *s, const int64_t *times_ms, size_t count,
                           uint32_t *ret, bool *ret_new)
{
    struct hash_128 hash = hash_bytes_128(times_ms, count * sizeof *times_ms);
    struct column_slot *slot;

    if (!reserve_slot(s))
        return ERR_NOMEM;
    slot = slot_for(s->slots, s->slot_count, hash);
    *ret_new = !slot->number;
    if (*ret_new) {
        if (s->count == UINT32_MAX - 1)
            return ERR_LIMIT;
        *slot = (struct column_slot){ hash, ++s->count };
    }
    *ret = slot->number - 1;
    return ERR_OK;
}
