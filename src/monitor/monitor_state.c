#include "monitor/monitor_state.h"

#include "base/mem.h"
#include "monitor/budget_limits.h"

void breaker_entries_free(struct breaker_entry *entry)
{
    while (entry) {
        struct breaker_entry *next = entry->next;

        breaker_watch_release(&entry->watch);
        mem_free(entry);
        entry = next;
    }
}

void service_state_set_budget(struct service_watch *watch, const struct config *cfg,
                              const struct config_service *service)
{
    watch->limits = budget_limits_of(cfg, service);
    budget_models_set(&watch->models, service ? &service->budgets : NULL);
}

bool service_state_watch(struct monitor *m, struct service_state *state,
                         const struct config_service *service)
{
    if (state->watch)
        return true;
    state->watch = service_watch_new((int)(config_int(m->config, OPT_BUDGET_WINDOW) / 1000));
    if (!state->watch)
        return false;
    service_state_set_budget(state->watch, m->config, service);
    m->alarm = true;
    return true;
}

struct service_state *service_state_of(struct monitor *m, struct catalog_service *known)
{
    struct service_state *state = known->state;

    if (state)
        return service_state_watch(m, state, known->config) ? state : NULL;
    state = mem_alloc_zero(1, sizeof *state);
    if (!state || !service_state_watch(m, state, known->config)) {
        mem_free(state);
        return NULL;
    }
    state->heard_ms = -1;
    known->state = state;
    return state;
}
