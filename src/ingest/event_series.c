#include "ingest/event_series.h"

#include "base/mem.h"
#include "ingest/batch_writer.h"

static const int64_t LEASE_MS = 20 * 60000; /* asked for again well before it ends: head/series.h */
static const int64_t IDLE_MS = 60 * 60000;
static const int64_t SWEEP_EVERY_MS = 60000;
static const int64_t AHEAD_MAX_MS = 5 * 60000;

struct event_record {
    struct str labels; /* kept behind the struct */
    uint32_t ref;
    int64_t leased_ms; /* when the reference was asked for; 0: never */
    double value, grown;
    int64_t last_ts_ms, draft_ts_ms;
    bool is_touched, is_new;
    struct event_record *next_touched;
};

void event_series_init(struct event_series *s, struct tsdb *db)
{
    *s = (struct event_series){ .db = db, .records = map_limited(EVENT_SERIES_MAX) };
}

void event_series_release(struct event_series *s)
{
    struct map_entry *entry;

    for (size_t i = 0; (entry = map_next(&s->records, &i));)
        mem_free(entry->value);
    map_release(&s->records);
}

/* --- records --- */

static void remove_record(struct event_series *s, struct event_record *record)
{
    map_remove(&s->records, record->labels);
    mem_free(record);
}

/* Forgets what was not told of for long. A counter that comes back begins at 0. */
static void sweep(struct event_series *s, int64_t now_ms)
{
    struct map kept = map_limited(EVENT_SERIES_MAX);
    struct map_entry *entry;

    if (now_ms - s->swept_ms < SWEEP_EVERY_MS)
        return;
    s->swept_ms = now_ms;
    for (size_t i = 0; (entry = map_next(&s->records, &i));) {
        struct event_record *record = entry->value;

        if (!record->is_touched && now_ms - record->last_ts_ms > IDLE_MS)
            continue;
        if (map_put(&kept, record->labels, record)) {
            map_release(&kept);
            return;
        }
    }
    for (size_t i = 0; (entry = map_next(&s->records, &i));)
        if (!map_find(&kept, entry->key))
            mem_free(entry->value);
    map_release(&s->records);
    s->records = kept;
}

static enum err add_record(struct event_series *s, struct str labels, int64_t now_ms,
                           struct event_record **ret)
{
    struct event_record *record;
    enum err err;

    if (s->records.count >= EVENT_SERIES_MAX)
        sweep(s, now_ms);
    record = mem_alloc(sizeof *record + labels.len);
    if (!record)
        return ERR_NOMEM;
    *record = (struct event_record){ .is_new = true };
    record->labels = (struct str){ memcpy(record + 1, labels.ptr, labels.len), labels.len };
    err = map_put(&s->records, record->labels, record);
    if (err)
        mem_free(record);
    else
        *ret = record;
    return err;
}

static enum err lease(struct event_series *s, struct event_record *record, int64_t now_ms)
{
    struct arena arena = arena_limited(4 * LABELS_MAX_BYTES);
    struct labels labels;
    enum err err = ERR_OK;

    if (record->leased_ms && now_ms - record->leased_ms < LEASE_MS && now_ms >= record->leased_ms)
        return ERR_OK;
    err = labels_decode(record->labels, &arena, &labels);
    if (!err)
        err = tsdb_series(s->db, labels, &record->ref);
    if (err == ERR_LIMIT)
        err = ERR_OVERLOADED; /* no room for a new one now: safe mode, or the memory budget */
    if (!err)
        record->leased_ms = now_ms;
    arena_release(&arena);
    return err;
}

/* The series' record with a good reference, on the list of those that a draft touches. */
static enum err touch(struct event_series *s, struct str labels, int64_t now_ms,
                      struct event_record **ret)
{
    struct event_record *record = map_find(&s->records, labels);
    enum err err = record ? ERR_OK : add_record(s, labels, now_ms, &record);

    if (err)
        return err;
    if (!record->is_touched) {
        record->is_touched = true;
        record->grown = 0;
        record->draft_ts_ms = record->last_ts_ms;
        record->next_touched = s->touched;
        s->touched = record;
    }
    *ret = record;
    return lease(s, record, now_ms);
}

/* --- a draft --- */

/* Behind the one before, for the values of a counter rise with time. Many bodies within one
 * millisecond may so run ahead of the clock, within bounds. */
static int64_t next_ts_ms(const struct event_record *record, int64_t now_ms)
{
    int64_t next_ms = record->last_ts_ms + 1;

    return next_ms > now_ms && next_ms <= now_ms + AHEAD_MAX_MS ? next_ms : now_ms;
}

static enum err draft_growth(struct event_series *s, const struct event_change *change,
                             int64_t now_ms)
{
    struct event_record *record;
    enum err err = touch(s, change->labels, now_ms, &record);

    if (err)
        return err;
    record->grown += change->grown;
    record->draft_ts_ms = next_ts_ms(record, now_ms);
    return ERR_OK;
}

/* A gauge's record keeps its reference, and when it was last told of. */
static enum err draft_setting(struct event_series *s, const struct event_setting *setting,
                              int64_t now_ms, struct batch_writer *w)
{
    struct event_record *record;
    enum err err = touch(s, setting->change->labels, now_ms, &record);

    if (err)
        return err;
    record->draft_ts_ms = now_ms;
    batch_writer_add(w, record->ref, setting->at_ms, setting->value);
    return ERR_OK;
}

static void write_counters(struct event_series *s, struct batch_writer *w)
{
    for (struct event_record *r = s->touched; r; r = r->next_touched) {
        if (r->is_new)
            batch_writer_add(w, r->ref, r->draft_ts_ms - 1, 0);
        batch_writer_add(w, r->ref, r->draft_ts_ms, r->value + r->grown);
    }
}

static enum err draft(struct event_series *s, const struct event_tally *tally, int64_t now_ms,
                      struct batch_writer *w)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < tally->changes.count && !err; i++) {
        const struct event_change *change = *(struct event_change **)vec_at(&tally->changes, i);

        if (!change->is_gauge)
            err = draft_growth(s, change, now_ms);
    }
    if (!err)
        write_counters(s, w);
    for (size_t i = 0; i < tally->settings.count && !err; i++)
        err = draft_setting(s, vec_at(&tally->settings, i), now_ms, w);
    return err;
}

enum err event_series_draft(struct event_series *s, const struct event_tally *tally, int64_t now_ms,
                            struct sample_batch **ret)
{
    struct batch_writer w;
    struct sample_batch *batch;
    enum err err = ERR_NOMEM;

    batch_writer_init(&w, 2 * tally->changes.count + tally->settings.count);
    if (!w.failed)
        err = draft(s, tally, now_ms, &w);
    batch = err ? NULL : batch_writer_take(&w);
    batch_writer_release(&w);
    if (!err && !batch)
        err = ERR_NOMEM;
    if (err)
        event_series_undo(s);
    else
        *ret = batch;
    return err;
}

static void settle(struct event_series *s, bool keep)
{
    while (s->touched) {
        struct event_record *record = s->touched;

        s->touched = record->next_touched;
        record->is_touched = false;
        if (!keep && record->is_new) {
            remove_record(s, record);
            continue;
        }
        if (!keep)
            continue;
        record->value += record->grown;
        record->last_ts_ms = record->draft_ts_ms;
        record->is_new = false;
    }
}

void event_series_keep(struct event_series *s)
{
    settle(s, true);
}

void event_series_undo(struct event_series *s)
{
    settle(s, false);
}
