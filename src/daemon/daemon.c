#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "daemon/limits.h"
#include "daemon/reload.h"
#include "daemon/write_thread.h"
#include "http/sse.h"

enum { RELOADS_WAITING_MAX = 16, SSE_TOPICS_MAX = 20000, ADDRESS_MAX_BYTES = 128 };

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
    struct evaluate_thread evaluate;
    struct queue reloads; /* struct http_parked: who asked */
    char host[ADDRESS_MAX_BYTES];
    uint16_t port;
    char instance[ADDRESS_MAX_BYTES];
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

/* "127.0.0.1:8080", "[::1]:0"; a name is not an address. */
static enum err split_listen(struct daemon *d, struct diag *diag)
{
    struct str text = config_text(d->config, OPT_LISTEN), host = text, port = STR_NONE;
    int64_t number;

    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == ':') {
            host = (struct str){ text.ptr, i - 1 };
            port = (struct str){ text.ptr + i, text.len - i };
            break;
        }
    if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = (struct str){ host.ptr + 1, host.len - 2 };
    if (str_equals(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (!host.len || host.len >= sizeof d->host || !str_parse_i64(port, &number) || number < 0 ||
        number > 65535)
        return diag_set(diag, ERR_INVALID,
                        "listen must be ADDRESS:PORT, as 127.0.0.1:8080, but is \"%.*s\"",
                        STR_ARG(text));
    snprintf(d->host, sizeof d->host, "%.*s", STR_ARG(host));
    d->port = (uint16_t)number;
    if (str_has_prefix(host, STR("127.")) || str_equals(host, STR("::1")))
        return ERR_OK;
    return diag_set(diag, ERR_FORBIDDEN,
                    "listen is %.*s, which others can reach: tokens and TLS come with a later "
                    "version, until then only loopback addresses are served",
                    STR_ARG(text));
}

static enum err open_data_dir(struct daemon *d, struct diag *diag)
{
    struct str dir = config_text(d->config, OPT_DATA);
    enum err err = file_make_dir(dir.ptr, diag);

    return err ? err : file_lock_dir(dir.ptr, &d->lock_fd, diag);
}

static void on_replayed(void *ctx, struct tsdb *db, const struct sample_batch *batch)
{
    struct daemon *d = ctx;

    if (!d->evaluate.mapping)
        d->evaluate.mapping = mapping_new(db, monitor_sink(d->evaluate.monitor));
    if (d->evaluate.mapping)
        mapping_apply(d->evaluate.mapping, batch);
}

static enum err open_store(struct daemon *d, struct diag *diag)
{
    struct tsdb_options options = {
        .dir = config_text(d->config, OPT_DATA).ptr,
        .relaxed = str_equals(config_text(d->config, OPT_STORAGE_DURABILITY), STR("relaxed")),
        .memory_limit_bytes = limits_memory_bytes(config_int(d->config, OPT_STORAGE_MEMORY)),
        .retention_ms = config_int(d->config, OPT_STORAGE_RETENTION),
        .max_future_ms = config_int(d->config, OPT_STORAGE_MAX_FUTURE),
        .on_replayed = on_replayed,
        .ctx = d,
        .replay_from_ms = clock_wall_ms(&d->clock) - WINDOW_LENGTH_MAX_S * 1000,
    };
    enum err err;

    d->evaluate.monitor = monitor_new(d->config);
    if (!d->evaluate.monitor)
        return diag_set(diag, ERR_NOMEM, "no memory for the monitor");
    err = tsdb_open(&options, &d->db, diag);
    if (err)
        return err;
    if (!d->evaluate.mapping)
        d->evaluate.mapping = mapping_new(d->db, monitor_sink(d->evaluate.monitor));
    return d->evaluate.mapping ? ERR_OK : diag_set(diag, ERR_NOMEM, "no memory for the mapping");
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
    api->daemon = d;
    api->db = d->db;
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
    d->api.overview_topic = sse_topic(d->api.hub, STR(TOPIC_OVERVIEW));
    err = queue_init(&d->reloads, RELOADS_WAITING_MAX, QUEUE_REFUSE, refuse_reload);
    if (!err)
        err = evaluate_thread_init(&d->evaluate);
    if (!err)
        err = write_thread_init(&d->write);
    return err ? diag_set(diag, err, "no memory for the queues") : ERR_OK;
}

static enum err start_server(struct daemon *d, struct diag *diag)
{
    const struct config *cfg = d->config;
    struct http_options options = {
        .address = d->host,
        .port = d->port,
        .threads = (int)config_int(cfg, OPT_HTTP_THREADS),
        .max_connections = (int)config_int(cfg, OPT_HTTP_MAX_CONNECTIONS),
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
    d->port = http_server_port(d->server);
    snprintf(d->instance, sizeof d->instance, strchr(d->host, ':') ? "[%.100s]:%u" : "%.100s:%u",
             d->host, d->port);
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
        .clock = d->clock,
        .instance = str_of(d->instance),
    };
    d->write.db = d->db;
    d->write.evaluate = &d->evaluate;
    d->write.commit_duration = &d->api.own.commit_duration;
    d->write.store_failing = &d->api.own.store_failing;
}

/* The first view is published last: until then every handler answers 503. */
static enum err start_threads(struct daemon *d, struct diag *diag)
{
    struct scrape_options scrape = {
        .db = d->db,
        .batches = &d->write.queue,
        .log = &d->log,
        .clock = d->clock,
        .stats = &d->api.own.scrape,
    };
    enum err err = write_thread_start(&d->write);

    if (!err)
        err = scrape_start(&scrape, d->config, &d->scraper);
    d->api.scraper = d->scraper;
    if (!err)
        err = evaluate_thread_publish(&d->evaluate);
    if (!err)
        err = evaluate_thread_start(&d->evaluate);
    return err ? diag_set(diag, err, "the threads do not start: %s", err_text(err)) : ERR_OK;
}

static enum err start(struct daemon *d, struct diag *diag)
{
    enum err err = split_listen(d, diag);

    if (!err)
        err = open_data_dir(d, diag);
    if (!err)
        err = open_store(d, diag);
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
    evaluate_thread_stop(&d->evaluate);
    if (d->reloads.items)
        queue_close(&d->reloads);
    queue_release(&d->reloads);
    http_server_stop(d->server);
    scrape_free(d->scraper);
    write_thread_release(&d->write);
    evaluate_thread_release(&d->evaluate);
    frames_free(d->evaluate.frames);
    sse_hub_free(d->api.hub);
    mapping_free(d->evaluate.mapping);
    monitor_free(d->evaluate.monitor);
    if (d->views_ready)
        publication_release(&d->api.views);
    tsdb_close(d->db);
    config_unref(d->config);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
}

static void take_over(struct daemon *d, struct config *cfg)
{
    reload_warn_of_restarts(&d->log, d->config, cfg);
    log_set_level(&d->log, log_level_of(cfg));
    tsdb_set_retention(d->db, config_int(cfg, OPT_STORAGE_RETENTION));
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
    mem_free(d);
    return err_exit_code(err);
}
