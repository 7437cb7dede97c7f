/*
 * Fusebox's own health as metrics: its HTTP server, scrapes, store, threads and
 * process. One table row per family.
 *
 * Threads   Counters are atomic; own_export may run on any thread.
 */
#ifndef FUSEBOX_API_OWN_H
#define FUSEBOX_API_OWN_H

#include "api/notices.h"
#include "api/own_cardinality.h"
#include "base/budget.h"
#include "base/clock.h"
#include "base/queue.h"
#include "http/server.h"
#include "ingest/events.h"
#include "ingest/remote_write.h"
#include "ingest/scrape.h"
#include "telemetry/histogram.h"
#include "telemetry/metric.h"
#include "tsdb/tsdb.h"

enum { OWN_ROUTES_MAX = 96 };

/* Questions to the query threads. */
struct own_queries {
    _Atomic uint64_t running; /* now */
    _Atomic uint64_t unread;  /* long answers that clients read now, and what is held for them */
    _Atomic size_t unread_bytes;
    _Atomic uint64_t refused;
    _Atomic uint64_t cancelled; /* the client went away, or the daemon stopped */
    _Atomic uint64_t timed_out;
    _Atomic uint64_t samples_read; /* by PromQL */
    struct histogram duration;     /* from the request's arrival to the answer */
};

struct own {
    struct http_stats http;
    struct scrape_stats scrape;
    struct histogram request_duration[OWN_ROUTES_MAX]; /* by index in the route table */
    struct histogram commit_duration;
    atomic_bool store_failing;           /* the store does not take what comes */
    _Atomic uint64_t samples_not_stored; /* evaluated, or lost, while it did not */
    _Atomic uint64_t clock_jumps;
    struct histogram evaluate_duration; /* one batch or tick */
    struct histogram freshness;         /* from a scrape's last byte to the published view */
    _Atomic uint64_t frames;            /* event-stream frames made */
    _Atomic uint64_t signals;
    _Atomic uint64_t services_refused, breakers_refused;
    _Atomic int reload_successful; /* 1, 0 */
    _Atomic int64_t reload_success_ms;
    _Atomic int64_t evaluated_ms; /* wall time of the last evaluation */
    struct own_cardinality cardinality;
    struct own_queries queries;
    int64_t started_ms;
    const char *version;
    struct tsdb *db;
    struct budget *budget;                   /* NULL: no limit */
    struct notices *notices;                 /* NULL: none */
    struct event_stats *events;              /* NULL: none */
    struct remote_write_stats *remote_write; /* NULL: none */
    struct queue *write_queue;
    struct queue *evaluate_queue;
    struct queue *query_queue;
    const struct http_route *routes;
    size_t route_count;
};

/* For http_options.on_request. */
void own_note_request(struct own *own, const struct http_route *route, int64_t duration_ns);

/* Figures of Fusebox itself for documents that people read. NaN: not known. */
struct own_summary {
    double requests_count, failed_count; /* HTTP requests answered; those with a 5xx */
    double mean_s, p50_s, p95_s, p99_s;  /* of all answers since the start */
    double cpu_s, resident_bytes;
};
void own_summarize(struct own *own, struct own_summary *ret);

void own_export(struct own *own, const struct metric_out *out);

#endif
