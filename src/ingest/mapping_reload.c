/*
 * Other rows while everything runs. First each series ends under the old rows, then it begins
 * under the new ones where it stood: a counter with its last value, a gauge with what it
 * said. What is sent at the end is what differs: states, and that nobody tells of a service
 * or a breaker any longer.
 *
 * A series that no row was about has no last value. It is passed over until it is heard again.
 */
#include "ingest/mapping_core.h"

#include <math.h>

/* The rows that it has now stand in for others only if they are bound again. */
static void end_under_old_rows(struct mapping *m, struct mapped_series *s)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);
    bool live = s->live;

    for (size_t i = 0; i < s->binding_count; i++)
        if (bindings[i].subject)
            bindings[i].subject->told_signals = 0;
    mapping_end_series(m, s, m->received_ms);
    s->live = live;
}

/* The present value, as if it was just heard. */
static void say_again(struct mapping *m, struct mapped_series *s)
{
    const struct binding *bindings = mapped_series_bindings(&m->table, s);

    mapping_revive_series(m, s);
    for (size_t i = 0; i < s->binding_count && s->is_gauge; i++) {
        if (!bindings[i].subject)
            continue;
        mapping_touch(m, bindings[i].subject, m->received_ms);
        mapping_take_gauge(m, &bindings[i], NAN, s->last);
    }
}

static void begin_under_new_rows(struct mapping *m, uint32_t ref,
                                 const struct mapped_series *before)
{
    struct mapped_series *s = mapping_bind_series(m, ref);

    if (!s)
        return;
    s->last = before->last;
    s->last_growth = before->last_growth;
    s->last_ts_ms = before->last_ts_ms;
    s->has_last = before->has_last;
    s->born_at_runtime = before->born_at_runtime;
    if (before->live)
        say_again(m, s);
}

static void bind_all(struct mapping *m, const struct mapped_table *old)
{
    for (uint32_t ref = 0; ref < old->slot_count; ref++) {
        const struct mapped_series *before = mapped_series_find(old, ref);

        if (before)
            begin_under_new_rows(m, ref, before);
        else if (!mapped_series_is_unseen(old, ref) || mapped_series_was_passed_over(old, ref))
            mapped_series_pass_over(&m->table, ref, mapped_series_unmapped_source(old, ref));
    }
}

/* `fresh` has room for every reference that is known. */
static void change_rows(struct mapping *m, struct mapping_table *rows, struct mapped_table fresh)
{
    struct mapping_table *old_rows = m->rows;
    struct mapped_table old = m->table;

    mapping_begin_batch(m);
    for (uint32_t ref = 0; ref < old.slot_count; ref++) {
        struct mapped_series *s = mapped_series_find(&old, ref);

        if (s)
            end_under_old_rows(m, s);
    }
    m->rows = rows;
    m->table = fresh;
    bind_all(m, &old);
    mapping_settle(m);
    m->has_forgotten = true;
    mapping_retire_when_due(m);
    mapped_series_release(&old);
    mapping_table_free(old_rows);
}

enum err mapping_configure(struct mapping *m, struct config *cfg)
{
    struct mapped_table fresh = mapped_series_none();
    struct mapping_table *rows;
    enum err err;

    if (m->config && config_mappings_equal(m->config, cfg))
        return ERR_OK;
    err = mapping_table_new(cfg, m->rows, &rows);
    if (err)
        return err;
    if (m->table.slot_count && !mapped_series_reserve(&fresh, (uint32_t)m->table.slot_count - 1)) {
        mapping_table_free(rows);
        return ERR_NOMEM;
    }
    change_rows(m, rows, fresh);
    config_unref(m->config);
    m->config = config_ref(cfg);
    return ERR_OK;
}
