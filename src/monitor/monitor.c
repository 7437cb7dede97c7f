#include "monitor/monitor.h"

#include "base/mem.h"
#include "monitor/monitor_state.h"

struct monitor *monitor_new(struct config *cfg)
{
    struct monitor *m = mem_alloc_zero(1, sizeof *m);
    size_t max_services = (size_t)config_int(cfg, OPT_CATALOG_MAX_SERVICES);
    size_t max_breakers = (size_t)config_int(cfg, OPT_CATALOG_MAX_BREAKERS);
    size_t max_edges = (size_t)config_int(cfg, OPT_CATALOG_MAX_EDGES);

    if (!m)
        return NULL;
    m->epoch = 1;
    m->config = config_ref(cfg);
    catalog_init(&m->catalog, max_services);
    m->subjects = vec_of(sizeof(struct subject), max_services + max_breakers + max_edges);
    m->breakers = map_limited(max_breakers);
    m->edges = edges_of(max_edges);
    if (monitor_apply(m, cfg) == ERR_NOMEM) {
        monitor_free(m);
        return NULL;
    }
    return m;
}

void monitor_free(struct monitor *m)
{
    if (!m)
        return;
    catalog_release(&m->catalog, service_state_free);
    vec_release(&m->subjects);
    map_release(&m->breakers);
    edges_release(&m->edges);
    totals_release(&m->totals);
    config_unref(m->config);
    mem_free(m);
}

enum err monitor_apply(struct monitor *m, struct config *cfg)
{
    struct config *before = m->config;
    enum err err;

    m->config = config_ref(cfg);
    config_unref(before);
    err = catalog_apply(&m->catalog, cfg, service_state_free);
    for (size_t i = 0; i < catalog_count(&m->catalog); i++) {
        struct catalog_service *known = catalog_at(&m->catalog, i);
        struct service_state *state = service_state_of(m, known);

        if (state)
            service_state_set_budget(state->watch, cfg, known->config);
        else
            err = ERR_NOMEM; /* the next view tries again */
    }
    m->alarm = true;
    return err;
}

enum err monitor_define(struct monitor *m, struct definition *d)
{
    enum err err = catalog_define(&m->catalog, d);
    struct catalog_service *known = err ? NULL : catalog_find(&m->catalog, d->service->name);
    struct service_state *state = known ? service_state_of(m, known) : NULL;

    if (err)
        return err;
    if (state)
        service_state_set_budget(state->watch, m->config, known->config);
    m->alarm = true;
    return state ? ERR_OK : ERR_NOMEM; /* the next view tries again */
}

void monitor_undefine(struct monitor *m, struct str name)
{
    struct catalog_service *known;

    catalog_undefine(&m->catalog, name, service_state_free);
    known = catalog_find(&m->catalog, name);
    if (known && known->state)
        service_state_set_budget(((struct service_state *)known->state)->watch, m->config,
                                 known->config);
    m->alarm = true;
}

void monitor_begin_totals(struct monitor *m, int64_t now_ms)
{
    for (size_t i = 0; i < catalog_count(&m->catalog); i++) {
        struct service_state *state = catalog_at(&m->catalog, i)->state;

        if (!state)
            continue;
        service_watch_begin_totals(state->watch);
        for (struct breaker_entry *e = state->breakers; e; e = e->next)
            breaker_watch_begin_totals(&e->watch, now_ms);
    }
}

bool monitor_take_alarm(struct monitor *m)
{
    bool alarm = m->alarm;

    m->alarm = false;
    return alarm;
}

bool monitor_history(const struct monitor *m, struct str service, const struct history_ask *ask,
                     struct service_history *ret)
{
    const struct catalog_service *known = catalog_find(&m->catalog, service);

    if (!known || !known->state)
        return false;
    service_watch_history(((struct service_state *)known->state)->watch, ask, ret);
    return true;
}

struct monitor_stats monitor_stats(const struct monitor *m)
{
    return m->stats;
}
