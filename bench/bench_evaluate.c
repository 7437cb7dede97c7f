/*
 * What the evaluate thread costs: mapping, monitor, views, frames for a viewer of
 * the overview and one of a service, own series. All of it is the daemon's own
 * code, turned by hand under a clock that is passed in; only scraping and commits
 * are left out.
 *
 *   bench_evaluate [SERVICES] [SECONDS] [scrapes|events] [FLIPS]   defaults 1000 60 scrapes 10
 *
 * Each service has three breakers and two instances that are scraped each second,
 * evenly over the second: about 100 signals a second. With `events` it tells 100 calls
 * a second instead, in bodies of 1,000. FLIPS breakers a second change their state,
 * each of which makes a view of its own, ten a second at most.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/view_json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "daemon/evaluate_thread.h"
#include "stream_client.h"

enum { BREAKERS = 3, INSTANCES = 2, SLICES = 10, EVENTS_PER_BODY = 1000, VIEWS = 20 };
enum { TARGET_SERIES_MAX = 48, QUEUE_BATCHES = 4096, WARM_UP_S = 15 };
static const int64_t T0_MS = 1700000000000;

/* One series of a target, and how it moves. */
struct moving {
    uint32_t ref;
    double value, step;
};

struct target {
    struct moving series[TARGET_SERIES_MAX];
    size_t count;
    struct moving *states[BREAKERS];
};

struct stage {
    struct manual_clock hands;
    struct config *config;
    struct tsdb *db;
    struct api api;
    struct queue batches; /* towards the store */
    struct events events;
    struct evaluate_thread evaluate;
    struct http_server *server;
    struct log log;
    struct rng rng;
    struct target *targets;
    size_t service_count, target_count;
    size_t flips, flipped;
    int64_t cpu_ns;
    int64_t worst_turn_ns;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s failed\n", what);
    exit(1);
}

static int64_t thread_cpu_ns(void)
{
    struct rusage used;

    getrusage(RUSAGE_THREAD, &used);
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

/* --- what is scraped --- */

struct naming {
    const char *metric, *label, *value, *key; /* value: of `label`; key: the breaker */
    double step;
};

static struct moving *add_series(struct stage *s, size_t target, const struct naming *n)
{
    struct target *t = &s->targets[target];
    struct moving *m = &t->series[t->count++];
    struct arena arena = arena_limited(2 * LABELS_MAX_BYTES);
    struct labels_builder builder;
    struct labels set;
    char instance[32], service[32];

    must(t->count <= TARGET_SERIES_MAX, "room for series");
    snprintf(instance, sizeof instance, "10.0.%zu.%zu:80", target >> 8, target & 255);
    snprintf(service, sizeof service, "service-%05zu", target / INSTANCES);
    labels_builder_init(&builder, &arena);
    labels_builder_add(&builder, LABEL_METRIC_NAME, str_of(n->metric));
    labels_builder_add(&builder, STR("job"), STR("fleet"));
    labels_builder_add(&builder, STR("instance"), str_of(instance));
    labels_builder_add(&builder, str_of(n->key ? "group" : "name"), str_of(service));
    if (n->key)
        labels_builder_add(&builder, STR("key"), str_of(n->key));
    if (n->label)
        labels_builder_add(&builder, str_of(n->label), str_of(n->value));
    must(!labels_builder_finish(&builder, &set, NULL) && !tsdb_series(s->db, set, &m->ref),
         "a series");
    m->step = n->step;
    arena_release(&arena);
    return m;
}

static void add_breaker(struct stage *s, size_t target, size_t b)
{
    static const char *const keys[] = { "read", "write", "list" };
    static const struct naming rows[] = {
        { "hystrix_execution_total", "event", "success", NULL, 30 },
        { "hystrix_execution_total", "event", "failure", NULL, 1 },
        { "hystrix_execution_total", "event", "timeout", NULL, 0.2 },
        { "hystrix_execution_total", "event", "bad_request", NULL, 0.1 },
        { "hystrix_execution_total", "event", "short_circuited", NULL, 0 },
        { "hystrix_execution_terminal_total", NULL, NULL, NULL, 31 },
        { "hystrix_latency_total_seconds_count", NULL, NULL, NULL, 31 },
        { "hystrix_latency_total_seconds_sum", NULL, NULL, NULL, 1.5 },
    };
    struct naming state = { "hystrix_circuit_breaker_open", NULL, NULL, keys[b], 0 };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct naming n = rows[i];

        n.key = keys[b];
        add_series(s, target, &n);
    }
    s->targets[target].states[b] = add_series(s, target, &state);
}

static void add_target(struct stage *s, size_t target)
{
    static const struct naming retries[] = {
        { "resilience4j_retry_calls_total", "kind", "successful_without_retry", NULL, 90 },
        { "resilience4j_retry_calls_total", "kind", "successful_with_retry", NULL, 2 },
        { "resilience4j_retry_calls_total", "kind", "failed_with_retry", NULL, 1 },
        { "resilience4j_retry_calls_total", "kind", "failed_without_retry", NULL, 0.5 },
    };

    for (size_t b = 0; b < BREAKERS; b++)
        add_breaker(s, target, b);
    for (size_t i = 0; i < ARRAY_LEN(retries); i++)
        add_series(s, target, &retries[i]);
}

static void push_scrape(struct stage *s, struct target *t)
{
    struct sample_batch *batch = sample_batch_new(t->count);

    must(batch, "a batch");
    batch->received_ms = s->hands.wall_ms;
    batch->received_mono_ns = s->hands.mono_ns;
    for (size_t i = 0; i < t->count; i++) {
        t->series[i].value += 2 * t->series[i].step * rng_unit(&s->rng);
        batch->items[batch->count++] = (struct series_sample){ t->series[i].ref, batch->received_ms,
                                                               t->series[i].value };
    }
    must(!evaluate_thread_push_batch(&s->evaluate, batch), "a push");
}

static void push_scrapes(struct stage *s, size_t slice)
{
    for (size_t i = 0; i < s->target_count; i++)
        if (i / INSTANCES % SLICES == slice)
            push_scrape(s, &s->targets[i]);
}

/* Breakers go open and closed again, one after the other; both instances agree. */
static void flip(struct stage *s, size_t slice)
{
    for (size_t i = slice; i < s->flips; i += SLICES) {
        size_t service = s->flipped * 7919 % s->service_count, b = s->flipped % BREAKERS;

        s->flipped++;
        for (size_t n = 0; n < INSTANCES; n++) {
            struct target *t = &s->targets[service * INSTANCES + n];

            t->states[b]->value = t->states[b]->value > 0 ? 0 : 1;
            push_scrape(s, t);
        }
    }
}

/* --- what is told by events --- */

static void on_done(void *ctx UNUSED, const struct event_counts *counts, enum err err)
{
    must(!err && !counts->rejected, "a body of events");
}

static void push_body(struct stage *s, size_t first)
{
    struct buf body = buf_limited(EVENTS_BODY_MAX_BYTES);
    struct event_delivery *delivery;
    struct sample_batch *batch;
    void *item;

    for (size_t i = 0; i < EVENTS_PER_BODY; i++)
        buf_printf(&body,
                   "{\"event_type\":\"call\",\"service\":\"service-%05zu\",\"breaker\":\"b%zu\","
                   "\"outcome\":\"%s\",\"retry_count\":%d,\"duration_ms\":%zu}\n",
                   (first + i / 100) % s->service_count, i % BREAKERS,
                   i % 50 ? "success" : "failure", i % 25 == 0, i % 200);
    must(!events_read(&s->events, buf_str(&body), true, s->hands.wall_ms, &delivery, NULL) &&
             !events_submit(&s->events, delivery, s->hands.mono_ns, on_done, s) &&
             !queue_pop(&s->batches, 0, &item),
         "a body of events");
    batch = item;
    batch->cargo->settle(batch->cargo, &batch->left_out, ERR_OK);
    must(!evaluate_thread_push_batch(&s->evaluate, batch), "a push");
    buf_release(&body);
}

static void push_events(struct stage *s, size_t slice)
{
    size_t bodies = s->service_count * 100 / EVENTS_PER_BODY;

    for (size_t i = slice; i < bodies; i += SLICES)
        push_body(s, i * 10);
}

/* --- the thread, by hand --- */

/* Own series come back from the store as every batch does. */
static void commit_own_series(struct stage *s)
{
    void *batch;

    while (!queue_pop(&s->batches, 0, &batch))
        must(!evaluate_thread_push_batch(&s->evaluate, batch), "a push");
}

static void turn(struct stage *s)
{
    int64_t begin_ns = thread_cpu_ns(), used_ns;

    must(!evaluate_thread_turn(&s->evaluate, 0), "a turn");
    used_ns = thread_cpu_ns() - begin_ns;
    s->cpu_ns += used_ns;
    if (used_ns > s->worst_turn_ns)
        s->worst_turn_ns = used_ns;
}

static void run_second(struct stage *s, bool by_events)
{
    for (size_t slice = 0; slice < SLICES; slice++) {
        if (by_events)
            push_events(s, slice);
        else
            push_scrapes(s, slice);
        manual_clock_advance(&s->hands, 1000 / SLICES);
        if (!by_events)
            flip(s, slice);
        while (queue_count(&s->evaluate.inbox))
            turn(s);
        turn(s);
        commit_own_series(s);
    }
}

/* --- stage --- */

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

static void make_api(struct stage *s)
{
    struct api *api = &s->api;

    api->clock = clock_manual(&s->hands);
    api->version = api->own.version = "bench";
    publication_init(&api->views);
    own_cardinality_init(&api->own.cardinality);
    api->hub = sse_hub_new(16, 16, NULL);
    must(api->hub, "the hub");
    api->overview_topic = sse_topic(api->hub, STR(VIEW_OVERVIEW));
    api->db = api->own.db = s->db;
    api->own.write_queue = &s->batches;
    api->own.evaluate_queue = &s->evaluate.inbox;
    api->own.query_queue = &s->evaluate.inbox; /* nobody asks */
    api->own.routes = api_routes;
    api->own.route_count = api_route_count;
}

static void make_evaluate(struct stage *s)
{
    struct evaluate_thread *e = &s->evaluate;

    e->log = &s->log;
    e->clock = s->api.clock;
    e->api = &s->api;
    e->stream_interval_ns = config_int(s->config, OPT_HTTP_STREAM_INTERVAL) * 1000000;
    e->self_interval_ns = config_int(s->config, OPT_SELF_INTERVAL) * 1000000;
    e->own_series = (struct own_series){ .db = s->db,
                                         .batches = &s->batches,
                                         .clock = s->api.clock,
                                         .instance = STR("127.0.0.1:9095") };
    e->monitor = monitor_new(s->config);
    must(e->monitor && !mapping_new(s->db, monitor_sink(e->monitor), s->config, &e->mapping),
         "monitor and mapping");
    must(!evaluate_thread_init(e), "the inbox");
    e->frames = frames_new(&s->api);
    must(e->frames && !evaluate_thread_publish(e), "the first view");
}

static uint16_t serve(struct stage *s)
{
    struct http_options options = { .address = "127.0.0.1",
                                    .threads = 1,
                                    .routes = api_routes,
                                    .route_count = api_route_count,
                                    .stats = &s->api.own.http,
                                    .ctx = &s->api };

    atomic_store(&s->api.ready, true);
    must(!http_server_start(&options, &s->server, NULL), "the server");
    return http_server_port(s->server);
}

static void stage_init(struct stage *s, const char *dir, size_t services)
{
    struct tsdb_options options = { .dir = dir, .relaxed = true };
    struct config_errors errors;
    struct config_sources sources = { 0 };

    s->rng = rng_seeded(1);
    config_errors_init(&errors);
    s->service_count = services;
    s->target_count = services * INSTANCES;
    s->targets = mem_alloc_zero(s->target_count, sizeof *s->targets);
    manual_clock_advance(&s->hands, T0_MS);
    must(s->targets && !tsdb_open(&options, &s->db, NULL), "the store");
    must(!config_load(&sources, &s->config, &errors), "the configuration");
    must(!queue_init(&s->batches, QUEUE_BATCHES, QUEUE_REFUSE, drop_batch), "the queue");
    events_init(&s->events, s->db, &s->batches, NULL, 600000);
    make_api(s);
    make_evaluate(s);
}

static void report_load(const struct stage *s, uint64_t signals, uint64_t frames, double seconds)
{
    printf("%zu services, %zu breakers: %.0f signals a second for each service, %.1f frames/s\n",
           s->service_count, s->service_count * BREAKERS,
           (double)signals / seconds / (double)s->service_count, (double)frames / seconds);
    printf("evaluate thread: %.1f %% of one core; the longest turn %.0f ms\n",
           100 * (double)s->cpu_ns / 1e9 / seconds, (double)s->worst_turn_ns / 1e6);
}

static void report_view(struct stage *s)
{
    struct buf out = buf_limited(API_BODY_MAX_BYTES);
    struct view_origin origin = { "bench", NULL };
    struct monitor_view *view = NULL;
    int64_t begin_ns = thread_cpu_ns();

    for (int i = 0; i < VIEWS; i++) {
        view_unref(view);
        must(!monitor_view(s->evaluate.monitor, s->hands.wall_ms, &view), "a view");
    }
    printf("a view: %.1f ms, %.1f MiB\n", (double)(thread_cpu_ns() - begin_ns) / 1e6 / VIEWS,
           (double)view->arena.used_bytes / 1048576);
    begin_ns = thread_cpu_ns();
    view_json_overview(&out, view, &origin);
    must(!buf_error(&out), "the overview");
    printf("GET overview: %.1f ms, %.1f MiB\n", (double)(thread_cpu_ns() - begin_ns) / 1e6,
           (double)out.len / 1048576);
    buf_release(&out);
    view_unref(view);
}

int main(int argc, char **argv)
{
    size_t services = argc > 1 ? (size_t)atol(argv[1]) : 1000;
    int seconds = argc > 2 ? atoi(argv[2]) : 60;
    bool by_events = argc > 3 && str_equals(str_of(argv[3]), STR("events"));
    char dir[] = "/tmp/fusebox-bench-XXXXXX";
    struct stage *s = mem_alloc_zero(1, sizeof *s);
    struct stream_client viewers[2];
    uint64_t signals = 0, frames = 0;
    uint16_t port;

    must(s && mkdtemp(dir), "a directory");
    stage_init(s, dir, services);
    s->flips = argc > 4 ? (size_t)atol(argv[4]) : 10;
    for (size_t i = 0; i < s->target_count && !by_events; i++)
        add_target(s, i);
    for (int i = 0; i < WARM_UP_S + seconds; i++) {
        if (i == 3) {
            port = serve(s);
            must(stream_client_start(&viewers[0], port, "overview") &&
                     stream_client_start(&viewers[1], port, "service/service-00000"),
                 "the viewers");
        }
        if (i == WARM_UP_S) {
            s->cpu_ns = s->worst_turn_ns = 0;
            signals = monitor_stats(s->evaluate.monitor).signals_count;
            frames = s->api.own.frames;
        }
        run_second(s, by_events);
    }
    report_load(s, monitor_stats(s->evaluate.monitor).signals_count - signals,
                s->api.own.frames - frames, seconds);
    report_view(s);
    http_server_stop(s->server);
    for (size_t i = 0; i < ARRAY_LEN(viewers); i++)
        printf("viewer %zu: %.2f MB/s, largest frame %.2f MB\n", i + 1,
               (double)stream_client_stop(&viewers[i]) / 1e6 / (seconds + WARM_UP_S - 3),
               (double)viewers[i].largest_bytes / 1e6);
    return 0;
}
