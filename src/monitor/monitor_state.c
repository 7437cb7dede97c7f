#include "monitor/monitor_state.h"

#include "base/mem.h"
#include "monitor/budget_limits.h"

void breaker_entry_free(struct breaker_entry *entry)
{
    breaker_watch_release(&entry->watch);
    mem_free(entry);
}

void service_state_free(void *ptr)
{
    struct service_state *state = ptr;
    struct breaker_entry *entry = state->breakers;

    while (entry) {
        struct breaker_entry *next = entry->next;

        breaker_entry_free(entry);
        entry = next;
    }
    service_watch_free(state->watch);
    instances_release(&state->instances);
    mem_free(state);
}

void service_state_set_budget(struct service_watch *watch, const struct config *cfg,
                              const struct config_service *service)
{
    watch->limits = budget_limits_of(cfg, service);
    budget_models_set(&watch->models, service ? &service->budgets : NULL);
}

static struct service_state *new_state(struct monitor *m)
{
    struct service_state *state = mem_alloc_zero(1, sizeof *state);

    if (!state)
        return NULL;
    state->heard_ms = -1;
    instances_init(&state->instances);
    state->watch = service_watch_new((int)(config_int(m->config, OPT_BUDGET_WINDOW) / 1000));
    if (!state->watch) {
        mem_free(state);
        return NULL;
    }
    return state;
}

struct service_state *service_state_of(struct monitor *m, struct catalog_service *known)
{
    struct service_state *state = known->state;

    if (state)
        return state;
    state = new_state(m);
    if (!state)
        return NULL;
    service_state_set_budget(state->watch, m->config, known->config);
    known->state = state;
    m->alarm = true;
    return state;
}
