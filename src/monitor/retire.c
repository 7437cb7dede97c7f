/*
 * First everything that goes is marked, then subjects of what is marked are given
 * back while their pointers still hold, then it is freed.
 */
#include "monitor/retire.h"

#include "base/mem.h"

/* Who was never heard is silent since the first look. */
static bool is_silent(int64_t *heard_ms, int64_t now_ms, int64_t ttl_ms)
{
    if (*heard_ms < 0)
        *heard_ms = now_ms;
    return now_ms - *heard_ms > ttl_ms;
}

/* --- marks --- */

static bool mark_breaker(struct breaker_entry *entry, const struct service_state *state,
                         int64_t now_ms, int64_t ttl_ms)
{
    bool worries = entry->watch.state == BREAKER_OPEN || entry->watch.state == BREAKER_HALF_OPEN;

    entry->goes = state->goes || (!worries && is_silent(&entry->heard_ms, now_ms, ttl_ms));
    return entry->goes;
}

static bool mark_service(const struct catalog_service *known, int64_t now_ms, int64_t ttl_ms)
{
    struct service_state *state = known->state;
    bool any;

    if (!state)
        return false;
    state->goes = !known->config && is_silent(&state->heard_ms, now_ms, ttl_ms);
    any = state->goes;
    for (struct breaker_entry *entry = state->breakers; entry; entry = entry->next)
        any |= mark_breaker(entry, state, now_ms, ttl_ms);
    return any;
}

/* An edge that was told no figures yet goes with its service. */
static bool edge_goes(const struct edge *edge, int64_t now_ms, int64_t ttl_ms)
{
    return edge->subject && edge->last_ms >= 0 && now_ms - edge->last_ms > ttl_ms;
}

static bool mark_all(struct monitor *m, int64_t now_ms, int64_t ttl_ms)
{
    bool any = false;

    for (size_t i = 0; i < catalog_count(&m->catalog); i++)
        any |= mark_service(catalog_at(&m->catalog, i), now_ms, ttl_ms);
    for (size_t i = 0; i < edges_count(&m->edges) && !any; i++)
        any = edge_goes(edges_at(&m->edges, i), now_ms, ttl_ms);
    return any;
}

/* --- giving back --- */

static void free_subject(struct monitor *m, uint32_t id)
{
    struct subject *subject = vec_at(&m->subjects, id - 1);

    if (subject->edge)
        subject->edge->subject = 0;
    *subject = (struct subject){ .next_free = m->free_subject };
    m->free_subject = id;
}

static void free_subjects(struct monitor *m, int64_t now_ms, int64_t ttl_ms)
{
    for (uint32_t id = 1; id <= m->subjects.count; id++) {
        const struct subject *subject = vec_at(&m->subjects, id - 1);

        if (!subject->service)
            continue;
        if (subject->service->goes || (subject->breaker && subject->breaker->goes) ||
            (subject->edge && edge_goes(subject->edge, now_ms, ttl_ms)))
            free_subject(m, id);
    }
}

static void free_breakers(struct monitor *m, struct service_state *state)
{
    struct breaker_entry **link = &state->breakers;

    while (*link) {
        struct breaker_entry *entry = *link;

        if (!entry->goes) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        map_remove(&m->breakers, entry->key);
        breaker_entry_free(entry);
        m->stats.breaker_count--;
    }
}

/* A breaker that went no longer guards the way from its caller. */
static void guard_again(struct monitor *m)
{
    for (size_t i = 0; i < edges_count(&m->edges); i++)
        edges_at(&m->edges, i)->guarded = false;
    for (size_t i = 0; i < catalog_count(&m->catalog); i++) {
        const struct catalog_service *known = catalog_at(&m->catalog, i);
        const struct service_state *state = known->state;

        for (const struct breaker_entry *entry = state ? state->breakers : NULL; entry;
             entry = entry->next)
            edges_guard(&m->edges, entry->caller, known->name);
    }
}

void monitor_retire(struct monitor *m, int64_t now_ms)
{
    int64_t ttl_ms = config_int(m->config, OPT_CATALOG_DISCOVERED_TTL);

    if (!ttl_ms || !mark_all(m, now_ms, ttl_ms))
        return;
    free_subjects(m, now_ms, ttl_ms);
    for (size_t i = catalog_count(&m->catalog); i-- > 0;) {
        struct service_state *state = catalog_at(&m->catalog, i)->state;

        if (!state)
            continue;
        free_breakers(m, state);
        if (state->goes)
            catalog_remove(&m->catalog, i, service_state_free);
    }
    guard_again(m);
    m->epoch++;
}
