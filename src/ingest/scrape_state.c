#include "ingest/scrape_state.h"

#include <stdio.h>

static bool copy_labels(struct labels from, struct arena *arena, struct labels *ret)
{
    struct label *items = arena_alloc_zero(arena, from.count + 1, sizeof *items);

    for (size_t i = 0; items && i < from.count; i++)
        if (!arena_copy_str(arena, from.items[i].name, &items[i].name) ||
            !arena_copy_str(arena, from.items[i].value, &items[i].value))
            return false;
    *ret = (struct labels){ items, from.count };
    return items != NULL;
}

enum err scrape_state_copy(const struct target *t, struct arena *arena,
                           struct scrape_target_state *ret)
{
    const struct target_state *state = &t->state;

    *ret = (struct scrape_target_state){ .interval_ms = t->interval_ms,
                                         .timeout_ms = t->timeout_ms,
                                         .known = state->known,
                                         .up = state->up,
                                         .started_ms = state->started_ms,
                                         .last_ms = state->last_ms,
                                         .duration_s = state->duration_s,
                                         .samples = state->samples };
    snprintf(ret->error, sizeof ret->error, "%s", state->error);
    if (!copy_labels(t->labels, arena, &ret->labels) ||
        !copy_labels(t->discovered, arena, &ret->discovered) ||
        !arena_copy_str(arena, t->pool, &ret->pool) ||
        !arena_copy_str(arena, target_job(t), &ret->job) ||
        !arena_copy_str(arena, str_of(t->url), &ret->url) ||
        !arena_copy_str(arena, target_instance(t), &ret->instance))
        return arena_error(arena);
    return ERR_OK;
}
