#include "daemon/evaluate_thread.h"

#include "base/mem.h"
#include "base/size.h"

static const int64_t FRAME_GAP_NS = 100000000; /* at most ten frames a second */
enum { PUBLISH_SHARE = 4 }; /* views take at most one in so many seconds of the thread */
static const int64_t IDLE_EXTRA_NS = 500000000; /* a view without new figures may wait longer */
enum { INBOX_AT_ONCE = 64 };

enum item_kind {
    ITEM_BATCH,
    ITEM_QUESTION,
    ITEM_FRESH,
    ITEM_CONFIG,
    ITEM_DEFINE,
    ITEM_UNDEFINE,
    ITEM_FORGET,
};

/* References of series that have left memory. */
struct gone {
    size_t count;
    uint32_t refs[];
};

struct item {
    enum item_kind kind;
    void *ptr;
};

/* What is left in the inbox when the daemon ends. */
static void drop_item(void *ptr)
{
    struct item *item = ptr;
    struct http_reply none = { 0 };

    if (item->kind == ITEM_BATCH)
        sample_batch_free(item->ptr);
    else if (item->kind == ITEM_QUESTION || item->kind == ITEM_FRESH)
        http_request_finish(item->ptr, ERR_CANCELLED, &none);
    else if (item->kind == ITEM_CONFIG)
        config_unref(item->ptr);
    else if (item->kind == ITEM_DEFINE || item->kind == ITEM_UNDEFINE)
        definition_unref(item->ptr);
    else
        mem_free(item->ptr);
    mem_free(item);
}

enum err evaluate_thread_init(struct evaluate_thread *e)
{
    e->oldest_batch_mono_ns = -1;
    return queue_init(&e->inbox, EVALUATE_INBOX_ITEMS, QUEUE_BLOCK, drop_item);
}

static enum err push(struct evaluate_thread *e, enum item_kind kind, void *ptr)
{
    struct item *item = mem_alloc(sizeof *item);
    enum err err;

    if (!item)
        return ERR_NOMEM;
    *item = (struct item){ kind, ptr };
    err = queue_push(&e->inbox, item);
    if (err)
        mem_free(item);
    return err;
}

enum err evaluate_thread_push_batch(struct evaluate_thread *e, struct sample_batch *batch)
{
    return push(e, ITEM_BATCH, batch);
}

/* An http thread must not wait: a full inbox means that the answer would be late anyway. */
static enum err push_parked(struct evaluate_thread *e, enum item_kind kind,
                            struct http_parked *parked)
{
    if (queue_count(&e->inbox) >= EVALUATE_INBOX_ITEMS / 2)
        return ERR_OVERLOADED;
    return push(e, kind, parked);
}

enum err evaluate_thread_push_question(struct evaluate_thread *e, struct http_parked *parked)
{
    return push_parked(e, ITEM_QUESTION, parked);
}

enum err evaluate_thread_push_fresh(struct evaluate_thread *e, struct http_parked *parked)
{
    return push_parked(e, ITEM_FRESH, parked);
}

enum err evaluate_thread_push_definition(struct evaluate_thread *e, struct definition *d, bool gone)
{
    enum err err = push(e, gone ? ITEM_UNDEFINE : ITEM_DEFINE, definition_ref(d));

    if (err)
        definition_unref(d);
    return err;
}

enum err evaluate_thread_push_config(struct evaluate_thread *e, struct config *cfg)
{
    enum err err = push(e, ITEM_CONFIG, config_ref(cfg));

    if (err)
        config_unref(cfg);
    return err;
}

enum err evaluate_thread_push_forget(struct evaluate_thread *e, const uint32_t *refs, size_t count)
{
    size_t bytes = mul_size(count, sizeof refs[0]);
    struct gone *gone = mem_alloc(add_size(sizeof *gone, bytes));
    enum err err;

    if (!gone)
        return ERR_NOMEM;
    gone->count = count;
    memcpy(gone->refs, refs, bytes);
    err = push(e, ITEM_FORGET, gone);
    if (err)
        mem_free(gone);
    return err;
}

static void answer_fresh(struct evaluate_thread *e)
{
    for (size_t i = 0; i < e->fresh_count; i++)
        api_answer_service(e->api, e->fresh[i]);
    e->fresh_count = 0;
}

/* Whether the frames of now bring figures: they do once an interval. */
static bool take_figures(struct evaluate_thread *e, int64_t now_ns)
{
    if (now_ns < e->figures_mono_ns + e->stream_interval_ns)
        return false;
    if (e->figures_wait) /* a view without new ones must not make the next ones late */
        e->figures_mono_ns = now_ns;
    e->figures_wait = false;
    return true;
}

static void note_published(struct evaluate_thread *e, const struct monitor_view *view)
{
    struct own *own = &e->api->own;
    struct monitor_stats stats = monitor_stats(e->monitor);

    if (e->oldest_batch_mono_ns >= 0)
        histogram_observe(&own->freshness, clock_mono_ns(&e->clock) - e->oldest_batch_mono_ns);
    e->oldest_batch_mono_ns = -1;
    atomic_store(&own->signals, stats.signals_count);
    atomic_store(&own->services_refused, stats.services_refused_count);
    atomic_store(&own->breakers_refused, stats.breakers_refused_count);
    atomic_store(&own->evaluated_ms, view->now_ms);
}

enum err evaluate_thread_publish(struct evaluate_thread *e)
{
    int64_t now_ns = clock_mono_ns(&e->clock);
    struct monitor_view *view;
    enum err err = monitor_view(e->monitor, clock_wall_ms(&e->clock), &view);

    e->published_mono_ns = now_ns;
    if (err)
        return err;
    publication_set(&e->api->views, view_ref(view));
    answer_fresh(e);
    frames_send(e->frames, e->monitor, view, take_figures(e, now_ns));
    note_published(e, view);
    view_unref(view);
    e->publish_cost_ns = clock_mono_ns(&e->clock) - now_ns;
    return ERR_OK;
}

static void take_batch(struct evaluate_thread *e, struct sample_batch *batch)
{
    if (e->oldest_batch_mono_ns < 0)
        e->oldest_batch_mono_ns = batch->received_mono_ns;
    e->figures_wait = true;
    mapping_apply(e->mapping, batch);
    if (batch->cargo && batch->cargo->evaluate) {
        struct signal_sink sink = monitor_sink(e->monitor);

        batch->cargo->evaluate(batch->cargo, &sink);
    }
    sample_batch_free(batch);
}

static void take_config(struct evaluate_thread *e, struct config *cfg)
{
    enum err err = monitor_apply(e->monitor, cfg);

    if (err)
        log_write(e->log, LOG_WARN, "not every service of the configuration could be taken over",
                  LOG_CSTR("error", err_text(err)));
    err = mapping_configure(e->mapping, cfg);
    if (err)
        log_write(e->log, LOG_WARN, "mappings of the configuration were not taken over",
                  LOG_CSTR("error", err_text(err)));
    e->stream_interval_ns = config_int(cfg, OPT_HTTP_STREAM_INTERVAL) * 1000000;
    e->self_interval_ns = config_int(cfg, OPT_SELF_INTERVAL) * 1000000;
    config_unref(cfg);
}

static void take_definition(struct evaluate_thread *e, struct definition *d, bool gone)
{
    enum err err = ERR_OK;

    if (gone)
        monitor_undefine(e->monitor, d->service->name);
    else
        err = monitor_define(e->monitor, d);
    if (err)
        log_write(e->log, LOG_WARN, "a service that was defined is not watched",
                  LOG_STR("service", d->service->name), LOG_CSTR("error", err_text(err)));
    definition_unref(d);
}

static void take_fresh(struct evaluate_thread *e, struct http_parked *parked)
{
    struct http_reply none = { 0 };

    if (e->fresh_count == EVALUATE_FRESH_MAX)
        http_request_finish(parked, ERR_OVERLOADED, &none);
    else
        e->fresh[e->fresh_count++] = parked;
}

static void take_gone(struct evaluate_thread *e, struct gone *gone)
{
    mapping_forget(e->mapping, gone->refs, gone->count);
    own_series_forget(&e->own_series, gone->refs, gone->count);
    mem_free(gone);
}

static void take_item(struct evaluate_thread *e, struct item *item)
{
    int64_t begin_ns = clock_mono_ns(&e->clock);

    switch (item->kind) {
    case ITEM_BATCH:
        take_batch(e, item->ptr);
        break;
    case ITEM_QUESTION:
        api_answer_history(e->api, e->monitor, e->self_interval_ns / 1000000, item->ptr);
        break;
    case ITEM_FRESH:
        take_fresh(e, item->ptr);
        break;
    case ITEM_CONFIG:
        take_config(e, item->ptr);
        break;
    case ITEM_DEFINE:
    case ITEM_UNDEFINE:
        take_definition(e, item->ptr, item->kind == ITEM_UNDEFINE);
        break;
    case ITEM_FORGET:
        take_gone(e, item->ptr);
        break;
    }
    mem_free(item);
    histogram_observe(&e->api->own.evaluate_duration, clock_mono_ns(&e->clock) - begin_ns);
}

/*
 * When the next view is due. What people must hear of goes out at once. New figures go out with the
 * batch that brings them, unless others went out less than an interval ago; a view without any,
 * which shows no more than that time passes, must not make them late.
 */
static int64_t publish_due_ns(const struct evaluate_thread *e)
{
    int64_t gap_ns = PUBLISH_SHARE * e->publish_cost_ns;
    int64_t frame_ns = e->published_mono_ns + (gap_ns > FRAME_GAP_NS ? gap_ns : FRAME_GAP_NS);
    int64_t figures_ns = e->figures_mono_ns + e->stream_interval_ns;

    if (e->alarm || e->fresh_count)
        return frame_ns;
    if (e->figures_wait)
        return figures_ns > frame_ns ? figures_ns : frame_ns;
    return e->published_mono_ns + e->stream_interval_ns + IDLE_EXTRA_NS;
}

/* Until when nothing needs to be done but wait for the inbox. */
static int64_t due_ns(const struct evaluate_thread *e)
{
    int64_t publish_ns = publish_due_ns(e);
    int64_t store_ns = e->stored_mono_ns + e->self_interval_ns;

    return publish_ns < store_ns ? publish_ns : store_ns;
}

/* Takes what waits, a bounded number at once. ERR_CANCELLED: stopped and empty. */
static enum err work_off(struct evaluate_thread *e, int64_t wait_ns)
{
    void *item;
    enum err err = queue_pop(&e->inbox, wait_ns > 0 ? wait_ns : 0, &item);

    for (int taken = 0; !err; taken++) {
        take_item(e, item);
        if (taken == INBOX_AT_ONCE)
            return ERR_OK;
        err = queue_pop(&e->inbox, 0, &item);
    }
    return err == ERR_TIMEOUT ? ERR_OK : err;
}

enum err evaluate_thread_turn(struct evaluate_thread *e, int64_t longest_wait_ns)
{
    int64_t wait_ns = due_ns(e) - clock_mono_ns(&e->clock);
    enum err err = work_off(e, wait_ns < longest_wait_ns ? wait_ns : longest_wait_ns);
    int64_t now_ns = clock_mono_ns(&e->clock);

    e->alarm |= monitor_take_alarm(e->monitor);
    if (now_ns >= publish_due_ns(e)) {
        if (evaluate_thread_publish(e))
            log_message(e->log, LOG_WARN, "no memory for a new view, the old one stays");
        e->alarm = false;
    }
    if (now_ns - e->stored_mono_ns >= e->self_interval_ns) {
        own_cardinality_look(&e->api->own.cardinality, e->api->db, now_ns);
        own_series_store(&e->own_series, e->api);
        e->stored_mono_ns = now_ns;
    }
    return err;
}

static void *run(void *arg)
{
    while (!evaluate_thread_turn(arg, INT64_MAX))
        ;
    return NULL;
}

enum err evaluate_thread_start(struct evaluate_thread *e)
{
    return thread_start(&e->thread, "evaluate", run, e);
}

void evaluate_thread_stop(struct evaluate_thread *e)
{
    if (e->inbox.items)
        queue_close(&e->inbox);
    thread_stop(&e->thread);
}

void evaluate_thread_release(struct evaluate_thread *e)
{
    struct http_reply none = { 0 };

    for (size_t i = 0; i < e->fresh_count; i++)
        http_request_finish(e->fresh[i], ERR_CANCELLED, &none);
    e->fresh_count = 0;
    own_series_release(&e->own_series);
    queue_release(&e->inbox);
}
