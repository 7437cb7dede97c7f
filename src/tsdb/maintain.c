/*
 * What the write thread does every few seconds: retention, idle series, memory
 * over its limit, log rows that blocks cover.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/size.h"
#include "tsdb/internal.h"

enum {
    SLICE_SERIES = 65536, /* some milliseconds */
    SETTLE_SLICES = 4,
    CUT_ROUNDS = 8,
    DROP_SLICES = 16,
    DROPS_MAX = 256,   /* blocks that retention takes in one transaction */
    EVICTS_MAX = 8192, /* series that leave memory in one transaction */
    ROOM_PART = 8,     /* below this part of the budget memory is short */
    STRIKES_MAX = 256,
};

static const int64_t EPOCH_NS = INT64_C(1000000) * SERIES_EPOCH_MS;

/* --- a seal that settles --- */

bool tsdb_settle(struct tsdb *db)
{
    struct settling *s = &db->settling;

    if (s->marks_ms && !block_sets_is_clear(&db->sets))
        return false; /* a reader has a set without the new blocks */
    for (int i = 0; i < SETTLE_SLICES && s->marks_ms && s->next_ref <= s->last_ref; i++) {
        uint32_t left = s->last_ref - s->next_ref + 1;
        uint32_t count = left < SLICE_SERIES ? left : SLICE_SERIES;

        if (!head_settle(&db->head, s->marks_ms, s->next_ref, count))
            return false;
        s->next_ref += count;
    }
    if (s->marks_ms && s->next_ref <= s->last_ref)
        return false;
    if (s->marks_ms) {
        head_seal_end(&db->head, true);
        mem_free(s->marks_ms);
        *s = (struct settling){ 0 };
        tsdb_book_memory(db);
    }
    return true;
}

/* --- files that do not count any more --- */

/* When it cannot be kept it stays where it is and goes when the store opens. */
static void keep_damaged(struct tsdb *db, const struct block_entry *entry)
{
    char dir[TSDB_PATH_BYTES], aside[TSDB_PATH_BYTES];

    if (!tsdb_path(db->blocks_dir, "damaged", dir) || !tsdb_path(dir, entry->row.name, aside) ||
        file_make_dir(dir, NULL))
        return;
    (void)rename(block_path(entry->block), aside);
}

void tsdb_retire(struct tsdb *db, const struct block_entry *entry)
{
    struct doomed_file *file = vec_push(&db->doomed);

    if (file)
        memcpy(file->name, entry->row.name, sizeof file->name);
    if (damages_has(&db->damages, block_path(entry->block)))
        keep_damaged(db, entry);
    else
        block_unlink_late(entry->block);
}

static bool is_gone(const struct tsdb *db, const struct doomed_file *file)
{
    char path[TSDB_PATH_BYTES];

    return tsdb_path(db->blocks_dir, file->name, path) && access(path, F_OK) != 0 &&
           errno == ENOENT;
}

/* Doomed names whose files are gone leave the manifest, with the transaction that is under way. */
static enum err strike_off(struct tsdb *db, size_t *ret_count)
{
    enum err err = ERR_OK;

    *ret_count = 0;
    while (*ret_count < db->doomed.count && *ret_count < STRIKES_MAX && !err) {
        struct doomed_file *file = vec_at(&db->doomed, *ret_count);

        if (!is_gone(db, file))
            break;
        err = manifest_reprieve(&db->manifest, file->name);
        ++*ret_count;
    }
    return err;
}

static void forget_struck(struct tsdb *db, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vec_remove_at(&db->doomed, 0);
}

static enum err strike_doomed(struct tsdb *db)
{
    size_t count = 0;
    enum err err;

    if (db->doomed.count == 0 || !is_gone(db, vec_at(&db->doomed, 0)))
        return ERR_OK;
    err = log_store_begin(&db->log);
    if (!err)
        err = strike_off(db, &count);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    else
        forget_struck(db, count);
    return err;
}

/* --- retention --- */

enum err tsdb_put_clock(struct tsdb *db)
{
    return db->retain_known ? manifest_put_meta(&db->manifest, "clock_ms", db->retain.trusted_ms)
                            : ERR_OK;
}

struct drops {
    const struct block_entry *entries[DROPS_MAX];
    size_t count;
};

static enum err drop_blocks(struct tsdb *db, const struct block_set *before,
                            const struct drops *drops)
{
    int64_t seqs[DROPS_MAX];
    struct block_set *set;
    enum err err = vec_reserve(&db->doomed, drops->count);

    for (size_t i = 0; i < drops->count; i++)
        seqs[i] = drops->entries[i]->row.seq;
    set = err ? NULL : block_set_new(before, seqs, drops->count, NULL, 0);
    if (!set)
        return ERR_NOMEM;
    err = log_store_begin(&db->log);
    for (size_t i = 0; i < drops->count && !err; i++) {
        err = manifest_drop_block(&db->manifest, seqs[i]);
        if (!err)
            err = manifest_doom(&db->manifest, drops->entries[i]->row.name);
    }
    if (!err)
        err = tsdb_put_clock(db);
    if (!err)
        err = log_store_commit(&db->log);
    if (err) {
        log_store_abort(&db->log);
        block_set_unref(set);
        return err;
    }
    block_sets_publish(&db->sets, set);
    tsdb_count(&db->dropped_count, drops->count);
    err = log_store_settle(&db->log); /* before the files go, as in job.c */
    for (size_t i = 0; i < drops->count && !err; i++)
        tsdb_retire(db, drops->entries[i]);
    return err;
}

static void add_drop(struct drops *drops, const struct block_entry *entry)
{
    if (drops->count < DROPS_MAX)
        drops->entries[drops->count++] = entry;
}

/*
 * Blocks past the retention by the trusted clock, and one more when the clock
 * has jumped ahead and an hour has passed. *ret_left: others are past it only by the clock.
 */
static void choose_by_age(struct tsdb *db, const struct block_set *set, int64_t now_ms,
                          int64_t mono_ns, struct drops *drops, bool *ret_left)
{
    int64_t retention_ms = db->retention_ms;
    int64_t trusted_ms = clock_add_ms(db->retain.trusted_ms, -retention_ms);
    int64_t clock_ms = clock_add_ms(now_ms, -retention_ms);
    bool step = retain_may_step(&db->retain, mono_ns);

    for (size_t i = 0; i < set->count; i++) {
        int64_t max_ts_ms = block_info(set->entries[i].block)->max_ts_ms;

        if (max_ts_ms < trusted_ms) {
            add_drop(drops, &set->entries[i]);
        } else if (max_ts_ms < clock_ms && step) {
            add_drop(drops, &set->entries[i]);
            retain_stepped(&db->retain, mono_ns);
            step = false;
        } else if (max_ts_ms < clock_ms) {
            *ret_left = true;
        }
    }
}

static bool is_dropped(const struct drops *drops, const struct block_entry *entry)
{
    for (size_t i = 0; i < drops->count; i++)
        if (drops->entries[i] == entry)
            return true;
    return false;
}

/* The oldest go until the rest fits; the newest block stays in any case. */
static void choose_by_size(const struct tsdb *db, const struct block_set *set, struct drops *drops)
{
    uint64_t limit = db->retention_bytes;
    uint64_t bytes = set->bytes + db->log.body_bytes;

    for (size_t i = 0; i < drops->count; i++)
        bytes -= block_info(drops->entries[i]->block)->bytes;
    for (size_t i = 0; limit && i + 1 < set->count && bytes > limit; i++) {
        if (drops->count == DROPS_MAX || is_dropped(drops, &set->entries[i]))
            continue;
        add_drop(drops, &set->entries[i]);
        bytes -= block_info(set->entries[i].block)->bytes;
    }
}

static enum err retain(struct tsdb *db, int64_t now_ms, int64_t mono_ns)
{
    struct block_set *set = block_sets_get(&db->sets);
    struct drops drops = { .count = 0 };
    bool left = false;
    enum err err = ERR_OK;

    if (db->retention_ms)
        choose_by_age(db, set, now_ms, mono_ns, &drops, &left);
    if (!left)
        retain_caught_up(&db->retain, now_ms);
    choose_by_size(db, set, &drops);
    db->clock_behind_ms = db->retain.behind ? now_ms - db->retain.trusted_ms : 0;
    if (drops.count)
        err = drop_blocks(db, set, &drops);
    block_set_unref(set);
    return err;
}

static enum err follow_clock(struct tsdb *db, int64_t now_ms, int64_t mono_ns)
{
    int64_t stored_ms;
    enum err err;

    if (db->retain_known) {
        retain_advance(&db->retain, now_ms, mono_ns);
        return ERR_OK;
    }
    err = log_store_get_meta(&db->log, "clock_ms", INT64_MIN, &stored_ms, NULL);
    if (err)
        return err;
    retain_init(&db->retain, stored_ms, now_ms, mono_ns);
    retain_init(&db->events_clock, stored_ms, now_ms, mono_ns);
    db->retain_known = true;
    return ERR_OK;
}

/* --- idle series --- */

static void advance_epoch(struct tsdb *db, int64_t mono_ns)
{
    if (db->epoch_mono_ns == 0)
        db->epoch_mono_ns = mono_ns;
    db->epoch_began = mono_ns - db->epoch_mono_ns >= EPOCH_NS;
    if (!db->epoch_began)
        return;
    db->epoch_mono_ns += EPOCH_NS;
    atomic_fetch_add(&db->index.epoch, 1);
    db->evict_ref = 1;
}

static bool is_idle(const struct tsdb *db, const struct series *s, uint32_t ref)
{
    uint8_t age = (uint8_t)(atomic_load_explicit(&db->index.epoch, memory_order_relaxed) -
                            atomic_load_explicit(&s->epoch, memory_order_relaxed));

    return age >= SERIES_IDLE_EPOCHS && head_is_sealed(&db->head, ref);
}

/* The next idle series, from a slice of the table. */
static size_t find_idle(struct tsdb *db, uint32_t *refs)
{
    uint32_t last = series_count(&db->index.table);
    uint32_t visited = 0;
    size_t count = 0;

    while (db->evict_ref <= last && visited < SLICE_SERIES && count < EVICTS_MAX) {
        const struct series *s = series_find(&db->index.table, db->evict_ref);

        if (s && is_idle(db, s, db->evict_ref))
            refs[count++] = db->evict_ref;
        db->evict_ref++;
        visited++;
    }
    if (db->evict_ref > last)
        db->evict_ref = 0;
    return count;
}

static enum err undefine(struct tsdb *db, const uint32_t *refs, size_t count)
{
    enum err err = log_store_begin(&db->log);

    for (size_t i = 0; i < count && !err; i++)
        err = log_store_drop_series(&db->log, refs[i]);
    if (!err)
        err = log_store_commit(&db->log);
    if (err)
        log_store_abort(&db->log);
    for (size_t i = 0; i < count && !err; i++)
        series_find(&db->index.table, refs[i])->flags &= (uint8_t)~SERIES_DEFINED;
    return err;
}

/*
 * First the definitions go, so that a series that stays after all is defined anew with its next
 * sample. Readers keep out the eviction, never the other way round; then the
 * series is met again in the next epoch.
 */
static enum err evict(struct tsdb *db, const uint32_t *refs, size_t count,
                      tsdb_on_evicted *on_evicted, void *ctx)
{
    size_t evicted = 0;
    enum err err = undefine(db, refs, count);

    if (err)
        return err;
    if ((on_evicted && !on_evicted(ctx, refs, count)) ||
        pthread_rwlock_trywrlock(&db->head.gate) != 0)
        return ERR_OK;
    for (size_t i = 0; i < count; i++)
        head_forget(&db->head, refs[i]);
    err = index_evict(&db->index, refs, count, &evicted);
    pthread_rwlock_unlock(&db->head.gate);
    tsdb_count(&db->evicted_count, evicted);
    return err;
}

static enum err evict_idle(struct tsdb *db, tsdb_on_evicted *on_evicted, void *ctx)
{
    uint32_t *refs;
    size_t count;
    enum err err = ERR_OK;

    if (db->evict_ref == 0 || db->job || db->settling.marks_ms)
        return ERR_OK;
    refs = mem_alloc(EVICTS_MAX * sizeof *refs);
    if (!refs)
        return ERR_NOMEM;
    count = find_idle(db, refs);
    if (count)
        err = evict(db, refs, count, on_evicted, ctx);
    mem_free(refs);
    return err;
}

/* --- memory --- */

/* Directories of blocks that nobody reads are given back now and then, and when memory is short. */
static void book_blocks(struct tsdb *db, bool trim)
{
    struct block_set *set = block_sets_get(&db->sets);
    size_t bytes = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (trim)
            block_trim(set->entries[i].block);
        bytes += block_bytes(set->entries[i].block);
    }
    block_set_unref(set);
    budget_set(db->budget, BUDGET_BLOCKS, bytes);
}

/* What is sealed can be read from blocks; what is not, wants a seal. */
static void make_room(struct tsdb *db)
{
    size_t limit = db->budget->limit_bytes;

    db->memory_short = limit && budget_room_bytes(db->budget) < limit / ROOM_PART;
    for (int i = 0; db->memory_short && i < DROP_SLICES; i++)
        if (!head_drop_sealed(&db->head, SLICE_SERIES))
            break;
    book_blocks(db, db->memory_short || db->epoch_began);
    tsdb_book_memory(db);
    db->memory_short = limit && budget_room_bytes(db->budget) < limit / ROOM_PART;
}

/*
 * The events' clock does not follow jumps either: what was there before one stays as long again as
 * it would have without it, or until the bytes are used up.
 */
static enum err prune_events(struct tsdb *db, int64_t now_ms, int64_t mono_ns)
{
    int64_t retention_ms = db->events_retention_ms;
    int64_t trusted_ms = retain_advance(&db->events_clock, now_ms, mono_ns);
    struct event_limits limits = {
        .oldest_ms = retention_ms ? clock_add_ms(trusted_ms, -retention_ms) : INT64_MIN,
        .max_bytes = db->events_max_bytes,
    };
    bool more = true;
    enum err err = ERR_OK;

    for (int i = 0; i < CUT_ROUNDS && more && !err; i++)
        err = event_rows_prune(&db->events, &db->manifest, &limits, &more);
    if (db->events.oldest_ms >= clock_add_ms(now_ms, -retention_ms))
        retain_caught_up(&db->events_clock, now_ms);
    return err;
}

static enum err cut_log(struct tsdb *db)
{
    bool more = true;
    enum err err = ERR_OK;

    for (int i = 0; i < CUT_ROUNDS && more && !err; i++)
        err = log_store_cut(&db->log, &more);
    return err ? err : log_store_give_back(&db->log);
}

enum err tsdb_maintain(struct tsdb *db, int64_t now_ms, int64_t mono_ns,
                       tsdb_on_evicted *on_evicted, void *ctx)
{
    enum err err;

    db->now_ms = now_ms;
    (void)tsdb_settle(db);
    advance_epoch(db, mono_ns);
    make_room(db);
    err = follow_clock(db, now_ms, mono_ns);
    if (!err)
        err = retain(db, now_ms, mono_ns);
    if (!err)
        err = evict_idle(db, on_evicted, ctx);
    if (!err)
        err = strike_doomed(db);
    if (!err)
        err = cut_log(db);
    if (!err)
        err = log_store_checkpoint(&db->log);
    return err ? err : prune_events(db, now_ms, mono_ns);
}
