#include "ingest/lost_counters.h"

#include "base/mem.h"

void lost_counters_release(struct lost_counters *l)
{
    mem_free(l->places);
    *l = (struct lost_counters){ 0 };
}

static struct lost_counter *place_of(const struct lost_counters *l, uint64_t hash)
{
    return &l->places[hash % LOST_COUNTERS_MAX];
}

void lost_counters_put(struct lost_counters *l, const struct lost_counter *counter)
{
    struct lost_counter *place;

    if (!l->places)
        l->places = mem_alloc_zero(LOST_COUNTERS_MAX, sizeof *l->places);
    if (!l->places) {
        counter->source->lost_counters = true;
        return;
    }
    place = place_of(l, counter->hash);
    if (place->source && place->hash != counter->hash)
        place->source->lost_counters = true;
    *place = *counter;
}

bool lost_counters_take(struct lost_counters *l, uint64_t hash, struct lost_counter *ret)
{
    struct lost_counter *place;

    if (!l->places)
        return false;
    place = place_of(l, hash);
    if (!place->source || place->hash != hash)
        return false;
    *ret = *place;
    *place = (struct lost_counter){ 0 };
    return true;
}
