/*
 * What the handlers of the HTTP API work with. The daemon fills it; handlers get
 * it as their ctx.
 *
 * A handler answers from the published view at once. What only another thread
 * knows is asked for by parking the request: ask_history goes to the evaluate
 * thread and, for what is older than its memory, from there with ask_stored to the
 * query threads, ask_query to a query thread at once, ask_reload to the main thread,
 * ask_seal and ask_backup to the write thread.
 *
 * Threads   Immutable after start, but for what locks itself.
 */
#ifndef FUSEBOX_API_API_H
#define FUSEBOX_API_API_H

#include <stdatomic.h>

#include "api/notices.h"
#include "api/own.h"
#include "base/budget.h"
#include "base/lock.h"
#include "catalog/registry.h"
#include "http/sse.h"
#include "monitor/history.h"
#include "monitor/publication.h"

enum {
    API_EPOCH_BYTES = 32,
    API_BODY_MAX_BYTES = 64 << 20,
    API_FORM_MAX_BYTES = 256 << 10,
    API_PERIOD_DEFAULT_S = 900,
    API_LOOKBACK_MS = 300000, /* of a query, as Prometheus */
    API_QUERY_MAX_SAMPLES = 50000000,
    API_TARGETS_MAX_BYTES = 64 << 20, /* copies of all targets' states, some 1 KiB each */
};

/* Answers a parked request on a query thread. go_on is asked now and then; an error ends the work.
 */
struct api;
typedef void api_answer(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                        void *ctx);

struct api {
    struct clock clock;
    char epoch[API_EPOCH_BYTES]; /* another one at each start of the daemon */
    const char *version;
    int64_t started_ms;
    bool open_is_one;  /* metrics.breaker_state_encoding */
    atomic_bool ready; /* replay is done and the first view is there */
    struct publication views;
    struct registry *registry;
    struct own own;
    struct lock config_lock;
    struct config *config; /* in force; api_config gives it */
    atomic_bool left_open; /* promql.range_selectors */
    struct sse_hub *hub;
    uint32_t overview_topic;
    struct scraper *scraper;
    struct events *events;
    struct remote_write *remote_write;
    struct tsdb *db;
    const char *config_file;          /* or NULL */
    struct str gateway;               /* monitoring.gateway */
    const char *data_dir;             /* as configured */
    struct budget *budget;            /* NULL: no limit */
    struct notices *notices;          /* NULL: none */
    _Atomic int64_t retention_ms;     /* as in force; 0: everything is kept */
    _Atomic uint64_t retention_bytes; /* 0: no limit */

    /* All take the parked request and finish it. ERR_OVERLOADED: they did not take it. */
    enum err (*ask_history)(void *daemon, struct http_parked *parked);
    enum err (*ask_stored)(void *daemon, struct http_parked *parked, int64_t stored_ms,
                           const struct service_history *history); /* copies the history */
    enum err (*ask_reload)(void *daemon, struct http_parked *parked);
    /* Answered by api_answer_job when a seal that began later has ended, or the backup in `dir`,
     * which lives as long as the parked request. */
    enum err (*ask_seal)(void *daemon, struct http_parked *parked);
    enum err (*ask_backup)(void *daemon, struct http_parked *parked, const char *dir);
    /* Answered by api_answer_edit on the state thread, api_answer_service behind the next view. */
    enum err (*ask_edit)(void *daemon, struct http_parked *parked);
    enum err (*ask_fresh)(void *daemon, struct http_parked *parked);
    /* Answered by `answer`, on a query thread. */
    enum err (*ask_query)(void *daemon, struct http_parked *parked, api_answer *answer);
    /* A definition was saved, or is `gone`: the monitor is told of it. */
    void (*tell_definition)(void *daemon, struct definition *d, bool gone);
    void *daemon;
};

/* The table of all routes. */
extern const struct http_route api_routes[];
extern const size_t api_route_count;

/* The newest view, or NULL with the reply's diag filled (return ERR_UNAVAILABLE). */
struct monitor_view *api_view(struct api *api, struct http_reply *reply);

/* The configuration in force; give the reference back with config_unref. */
struct config *api_config(struct api *api);
/* Takes a reference of its own; NULL: none is in force any more. */
void api_set_config(struct api *api, struct config *cfg);

/* Leaves the reply as JSON with an empty body to be written. */
struct json api_json(struct http_reply *reply);

/* Sets the error for a service that is not there, with the nearest name; returns ERR_NOT_FOUND. */
enum err api_no_service(const struct monitor_view *view, struct str name, struct http_reply *reply);

/* Answers a parked dashboard/service request, or hands it on (ask_stored); the evaluate thread.
 * Own series are stored every stored_ms. */
struct monitor;
void api_answer_history(struct api *api, const struct monitor *monitor, int64_t stored_ms,
                        struct http_parked *parked);

/* Completes the history from the store and answers; the query thread. */
struct stored_ask;
void api_answer_stored(struct api *api, struct http_parked *parked, struct stored_ask *ask,
                       struct service_history *history);

/*
 * Answers a parked seal (dir NULL) or backup: with the result, or with err and the diag's sentence.
 * Called by the thread that finished the job.
 */
void api_answer_job(struct http_parked *parked, enum err err, const struct diag *diag,
                    const struct tsdb_job_result *result, const char *dir);

/*
 * Does what a parked POST, PUT or DELETE of a service asks for, and answers it. The state thread.
 */
struct store;
void api_answer_edit(struct api *api, struct store *store, struct http_parked *parked);

api_answer api_answer_events, api_answer_exemplars, api_answer_promql, api_answer_series;

/* Answers a parked GET of a service from the newest view. The evaluate thread. */
void api_answer_service(struct api *api, struct http_parked *parked);

/* Handlers, by file. */
http_handler api_overview, api_map; /* dashboard.c */
http_handler api_service_page;      /* service_page.c */
http_handler api_subscribe, api_overview_subscribe, api_service_subscribe,
    api_map_subscribe;                                                /* streams.c */
http_handler api_service, api_service_edit;                           /* service.c */
http_handler api_status, api_services, api_health_report;             /* services.c */
http_handler api_health, api_live, api_ready;                         /* probes.c */
http_handler api_breaker_health, api_breaker_status;                  /* breakers.c */
http_handler api_metrics, api_metrics_document;                       /* metrics.c */
http_handler api_overview_export, api_map_export, api_service_export; /* download.c */
http_handler api_gateway_dashboard, api_gateway_breakers;             /* gateway.c */
http_handler api_monitoring_status, api_performance;                  /* performance.c */
http_handler api_page, api_page_root;                                 /* page.c */
http_handler api_metadata, api_targets, api_rules, api_alerts;        /* prometheus.c */
http_handler api_federate;                                            /* federate.c */
http_handler api_buildinfo, api_runtimeinfo, api_flags, api_tsdb,
    api_config_text; /* prometheus_status.c */
http_handler api_query, api_query_range, api_format_query, api_parse_query; /* promql.c */
http_handler api_query_exemplars;                                           /* promql_exemplars.c */
http_handler api_series, api_label_names, api_label_values;                 /* promql_series.c */
http_handler api_reload;                                                    /* admin.c */
http_handler api_storage, api_storage_seal, api_storage_backup;             /* storage.c */
http_handler api_remote_write;                                              /* remote_write.c */
http_handler api_events_post;                                               /* events.c */
http_handler api_events_search;                                             /* event_search.c */
http_handler api_storage_cardinality;                                       /* cardinality.c */

#endif
