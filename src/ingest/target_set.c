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

struct addition {
    struct target_set *set;
    const struct config *cfg;
    const struct config_scrape *scrape;
    struct scrape_job *job;
    struct diag *diag;
};

static enum err add_target(void *ctx, const struct config_target *from)
{
    const struct addition *a = ctx;
    struct target *t;
    enum err err = target_new(a->cfg, a->scrape, a->job, from, &t, a->diag);

    return err ? err : add(a->set, t);
}

static enum err add_targets(struct addition *a, const struct file_sd *files, size_t scrape_idx)
{
    enum err err = ERR_OK;

    for (size_t i = 0; !err && i < a->scrape->target_count; i++)
        err = add_target(a, &a->scrape->targets[i]);
    return err ? err : file_sd_for_each(files, scrape_idx, add_target, a);
}

static enum err add_scrape(struct target_set *set, const struct config *cfg,
                           const struct file_sd *files, size_t scrape_idx, struct diag *diag)
{
    size_t before = set->items.count, count;
    struct addition a = { .set = set, .cfg = cfg, .diag = diag };
    enum err err;

    a.scrape = &config_scrapes(cfg, &count)[scrape_idx];
    err = scrape_job_new(a.scrape, &a.job);
    if (!err)
        err = add_targets(&a, files, scrape_idx);
    if (!err)
        scrape_job_set_target_count(a.job, set->items.count - before);
    scrape_job_unref(a.job);
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}

/* The credentials may be others now. */
static void share(struct target *t, struct scrape_job *job)
{
    scrape_job_unref(t->shared);
    t->shared = scrape_job_ref(job);
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
        share(known, fresh->shared);
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

enum err target_set_build(struct target_set *ret, const struct config *cfg,
                          const struct file_sd *files, struct target_set *old, struct diag *diag)
{
    struct target_set set = target_set_empty();
    size_t count = 0;

    (void)config_scrapes(cfg, &count);
    for (size_t i = 0; i < count; i++) {
        enum err err = add_scrape(&set, cfg, files, i, diag);

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
