#include <stdlib.h>

#include "base/mem.h"
#include "monitor/breaker_condition.h"
#include "monitor/cause.h"
#include "monitor/health.h"
#include "monitor/map_view.h"
#include "monitor/monitor_state.h"
#include "monitor/order.h"
#include "monitor/retire.h"
#include "monitor/sentence.h"

static bool view_breaker(struct breaker_entry *entry, struct monitor_view *view, struct str service)
{
    struct breaker_view *b = &view->breakers[view->breaker_count];

    *b = (struct breaker_view){ .service = service, .source = entry->source };
    if (!arena_copy_str(&view->arena, entry->name, &b->name) ||
        !arena_copy_str(&view->arena, entry->endpoint, &b->endpoint) ||
        !arena_copy_str(&view->arena, entry->caller, &b->caller))
        return false;
    breaker_watch_advance(&entry->watch, view->now_ms);
    breaker_watch_view(&entry->watch, view->now_ms, b);
    breaker_conditions_judge(&entry->watch, view->now_ms, &view->arena, b);
    view->breaker_count++;
    return true;
}

static int compare_breakers(const void *a, const void *b)
{
    const struct breaker_view *x = a, *y = b;
    int order = str_compare(x->name, y->name);

    order = order ? order : str_compare(x->endpoint, y->endpoint);
    return order ? order : str_compare(x->caller, y->caller);
}

static bool view_breakers(const struct service_state *state, struct monitor_view *view,
                          struct service_view *s)
{
    s->first_breaker = (uint32_t)view->breaker_count;
    for (struct breaker_entry *e = state->breakers; e; e = e->next)
        if (!view_breaker(e, view, s->name))
            return false;
    s->breaker_count = (uint32_t)view->breaker_count - s->first_breaker;
    if (s->breaker_count)
        qsort(&view->breakers[s->first_breaker], s->breaker_count, sizeof *view->breakers,
              compare_breakers);
    breaker_count_instances(&view->breakers[s->first_breaker], s->breaker_count);
    for (uint32_t i = 0; i < s->breaker_count; i++) {
        breaker_count(&s->breakers, view->breakers[s->first_breaker + i].state);
        s->breakers.forced += view->breakers[s->first_breaker + i].forced > 0;
        breaker_conditions_count(&view->breakers[s->first_breaker + i], s);
    }
    return true;
}

static void note_health(struct service_watch *watch, struct service_view *s, int64_t now_ms)
{
    if (watch->health != s->health || watch->health_since_ms < 0) {
        watch->health = s->health;
        watch->health_since_ms = now_ms;
    }
    s->since_ms = watch->health_since_ms;
}

static bool view_service(struct monitor *m, struct catalog_service *known,
                         struct monitor_view *view)
{
    struct service_state *state = known->state;
    struct service_view *s = &view->services[view->service_count];

    if (!arena_copy_str(&view->arena, known->name, &s->name))
        return false;
    s->revision = known->definition ? known->definition->revision : 0;
    if (known->config &&
        (!arena_copy_str(&view->arena, known->config->team, &s->team) ||
         !arena_copy_str(&view->arena, known->config->environment, &s->environment)))
        return false;
    if (!view_breakers(state, view, s))
        return false;
    service_watch_advance(state->watch, view->now_ms);
    service_watch_view(state->watch, known, view->now_ms, s);
    if (state->watch->latency)
        totals_add_latency(&m->totals, s, state->watch->latency);
    instances_view(&state->instances, s->name, view->now_ms, &view->arena, &s->instances);
    health_judge(known, &view->arena, s);
    note_health(state->watch, s, view->now_ms);
    view->service_count++;
    return true;
}

static enum err fill_view(struct monitor *m, struct monitor_view *view)
{
    size_t services;
    enum err err;

    monitor_retire(m, view->now_ms);
    services = catalog_count(&m->catalog);
    view->services = arena_alloc_zero(&view->arena, services + 1, sizeof *view->services);
    view->breakers = arena_alloc_zero(&view->arena, m->stats.breaker_count + 1,
                                      sizeof *view->breakers);
    if (!view->services || !view->breakers)
        return arena_error(&view->arena);
    totals_begin(&m->totals);
    for (size_t i = 0; i < services; i++) {
        if (!service_state_of(m, catalog_at(&m->catalog, i)))
            return ERR_NOMEM;
        if (!view_service(m, catalog_at(&m->catalog, i), view))
            return arena_error(&view->arena);
    }
    order_services(view);
    totals_fill(&m->totals, view);
    edges_declare(&m->edges, &m->catalog);
    err = map_view_fill(view, &m->edges, config_double(m->config, OPT_RETRY_STORM_AMPLIFICATION));
    err = err ? err : causes_find(view);
    if (err)
        return err;
    sentence_for_overview(view);
    map_sentence_set(view);
    return ERR_OK;
}

enum err monitor_view(struct monitor *m, int64_t now_ms, struct monitor_view **ret)
{
    struct monitor_view *view = mem_alloc_zero(1, sizeof *view);
    enum err err;

    if (!view)
        return ERR_NOMEM;
    atomic_init(&view->references, 1);
    view->arena = arena_limited(VIEW_MAX_BYTES);
    view->now_ms = now_ms;
    view->seq = m->seq + 1;
    err = fill_view(m, view);
    if (err) {
        view_unref(view);
        return err;
    }
    m->seq++;
    *ret = view;
    return ERR_OK;
}
