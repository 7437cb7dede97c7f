#include "daemon/parts.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/view_json.h"
#include "base/file.h"
#include "daemon/breaker_log.h"
#include "daemon/limits.h"
#include "daemon/listen_auth.h"
#include "daemon/replay.h"
#include "http/sse.h"

enum { RELOADS_WAITING_MAX = 16, SSE_TOPICS_MAX = 20000 };

static const char *data_dir(const struct daemon *d)
{
    return config_text(d->config, OPT_DATA).ptr;
}

static enum err open_data_dir(struct daemon *d, struct diag *diag)
{
    enum err err = file_make_dir(data_dir(d), diag);

    return err ? err : file_lock_dir(data_dir(d), &d->lock_fd, diag);
}

/* Those of a process that ended while it made them would keep their names for ever. */
static void remove_unfinished_backups(struct daemon *d)
{
    char path[PATH_MAX];
    size_t count = 0;

    if (snprintf(path, sizeof path, "%s/backups", data_dir(d)) < (int)sizeof path)
        count = tsdb_remove_unfinished_backups(path);
    if (count)
        log_write(&d->log, LOG_WARN, "backups that were not finished are removed",
                  LOG_INT("count", (int64_t)count));
}

/* Notes this start. A file that cannot be written costs the protection, not the start. */
static void note_start(struct daemon *d)
{
    struct diag diag = { 0 };

    if (safe_mode_begin(data_dir(d), clock_wall_ms(&d->clock), &d->starts, &diag))
        log_write(&d->log, LOG_WARN, "this start could not be noted for the safe mode",
                  LOG_CSTR("error", diag_text(&diag)));
    if (d->starts.is_damaged)
        log_message(&d->log, LOG_WARN,
                    "the file of unclean starts was damaged: it counts as empty");
}

/* Only transitions from now on are news for the log, and only what is booked from now on counts. */
static enum err replay_told_events(struct daemon *d)
{
    struct signal_sink sink = monitor_sink(d->evaluate.monitor);
    enum err err = replay_events(d->db, &sink, clock_wall_ms(&d->clock));

    monitor_set_listener(d->evaluate.monitor, breaker_log_write, &d->log);
    monitor_begin_totals(d->evaluate.monitor, clock_wall_ms(&d->clock));
    return err;
}

static enum err open_store(struct daemon *d, struct diag *diag)
{
    struct tsdb_options options = {
        .dir = data_dir(d),
        .relaxed = str_equals(config_text(d->config, OPT_STORAGE_DURABILITY), STR("relaxed")),
        .recover = config_bool(d->config, OPT_STORAGE_RECOVER),
        .budget = &d->budget,
        .retention_ms = config_int(d->config, OPT_STORAGE_RETENTION),
        .retention_bytes = (uint64_t)config_int(d->config, OPT_STORAGE_RETENTION_SIZE),
        .events_retention_ms = config_int(d->config, OPT_EVENTS_RETENTION),
        .events_max_bytes = (uint64_t)config_int(d->config, OPT_EVENTS_MAX_BYTES),
        .max_future_ms = config_int(d->config, OPT_STORAGE_MAX_FUTURE),
        .late_window_ms = config_int(d->config, OPT_STORAGE_OUT_OF_ORDER_WINDOW),
    };
    enum err err;

    budget_init(&d->budget, limits_memory_bytes(config_int(d->config, OPT_STORAGE_MEMORY)));
    d->evaluate.monitor = monitor_new(d->config);
    if (!d->evaluate.monitor)
        return diag_set(diag, ERR_NOMEM, "no memory for the monitor");
    err = tsdb_open(&options, &d->db, diag);
    if (err)
        return err;
    err = mapping_new(d->db, monitor_sink(d->evaluate.monitor), d->config, &d->evaluate.mapping);
    if (err)
        return diag_set(diag, err, "no memory for the mapping");
    err = replay_windows(d->db, d->evaluate.mapping, clock_wall_ms(&d->clock));
    if (!err)
        err = replay_told_events(d);
    return err ? diag_set(diag, err, "the last minutes cannot be read: %s", err_text(err)) : ERR_OK;
}

/* The write thread's word, or the state thread's, that it commits nothing more. */
static void on_lost(void *daemon)
{
    struct daemon *d = daemon;

    atomic_store(&d->sync_failed, true);
    kill(getpid(), SIGTERM);
}

/* Nothing runs yet: the monitor is nobody's. */
static void define_at_start(void *daemon, struct definition *definition, bool gone)
{
    struct daemon *d = daemon;
    enum err err = gone ? ERR_OK : monitor_define(d->evaluate.monitor, definition);

    if (err)
        log_write(&d->log, LOG_WARN, "a service that was defined is not watched",
                  LOG_STR("service", definition->service->name), LOG_CSTR("error", err_text(err)));
}

/* What people defined, as the monitor needs it for the first view. */
static enum err ask_job(struct daemon *d, struct http_parked *parked, const char *dir)
{
    enum err err = store_jobs_ask(&d->write.jobs, parked, dir);

    if (!err)
        write_thread_wake(&d->write);
    return err;
}

static enum err go_on_with_backup(void *daemon, struct http_parked *parked, const char *dir)
{
    return ask_job(daemon, parked, dir);
}

static enum err open_state(struct daemon *d, struct diag *diag)
{
    enum err err;

    d->state.log = &d->log;
    d->state.api = &d->api;
    d->state.on_lost = on_lost;
    d->state.go_on = go_on_with_backup;
    d->state.daemon = d->api.daemon = d;
    d->api.tell_definition = define_at_start;
    err = state_thread_open(&d->state, data_dir(d), d->config, diag);
    if (!err)
        err = state_thread_tell_all(&d->state);
    return err ? diag_set(diag, err, "the state cannot be read: %s", err_text(err)) : ERR_OK;
}

static enum err ask_history(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;

    return evaluate_thread_push_question(&d->evaluate, parked);
}

static enum err ask_stored(void *daemon, struct http_parked *parked, int64_t stored_ms,
                           const struct service_history *history)
{
    struct daemon *d = daemon;

    return query_thread_ask_history(&d->query, parked, stored_ms, history);
}

static enum err ask_query(void *daemon, struct http_parked *parked, api_answer *answer)
{
    struct daemon *d = daemon;

    return query_thread_ask(&d->query, parked, answer);
}

static enum err ask_reload(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;
    enum err err = queue_push(&d->reloads, parked);

    if (!err)
        kill(getpid(), SIGHUP);
    return err;
}

static enum err ask_seal(void *daemon, struct http_parked *parked)
{
    return ask_job(daemon, parked, NULL);
}

static void answer_job(struct http_parked *parked, enum err err, const struct diag *diag,
                       const struct tsdb_job_result *result, const char *dir)
{
    if (err && dir)
        state_thread_drop_copy(dir);
    api_answer_job(parked, err, diag, result, dir);
}

static enum err ask_backup(void *daemon, struct http_parked *parked, const char *dir)
{
    struct daemon *d = daemon;

    return state_thread_ask(&d->state, parked, dir);
}

static enum err ask_edit(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;

    return state_thread_ask(&d->state, parked, NULL);
}

static enum err ask_fresh(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;

    return evaluate_thread_push_fresh(&d->evaluate, parked);
}

static void tell_definition(void *daemon, struct definition *definition, bool gone)
{
    struct daemon *d = daemon;

    if (evaluate_thread_push_definition(&d->evaluate, definition, gone))
        log_write(&d->log, LOG_WARN, "the evaluation does not hear of a definition",
                  LOG_STR("service", definition->service->name));
}

static void wake_write_thread(void *write)
{
    write_thread_wake(write);
}

static void refuse_reload(void *parked)
{
    struct http_reply none = { 0 };

    http_request_finish(parked, ERR_CANCELLED, &none);
}

static void on_request(void *ctx, const struct http_route *route, int status, int64_t duration_ns)
{
    (void)status;
    own_note_request(&((struct api *)ctx)->own, route, duration_ns);
}

void parts_set_retention(struct daemon *d, const struct config *cfg)
{
    int64_t retention_ms = config_int(cfg, OPT_STORAGE_RETENTION);
    uint64_t retention_bytes = (uint64_t)config_int(cfg, OPT_STORAGE_RETENTION_SIZE);

    tsdb_set_retention(d->db, retention_ms, retention_bytes);
    tsdb_set_events_retention(d->db, config_int(cfg, OPT_EVENTS_RETENTION),
                              (uint64_t)config_int(cfg, OPT_EVENTS_MAX_BYTES));
    atomic_store(&d->api.retention_ms, retention_ms);
    atomic_store(&d->api.retention_bytes, retention_bytes);
}

static void fill_api(struct daemon *d)
{
    struct api *api = &d->api;

    api->clock = d->clock;
    api->version = FUSEBOX_VERSION;
    api->started_ms = clock_wall_ms(&d->clock);
    snprintf(api->epoch, sizeof api->epoch, "%llx-%x", (unsigned long long)api->started_ms,
             (unsigned)getpid());
    api->open_is_one = str_equals(config_text(d->config, OPT_BREAKER_STATE_ENCODING),
                                  STR("closed-open-halfopen"));
    api->config_file = d->sources->file;
    api->gateway = config_text(d->config, OPT_MONITORING_GATEWAY);
    api->ask_history = ask_history;
    api->ask_stored = ask_stored;
    api->ask_query = ask_query;
    api->ask_reload = ask_reload;
    api->ask_seal = ask_seal;
    api->ask_backup = ask_backup;
    api->ask_edit = ask_edit;
    api->ask_fresh = ask_fresh;
    api->tell_definition = tell_definition;
    api->daemon = d;
    events_init(&d->events, d->db, &d->write.queue, &d->budget,
                config_int(d->config, OPT_STORAGE_MAX_FUTURE));
    remote_write_init(&d->remote_write,
                      &(struct remote_write_options){
                          .db = d->db,
                          .batches = &d->write.queue,
                          .budget = &d->budget,
                          .max_future_ms = config_int(d->config, OPT_STORAGE_MAX_FUTURE),
                          .max_wait_ms = config_int(d->config, OPT_INGEST_MAX_WAIT),
                      });
    d->events_ready = true;
    api->events = &d->events;
    api->own.events = &d->events.stats;
    api->remote_write = &d->remote_write;
    api->own.remote_write = &d->remote_write.stats;
    api->db = d->db;
    api->data_dir = data_dir(d);
    api->budget = api->own.budget = &d->budget;
    api->notices = api->own.notices = &d->notices;
    parts_set_retention(d, d->config);
    api_set_config(api, d->config);
    api->own.started_ms = api->started_ms;
    api->own.version = FUSEBOX_VERSION;
    api->own.db = d->db;
    api->own.write_queue = &d->write.queue;
    api->own.evaluate_queue = &d->evaluate.inbox;
    api->own.query_queue = &d->query.inbox;
    api->own.routes = api_routes;
    api->own.route_count = api_route_count;
    atomic_store(&api->own.reload_successful, 1);
    atomic_store(&api->own.reload_success_ms, api->started_ms);
}

static enum err make_parts(struct daemon *d, struct diag *diag)
{
    int streams = (int)config_int(d->config, OPT_HTTP_MAX_STREAMS);
    enum err err;

    d->api.hub = sse_hub_new(streams, SSE_TOPICS_MAX, &d->api.own.http);
    d->evaluate.frames = frames_new(&d->api);
    if (!d->api.hub || !d->evaluate.frames)
        return diag_set(diag, ERR_NOMEM, "no memory for the event streams");
    sse_hub_set_budget(d->api.hub, &d->budget);
    d->api.overview_topic = sse_topic(d->api.hub, STR(VIEW_OVERVIEW));
    err = queue_init(&d->reloads, RELOADS_WAITING_MAX, QUEUE_REFUSE, refuse_reload);
    if (!err)
        err = evaluate_thread_init(&d->evaluate);
    if (!err)
        err = write_thread_init(&d->write);
    if (!err)
        err = seal_thread_init(&d->seal);
    if (!err)
        err = query_thread_init(&d->query);
    return err ? diag_set(diag, err, "no memory for the queues") : ERR_OK;
}

/* Fewer connections than configured when there are not enough descriptors for them. */
static int connections_of(struct daemon *d)
{
    int wanted = (int)config_int(d->config, OPT_HTTP_MAX_CONNECTIONS);
    uint64_t descriptors = limits_raise_files();

    d->files = limits_share_files(descriptors, wanted);
    if (d->files.connections < wanted)
        log_write(&d->log, LOG_WARN,
                  "there are few file descriptors: fewer connections than configured are taken",
                  LOG_INT("descriptors", (int64_t)descriptors),
                  LOG_INT("connections", d->files.connections), LOG_INT("configured", wanted));
    return d->files.connections;
}

static enum err start_server(struct daemon *d, struct diag *diag)
{
    const struct config *cfg = d->config;
    struct http_options options = {
        .address = d->listen.host,
        .port = d->listen.port,
        .threads = (int)config_int(cfg, OPT_HTTP_THREADS),
        .max_connections = connections_of(d),
        .max_connections_per_ip = (int)config_int(cfg, OPT_HTTP_MAX_PER_IP),
        .header_timeout_ms = config_int(cfg, OPT_HTTP_HEADER_TIMEOUT),
        .body_timeout_ms = config_int(cfg, OPT_HTTP_BODY_TIMEOUT),
        .idle_timeout_ms = config_int(cfg, OPT_HTTP_IDLE_TIMEOUT),
        .request_timeout_ms = config_int(cfg, OPT_HTTP_REQUEST_TIMEOUT),
        .hosts = config_text(cfg, OPT_HTTP_HOSTS),
        .auth = &d->auth,
        .routes = api_routes,
        .route_count = api_route_count,
        .ctx = &d->api,
        .stats = &d->api.own.http,
        .on_request = on_request,
    };
    enum err err = http_server_start(&options, &d->server, diag);

    if (err)
        return err;
    d->listen.port = http_server_port(d->server);
    snprintf(d->instance, sizeof d->instance,
             strchr(d->listen.host, ':') ? "[%.100s]:%u" : "%.100s:%u", d->listen.host,
             d->listen.port);
    return ERR_OK;
}

static void wire_threads(struct daemon *d)
{
    d->evaluate.log = d->write.log = &d->log;
    d->evaluate.clock = d->write.clock = d->query.clock = d->clock;
    d->evaluate.api = d->query.api = &d->api;
    d->evaluate.stream_interval_ns = config_int(d->config, OPT_HTTP_STREAM_INTERVAL) * 1000000;
    d->evaluate.self_interval_ns = config_int(d->config, OPT_SELF_INTERVAL) * 1000000;
    d->evaluate.own_series = (struct own_series){
        .db = d->db,
        .batches = &d->write.queue,
        .budget = &d->budget,
        .clock = d->clock,
        .instance = str_of(d->instance),
    };
    d->write.db = d->write.watch.db = d->write.jobs.db = d->db;
    d->write.budget = d->write.watch.budget = &d->budget;
    d->write.own = d->write.watch.own = &d->api.own;
    d->write.jobs.log = d->write.watch.log = &d->log;
    d->write.watch.notices = &d->notices;
    d->write.evaluate = &d->evaluate;
    d->write.on_lost = on_lost;
    d->write.daemon = d;
    d->write.jobs.seal = &d->seal;
    d->write.jobs.answer = answer_job;
    d->seal.wake = wake_write_thread;
    d->seal.ctx = &d->write;
    watch_init(&d->write.watch, data_dir(d), (uint64_t)config_int(d->config, OPT_STORAGE_MIN_FREE));
}

/* Own series, and those of the services that are known, are made before new ones are refused. */
static void enter_safe_mode(struct daemon *d)
{
    own_series_store(&d->evaluate.own_series, &d->api);
    watch_enter_safe_mode(&d->write.watch, clock_wall_ms(&d->clock), clock_mono_ns(&d->clock));
}

/* Until the first view is published every handler answers 503. */
static enum err start_threads(struct daemon *d, struct diag *diag)
{
    struct scrape_options scrape = {
        .db = d->db,
        .batches = &d->write.queue,
        .budget = &d->budget,
        .log = &d->log,
        .clock = d->clock,
        .stats = &d->api.own.scrape,
        .max_connections = d->files.scrapes,
    };
    enum err err = evaluate_thread_publish(&d->evaluate);

    if (!err && d->starts.is_safe)
        enter_safe_mode(d);
    if (!err)
        err = seal_thread_start(&d->seal);
    if (!err)
        err = write_thread_start(&d->write);
    if (!err)
        err = state_thread_start(&d->state);
    if (!err)
        err = query_thread_start(&d->query);
    if (!err)
        err = scrape_start(&scrape, d->config, &d->scraper);
    d->api.scraper = d->scraper;
    if (!err)
        atomic_store(&d->write.exemplars, scrape_exemplars(d->scraper));
    if (!err)
        told_metadata_keep_in(&d->remote_write.metadata, scrape_metadata(d->scraper));
    if (!err)
        err = evaluate_thread_start(&d->evaluate);
    return err ? diag_set(diag, err, "the threads do not start: %s", err_text(err)) : ERR_OK;
}

static enum err recall_events(struct daemon *d, struct diag *diag)
{
    enum err err = events_recall(&d->events, d->db, clock_wall_ms(&d->clock));

    return err ? diag_set(diag, err, "the ids of events cannot be read: %s", err_text(err))
               : ERR_OK;
}

/* Who may call, from the start on. */
static enum err admit_callers(struct daemon *d, struct diag *diag)
{
    struct auth auth;
    enum err err = listen_auth_init(&auth, d->config, &d->listen, diag);

    if (err)
        return err;
    listen_auth_warn(&auth, &d->listen, &d->log);
    err = auth_desk_init(&d->auth, &auth);
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}

enum err parts_start(struct daemon *d, struct diag *diag)
{
    enum err err = listen_address_parse(config_text(d->config, OPT_LISTEN), &d->listen, diag);

    if (!err)
        err = admit_callers(d, diag);
    if (!err)
        err = open_data_dir(d, diag);
    if (!err) {
        note_start(d);
        remove_unfinished_backups(d);
        err = open_store(d, diag);
    }
    if (!err)
        err = open_state(d, diag);
    if (err)
        return err;
    publication_init(&d->api.views);
    lock_init(&d->api.config_lock, LOCK_RANK_PUBLISH);
    d->views_ready = true;
    fill_api(d);
    own_cardinality_init(&d->api.own.cardinality);
    err = recall_events(d, diag);
    if (!err)
        err = make_parts(d, diag);
    if (!err)
        err = start_server(d, diag);
    if (err)
        return err;
    wire_threads(d);
    return start_threads(d, diag);
}

/*
 * In the order of the data's way, so that nothing is handed to someone who has gone. Requests are
 * answered until the server stops, so whatever they ask goes after it.
 */
void parts_stop(struct daemon *d)
{
    scrape_stop(d->scraper);
    write_thread_stop(&d->write);
    seal_thread_stop(&d->seal);
    state_thread_stop(&d->state);
    evaluate_thread_stop(&d->evaluate);
    query_thread_stop(&d->query);
    if (d->reloads.items)
        queue_close(&d->reloads);
    queue_release(&d->reloads);
    http_server_stop(d->server);
    auth_desk_release(&d->auth);
    write_thread_release(&d->write);
    seal_thread_release(&d->seal);
    state_thread_close(&d->state);
    evaluate_thread_release(&d->evaluate);
    query_thread_release(&d->query);
    if (d->events_ready) {
        events_release(&d->events);
        remote_write_release(&d->remote_write);
    }
    scrape_free(d->scraper); /* it has the metadata */
    frames_free(d->evaluate.frames);
    sse_hub_free(d->api.hub);
    mapping_free(d->evaluate.mapping);
    monitor_free(d->evaluate.monitor);
    if (d->views_ready) {
        publication_release(&d->api.views);
        api_set_config(&d->api, NULL);
        lock_release(&d->api.config_lock);
    }
    own_cardinality_release(&d->api.own.cardinality);
    tsdb_close(d->db);
    if (d->lock_fd >= 0) {
        if (!atomic_load(&d->sync_failed))
            safe_mode_end(data_dir(d));
        close(d->lock_fd);
    }
    config_unref(d->config);
    config_unref(d->first_config);
}
