#include "ingest/events.h"

#include "base/mem.h"
#include "ingest/batch_queue.h"
#include "ingest/event_recall.h"
#include "ingest/event_signals.h"

/* One event of a body, as far as it is needed later. */
struct item {
    struct str text; /* empty: it is a repeat */
    int64_t at_ms;
    struct hash_128 id;
    bool has_id;
};

struct event_delivery {
    struct batch_cargo cargo; /* first: a cargo is its delivery */
    struct events *events;
    struct arena arena;
    struct vec items, faults;
    size_t rejected, repeated;
    bool has_ids;
    bool leans_on_pending; /* repeats what may not be committed yet */
    uint64_t failures_before;
    size_t booked_bytes;
    struct str body;
    struct event_options options;
    struct event_tally tally;
    struct event_signals signals;
    struct buf text; /* what is stored of it */
    bool is_stored;
    events_done *done; /* NULL: it was told */
    void *ctx;
};

void events_init(struct events *e, struct tsdb *db, struct queue *batches, struct budget *budget,
                 int64_t max_future_ms)
{
    *e = (struct events){ .batches = batches, .budget = budget, .max_future_ms = max_future_ms };
    lock_init(&e->lock, LOCK_RANK_EVENTS);
    event_series_init(&e->series, db);
}

void events_release(struct events *e)
{
    event_series_release(&e->series);
    event_ids_release(&e->ids);
    lock_release(&e->lock);
}

enum err events_recall(struct events *e, struct tsdb *db, int64_t now_ms)
{
    return event_recall(&e->ids, db, now_ms);
}

/* --- the cargo of a batch --- */

static void tell(struct event_delivery *d, enum err err)
{
    events_done *done = d->done;
    struct event_counts counts = events_counts(d);

    d->done = NULL;
    if (done)
        done(d->ctx, &counts, err);
}

static void forget_ids(struct event_delivery *d)
{
    for (size_t i = 0; i < d->items.count; i++) {
        const struct item *item = vec_at(&d->items, i);

        if (item->has_id)
            event_ids_remove(&d->events->ids, item->id);
    }
}

static enum err settle_locked(struct event_delivery *d, enum err err)
{
    struct events *e = d->events;

    if (err) {
        e->failures_count++;
        forget_ids(d);
        return err;
    }
    d->is_stored = true;
    return d->leans_on_pending && e->failures_count != d->failures_before ? ERR_UNAVAILABLE
                                                                          : ERR_OK;
}

static void on_settled(struct batch_cargo *cargo, const struct samples_left_out *left_out UNUSED,
                       enum err err)
{
    struct event_delivery *d = (struct event_delivery *)cargo;
    struct events *e = d->events;

    lock_take(&e->lock);
    err = settle_locked(d, err);
    lock_drop(&e->lock);
    if (!err) {
        atomic_fetch_add(&e->stats.accepted, d->items.count - d->repeated);
        atomic_fetch_add(&e->stats.repeated, d->repeated);
    } else {
        atomic_fetch_add(&e->stats.refused_bodies, 1);
    }
    tell(d, err);
}

static void on_evaluate(struct batch_cargo *cargo, const struct signal_sink *sink)
{
    struct event_delivery *d = (struct event_delivery *)cargo;

    if (d->is_stored)
        event_signals_send(&d->signals, sink);
}

static void release_delivery(struct event_delivery *d)
{
    if (d->events->budget)
        budget_give(d->events->budget, BUDGET_INGEST, d->booked_bytes);
    event_tally_release(&d->tally);
    event_signals_release(&d->signals);
    vec_release(&d->items);
    vec_release(&d->faults);
    buf_release(&d->text);
    arena_release(&d->arena);
    mem_free(d);
}

static void on_free(struct batch_cargo *cargo)
{
    struct event_delivery *d = (struct event_delivery *)cargo;

    if (d->done)
        on_settled(cargo, NULL, ERR_CANCELLED);
    release_delivery(d);
}

void events_drop(struct event_delivery *d)
{
    if (d)
        release_delivery(d);
}

/* --- reading --- */

static void add_event(struct event_delivery *d, const struct event *event)
{
    event_tally_add(&d->tally, event);
    event_signals_add(&d->signals, event);
}

/* What has an id is added up when it is known whether it was told before. */
static enum err keep_event(struct event_delivery *d, const struct event *event)
{
    struct item *item = vec_push(&d->items);
    struct str id = event_text(event, EVENT_ID);

    if (!item)
        return vec_error(&d->items) == ERR_LIMIT ? ERR_TOO_LARGE : ERR_NOMEM;
    item->text = event->text;
    item->at_ms = event->at_ms;
    item->has_id = id.len > 0;
    if (item->has_id)
        item->id = event_id_hash(event_text(event, EVENT_SERVICE), id);
    else
        add_event(d, event);
    d->has_ids |= item->has_id;
    return ERR_OK;
}

static enum err keep_fault(struct event_delivery *d, const struct event_fault *fault)
{
    struct event_fault *place;

    if (++d->rejected + d->items.count > EVENTS_BODY_MAX_COUNT)
        return ERR_TOO_LARGE;
    if (d->faults.count == EVENTS_FAULTS_SHOWN)
        return ERR_OK;
    place = vec_push(&d->faults);
    if (!place)
        return ERR_NOMEM;
    *place = *fault;
    return ERR_OK;
}

static enum err read_all(struct event_delivery *d)
{
    struct event_reader reader;
    struct event_fault fault;
    struct event event;
    enum event_found found;
    enum err err = ERR_OK;

    event_reader_init(&reader, d->body, &d->options, &d->arena);
    while (!err && (found = event_reader_next(&reader, &event, &fault)) != EVENT_END)
        err = found == EVENT_FOUND ? keep_event(d, &event) : keep_fault(d, &fault);
    return err;
}

static struct event_delivery *new_delivery(struct events *e, struct str body)
{
    struct event_delivery *d = mem_alloc_zero(1, sizeof *d);

    if (!d)
        return NULL;
    d->cargo = (struct batch_cargo){ on_settled, on_evaluate, on_free };
    d->events = e;
    d->body = body;
    d->arena = arena_limited(EVENTS_ARENA_MAX_BYTES);
    d->items = vec_of(sizeof(struct item), EVENTS_BODY_MAX_COUNT);
    d->faults = vec_of(sizeof(struct event_fault), EVENTS_FAULTS_SHOWN);
    d->text = buf_limited(EVENTS_BODY_MAX_BYTES + EVENTS_BODY_MAX_COUNT);
    event_tally_init(&d->tally, &d->arena);
    event_signals_init(&d->signals, &d->arena);
    return d;
}

static bool book(struct event_delivery *d)
{
    size_t bytes = 3 * d->body.len + sizeof *d; /* and what is made of it */

    if (d->events->budget && !budget_take_assured(d->events->budget, BUDGET_INGEST, bytes))
        return false;
    d->booked_bytes = bytes;
    return true;
}

enum err events_read(struct events *e, struct str body, bool is_ndjson, int64_t now_ms,
                     struct event_delivery **ret, struct diag *diag)
{
    struct event_delivery *d = new_delivery(e, body);
    enum err err;

    if (!d)
        return ERR_NOMEM;
    d->options = (struct event_options){ now_ms, e->max_future_ms, is_ndjson };
    err = book(d) ? read_all(d) : ERR_OVERLOADED;
    if (err == ERR_TOO_LARGE)
        diag_set(diag, err, "a body may have %d events", EVENTS_BODY_MAX_COUNT);
    if (err) {
        events_drop(d);
        return err;
    }
    atomic_fetch_add(&e->stats.rejected, d->rejected);
    *ret = d;
    return ERR_OK;
}

struct event_counts events_counts(const struct event_delivery *d)
{
    return (struct event_counts){ .accepted = d->items.count,
                                  .repeated = d->repeated,
                                  .rejected = d->rejected,
                                  .faults = d->faults.items,
                                  .fault_count = d->faults.count };
}

/* --- submitting --- */

/* Marks what was told before, within this body or another one. On an error nothing is kept. */
static enum err check_ids(struct event_delivery *d)
{
    struct events *e = d->events;
    enum err err = ERR_OK;

    for (size_t i = 0; i < d->items.count; i++) {
        struct item *item = vec_at(&d->items, i);
        bool is_new = true;

        if (item->has_id && !err)
            err = event_ids_add(&e->ids, item->id, d->options.now_ms, &is_new);
        if (!is_new) {
            d->repeated++;
            d->leans_on_pending = true;
            item->text.len = 0;
        }
        if (err || !is_new)
            item->has_id = false; /* not ours to forget */
    }
    d->failures_before = e->failures_count;
    return err;
}

/* Reads the body once more for the events that have an id and are no repeats. */
static void add_identified(struct event_delivery *d)
{
    struct event_reader reader;
    struct event_fault fault;
    struct event event;
    enum event_found found;
    size_t i = 0;

    if (!d->has_ids)
        return;
    event_reader_init(&reader, d->body, &d->options, &d->arena);
    while ((found = event_reader_next(&reader, &event, &fault)) != EVENT_END) {
        const struct item *item;

        if (found == EVENT_REJECTED)
            continue;
        item = vec_at(&d->items, i++);
        if (item->has_id)
            add_event(d, &event);
    }
}

static enum err finish_parts(struct event_delivery *d)
{
    enum err err = event_tally_finish(&d->tally);

    return err ? err : event_signals_finish(&d->signals);
}

/* What is stored word for word: all that are no repeats, each on a line of its own. */
static enum err write_events(struct event_delivery *d, struct batch_events *ret)
{
    struct batch_events events = { .min_ms = INT64_MAX, .max_ms = INT64_MIN };

    if (!buf_reserve(&d->text, d->body.len + d->items.count))
        return buf_error(&d->text);
    for (size_t i = 0; i < d->items.count; i++) {
        const struct item *item = vec_at(&d->items, i);

        if (!item->text.len)
            continue;
        buf_append_str(&d->text, item->text);
        buf_append_byte(&d->text, '\n');
        events.count++;
        events.id_count += item->has_id;
        events.min_ms = item->at_ms < events.min_ms ? item->at_ms : events.min_ms;
        events.max_ms = item->at_ms > events.max_ms ? item->at_ms : events.max_ms;
    }
    events.text = buf_str(&d->text);
    *ret = events;
    return buf_error(&d->text);
}

static enum err push_locked(struct event_delivery *d, int64_t mono_ns)
{
    struct events *e = d->events;
    struct sample_batch *batch;
    struct batch_events events;
    enum err err = write_events(d, &events);

    if (!err)
        err = event_series_draft(&e->series, &d->tally, d->options.now_ms, &batch);
    if (err)
        return err;
    batch->events = events;
    batch->received_ms = d->options.now_ms;
    batch->received_mono_ns = mono_ns;
    batch->cargo = &d->cargo;
    err = batch_queue_push(e->batches, e->budget, batch);
    if (!err) {
        event_series_keep(&e->series);
        return ERR_OK;
    }
    batch->cargo = NULL;
    sample_batch_free(batch);
    event_series_undo(&e->series);
    return err == ERR_LIMIT ? ERR_OVERLOADED : err;
}

static enum err submit_locked(struct event_delivery *d, int64_t mono_ns)
{
    enum err err = check_ids(d);

    if (!err) {
        add_identified(d);
        err = finish_parts(d);
    }
    if (!err)
        err = push_locked(d, mono_ns);
    if (err)
        forget_ids(d);
    return err;
}

enum err events_submit(struct events *e, struct event_delivery *d, int64_t mono_ns,
                       events_done *done, void *ctx)
{
    enum err err;

    d->done = done;
    d->ctx = ctx;
    lock_take(&e->lock);
    err = submit_locked(d, mono_ns);
    lock_drop(&e->lock);
    if (err)
        atomic_fetch_add(&e->stats.refused_bodies, 1);
    return err;
}
