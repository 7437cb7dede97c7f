#include "ingest/target_set.h"

struct target_set target_set_empty(void)
{
    return (struct target_set){ .items = vec_of(sizeof(struct target *), CONFIG_TARGETS_MAX),
                                .by_identity = map_limited(CONFIG_TARGETS_MAX) };
}

void target_set_release(struct target_set *set)
{
    for (size_t i = 0; i < set->items.count; i++)
        target_free(target_set_at(set, i));
    vec_release(&set->items);
    map_release(&set->by_identity);
}

/* Takes `t`, also on failure. */
static enum err add(struct target_set *set, struct target *t)
{
    struct target **place;
    enum err err;

    if (map_find(&set->by_identity, t->identity)) {
        target_free(t);
        return ERR_OK;
    }
    err = map_put(&set->by_identity, t->identity, t);
    if (err) {
        target_free(t);
        return err;
    }
    place = vec_push(&set->items);
    if (!place) {
        map_remove(&set->by_identity, t->identity);
        target_free(t);
        return vec_error(&set->items);
    }
    *place = t;
    return ERR_OK;
}

static enum err add_scrape(struct target_set *set, const struct config *cfg,
                           const struct config_scrape *scrape, struct diag *diag)
{
    for (size_t i = 0; i < scrape->target_count; i++) {
        struct target *t;
        enum err err = target_new(cfg, scrape, &scrape->targets[i], &t, diag);

        if (!err)
            err = add(set, t);
        if (err)
            return diag_set(diag, err, "%s", err_text(err));
    }
    return ERR_OK;
}

/* Exchanges new objects for the old ones of the same identity. Cannot fail: nothing grows. */
static void take_over(struct target_set *set, struct target_set *old)
{
    for (size_t i = 0; i < set->items.count; i++) {
        struct target **place = vec_at(&set->items, i);
        struct target *fresh = *place;
        struct target *known = map_remove(&old->by_identity, fresh->identity);

        if (!known)
            continue;
        map_remove(&set->by_identity, fresh->identity);
        if (map_put(&set->by_identity, known->identity, known) != ERR_OK)
            continue;
        known->listed = true;
        *place = known;
        target_free(fresh);
    }
}

static void forget_taken(struct target_set *old)
{
    for (size_t i = old->items.count; i > 0; i--) {
        struct target *t = target_set_at(old, i - 1);

        if (t->listed)
            vec_remove_at(&old->items, i - 1);
        t->listed = false;
    }
}

enum err target_set_build(struct target_set *ret, const struct config *cfg, struct target_set *old,
                          struct diag *diag)
{
    struct target_set set = target_set_empty();
    size_t count = 0;
    const struct config_scrape *scrapes = config_scrapes(cfg, &count);

    for (size_t i = 0; i < count; i++) {
        enum err err = add_scrape(&set, cfg, &scrapes[i], diag);

        if (err) {
            target_set_release(&set);
            return err;
        }
    }
    take_over(&set, old);
    forget_taken(old);
    *ret = set;
    return ERR_OK;
}
