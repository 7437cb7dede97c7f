#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "daemon/limits.h"
#include "daemon/listen_address.h"
#include "daemon/reload.h"
#include "daemon/replay.h"
#include "daemon/safe_mode.h"
#include "daemon/write_thread.h"
#include "http/sse.h"

enum { RELOADS_WAITING_MAX = 16, SSE_TOPICS_MAX = 20000, INSTANCE_BYTES = 140 };

static const int EXIT_SYNC_FAILED = 74; /* EX_IOERR of sysexits.h */

struct daemon {
    const struct config_sources *sources;
    struct config *config;
    struct clock clock;
    struct log log;
    bool log_ready;
    int lock_fd;
    struct api api;
    bool views_ready;
    struct tsdb *db;
    struct scraper *scraper;
    struct http_server *server;
    struct write_thread write;
    struct seal_thread seal;
    struct evaluate_thread evaluate;
    struct queue reloads; /* struct http_parked: who asked */
    struct budget budget;
    struct notices notices;
    struct safe_mode_start starts;
    atomic_bool sync_failed; /* then it ends */
    struct listen_address listen;
    char instance[INSTANCE_BYTES];
    FILE *out, *err_out;
};

static void print_errors(FILE *out, const struct config_errors *errors)
{
    struct buf text = buf_limited(256 << 10);

    config_errors_print(errors, &text);
    fwrite(text.data ? text.data : "", 1, text.len, out);
    buf_release(&text);
}

static enum err load_config(struct daemon *d)
{
    struct config_errors errors;
    enum err err;

    config_errors_init(&errors);
    err = config_load(d->sources, &d->config, &errors);
    if (err || errors.warnings.count)
        print_errors(d->err_out, &errors);
    config_errors_release(&errors);
    return err;
}

static enum log_format log_format_of(const struct config *cfg)
{
    return str_equals(config_text(cfg, OPT_LOG_FORMAT), STR("json")) ? LOG_FORMAT_JSON
                                                                     : LOG_FORMAT_LOGFMT;
}

static enum log_level log_level_of(const struct config *cfg)
{
    enum log_level level = LOG_INFO;

    (void)log_level_parse(config_text(cfg, OPT_LOG_LEVEL), &level);
    return level;
}

static const char *data_dir(const struct daemon *d)
{
    return config_text(d->config, OPT_DATA).ptr;
}

static enum err open_data_dir(struct daemon *d, struct diag *diag)
{
    enum err err = file_make_dir(data_dir(d), diag);

    return err ? err : file_lock_dir(data_dir(d), &d->lock_fd, diag);
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

static enum err open_store(struct daemon *d, struct diag *diag)
{
    struct tsdb_options options = {
        .dir = data_dir(d),
        .relaxed = str_equals(config_text(d->config, OPT_STORAGE_DURABILITY), STR("relaxed")),
        .recover = true,
        .budget = &d->budget,
        .retention_ms = config_int(d->config, OPT_STORAGE_RETENTION),
        .retention_bytes = (uint64_t)config_int(d->config, OPT_STORAGE_RETENTION_SIZE),
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
    d->evaluate.mapping = mapping_new(d->db, monitor_sink(d->evaluate.monitor));
    if (!d->evaluate.mapping)
        return diag_set(diag, ERR_NOMEM, "no memory for the mapping");
    err = replay_windows(d->db, d->evaluate.mapping, clock_wall_ms(&d->clock));
    return err ? diag_set(diag, err, "the last minutes cannot be read: %s", err_text(err)) : ERR_OK;
}

static enum err ask_history(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;

    return evaluate_thread_push_question(&d->evaluate, parked);
}

static enum err ask_reload(void *daemon, struct http_parked *parked)
{
    struct daemon *d = daemon;
    enum err err = queue_push(&d->reloads, parked);

    if (!err)
        kill(getpid(), SIGHUP);
    return err;
}

static enum err ask_job(struct daemon *d, struct http_parked *parked, const char *dir)
{
    enum err err = store_jobs_ask(&d->write.jobs, parked, dir);

    if (!err)
        write_thread_wake(&d->write);
    return err;
}

static enum err ask_seal(void *daemon, struct http_parked *parked)
{
    return ask_job(daemon, parked, NULL);
}

static enum err ask_backup(void *daemon, struct http_parked *parked, const char *dir)
{
    return ask_job(daemon, parked, dir);
}

/* The write thread's word that it commits nothing more. */
static void on_lost(void *daemon)
{
    struct daemon *d = daemon;

    atomic_store(&d->sync_failed, true);
    kill(getpid(), SIGTERM);
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

static void set_retention(struct daemon *d, const struct config *cfg)
{
    int64_t retention_ms = config_int(cfg, OPT_STORAGE_RETENTION);
    uint64_t retention_bytes = (uint64_t)config_int(cfg, OPT_STORAGE_RETENTION_SIZE);

    tsdb_set_retention(d->db, retention_ms, retention_bytes);
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
    api->ask_history = ask_history;
    api->ask_reload = ask_reload;
    api->ask_seal = ask_seal;
    api->ask_backup = ask_backup;
    api->daemon = d;
    api->db = d->db;
    api->data_dir = data_dir(d);
    api->budget = api->own.budget = &d->budget;
    api->notices = api->own.notices = &d->notices;
    set_retention(d, d->config);
    api->own.started_ms = api->started_ms;
    api->own.version = FUSEBOX_VERSION;
    api->own.db = d->db;
    api->own.write_queue = &d->write.queue;
    api->own.evaluate_queue = &d->evaluate.inbox;
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
    d->api.overview_topic = sse_topic(d->api.hub, STR(TOPIC_OVERVIEW));
    err = queue_init(&d->reloads, RELOADS_WAITING_MAX, QUEUE_REFUSE, refuse_reload);
    if (!err)
        err = evaluate_thread_init(&d->evaluate);
    if (!err)
        err = write_thread_init(&d->write);
    if (!err)
        err = seal_thread_init(&d->seal);
    return err ? diag_set(diag, err, "no memory for the queues") : ERR_OK;
}

/* Fewer connections than configured when there are not enough descriptors for them. */
static int connections_of(struct daemon *d)
{
    int wanted = (int)config_int(d->config, OPT_HTTP_MAX_CONNECTIONS);
    uint64_t enough = ((uint64_t)wanted + 1) * 4 / 3 + LIMITS_RESERVED_FILES;
    uint64_t descriptors = limits_raise_descriptors(enough);
    int fitting = limits_connections(wanted, descriptors);

    if (fitting < wanted)
        log_write(&d->log, LOG_WARN,
                  "there are few file descriptors: fewer connections than configured are taken",
                  LOG_INT("descriptors", (int64_t)descriptors), LOG_INT("connections", fitting),
                  LOG_INT("configured", wanted));
    return fitting;
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
    d->evaluate.clock = d->write.clock = d->clock;
    d->evaluate.api = &d->api;
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
    d->write.jobs.answer = api_answer_job;
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
    };
    enum err err = evaluate_thread_publish(&d->evaluate);

    if (!err && d->starts.is_safe)
        enter_safe_mode(d);
    if (!err)
        err = seal_thread_start(&d->seal);
    if (!err)
        err = write_thread_start(&d->write);
    if (!err)
        err = scrape_start(&scrape, d->config, &d->scraper);
    d->api.scraper = d->scraper;
    if (!err)
        err = evaluate_thread_start(&d->evaluate);
    return err ? diag_set(diag, err, "the threads do not start: %s", err_text(err)) : ERR_OK;
}

static enum err start(struct daemon *d, struct diag *diag)
{
    enum err err = listen_address_parse(config_text(d->config, OPT_LISTEN), &d->listen, diag);

    if (!err)
        err = open_data_dir(d, diag);
    if (!err) {
        note_start(d);
        err = open_store(d, diag);
    }
    if (err)
        return err;
    publication_init(&d->api.views);
    d->views_ready = true;
    fill_api(d);
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
static void stop(struct daemon *d)
{
    scrape_stop(d->scraper);
    write_thread_stop(&d->write);
    seal_thread_stop(&d->seal);
    evaluate_thread_stop(&d->evaluate);
    if (d->reloads.items)
        queue_close(&d->reloads);
    queue_release(&d->reloads);
    http_server_stop(d->server);
    scrape_free(d->scraper);
    write_thread_release(&d->write);
    seal_thread_release(&d->seal);
    evaluate_thread_release(&d->evaluate);
    frames_free(d->evaluate.frames);
    sse_hub_free(d->api.hub);
    mapping_free(d->evaluate.mapping);
    monitor_free(d->evaluate.monitor);
    if (d->views_ready)
        publication_release(&d->api.views);
    tsdb_close(d->db);
    if (d->lock_fd >= 0) {
        if (!atomic_load(&d->sync_failed))
            safe_mode_end(data_dir(d));
        close(d->lock_fd);
    }
    config_unref(d->config);
}

static void take_over(struct daemon *d, struct config *cfg)
{
    reload_warn_of_restarts(&d->log, d->config, cfg);
    log_set_level(&d->log, log_level_of(cfg));
    set_retention(d, cfg);
    scrape_reload(d->scraper, cfg);
    if (evaluate_thread_push_config(&d->evaluate, cfg))
        log_message(&d->log, LOG_WARN, "the services of the new configuration were not taken over");
    config_unref(d->config);
    d->config = cfg;
}

static void reload(struct daemon *d)
{
    struct config_errors errors;
    struct config *cfg = NULL;
    void *parked;
    enum err err;

    config_errors_init(&errors);
    err = config_load(d->sources, &cfg, &errors);
    reload_log_errors(&d->log, &errors);
    atomic_store(&d->api.own.reload_successful, err ? 0 : 1);
    if (err) {
        log_message(&d->log, LOG_ERROR, "reload refused, the configuration before stays in force");
    } else {
        take_over(d, cfg);
        atomic_store(&d->api.own.reload_success_ms, clock_wall_ms(&d->clock));
        log_message(&d->log, LOG_INFO, "configuration reloaded");
    }
    while (!queue_pop(&d->reloads, 0, &parked))
        reload_answer(parked, err, &errors);
    config_errors_release(&errors);
}

static void wait_for_signals(struct daemon *d, const sigset_t *signals)
{
    int number;

    for (;;) {
        number = sigwaitinfo(signals, NULL);
        if (number == SIGHUP)
            reload(d);
        else if (number == SIGTERM || number == SIGINT)
            return;
        else if (number < 0 && errno != EINTR)
            return;
    }
}

static void block_signals(sigset_t *signals)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static void announce(struct daemon *d)
{
    struct tsdb_stats s;

    tsdb_stats(d->db, &s);
    log_write(&d->log, LOG_INFO, "ready", LOG_CSTR("version", FUSEBOX_VERSION),
              LOG_CSTR("listen", d->instance), LOG_INT("series", (int64_t)s.series_count),
              LOG_INT("replayed_samples", (int64_t)s.replayed_samples_count),
              LOG_DOUBLE("replay_s", (double)s.replay_duration_ns / 1e9));
    fprintf(d->out, "fusebox is ready at http://%s/ui/\n", d->instance);
    fflush(d->out);
}

int daemon_run(const struct config_sources *sources, FILE *out, FILE *err_out)
{
    struct daemon *d = mem_alloc_zero(1, sizeof *d); /* atomics inside: it must not move */
    struct diag diag = { 0 };
    sigset_t signals;
    int exit_code;
    enum err err;

    if (!d)
        return err_exit_code(ERR_NOMEM);
    d->sources = sources;
    d->out = out;
    d->err_out = err_out;
    d->lock_fd = -1;
    d->clock = clock_system();
    err = load_config(d);
    if (err) {
        mem_free(d);
        return err_exit_code(err);
    }
    block_signals(&signals);
    notices_init(&d->notices);
    log_init(&d->log, STDERR_FILENO, log_level_of(d->config), log_format_of(d->config), d->clock);
    err = start(d, &diag);
    if (err) {
        log_write(&d->log, LOG_ERROR, "cannot start", LOG_CSTR("error", diag_text(&diag)));
    } else {
        atomic_store(&d->api.ready, true);
        announce(d);
        wait_for_signals(d, &signals);
        log_message(&d->log, LOG_INFO, "stopping");
    }
    stop(d);
    log_message(&d->log, LOG_INFO, "stopped");
    log_release(&d->log);
    notices_release(&d->notices);
    exit_code = atomic_load(&d->sync_failed) ? EXIT_SYNC_FAILED : err_exit_code(err);
    mem_free(d);
    return exit_code;
}
