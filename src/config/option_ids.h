/* Ids of the rows in config/options.c, in the same order. */
#ifndef FUSEBOX_CONFIG_OPTION_IDS_H
#define FUSEBOX_CONFIG_OPTION_IDS_H

/* clang-format off */
enum option_id {
    OPT_LISTEN,                    /* "listen"                       string  127.0.0.1:8080 */
    OPT_DATA,                      /* "data"                         string  ./fusebox-data */
    OPT_LOG_LEVEL,                 /* "log.level"                    enum    debug info warn error; default info; reloadable */
    OPT_LOG_FORMAT,                /* "log.format"                   enum    logfmt json */
    OPT_HTTP_THREADS,              /* "http.threads"                 int     1..64, default 2 */
    OPT_HTTP_MAX_CONNECTIONS,      /* "http.max_connections"         int     default 4096 */
    OPT_HTTP_MAX_PER_IP,           /* "http.max_connections_per_ip"  int     default 1024 */
    OPT_HTTP_MAX_STREAMS,          /* "http.max_streams"             int     default 1024 */
    OPT_HTTP_HEADER_TIMEOUT,       /* "http.header_timeout"          duration 10s */
    OPT_HTTP_BODY_TIMEOUT,         /* "http.body_timeout"            duration 30s */
    OPT_HTTP_IDLE_TIMEOUT,         /* "http.idle_timeout"            duration 60s */
    OPT_HTTP_REQUEST_TIMEOUT,      /* "http.request_timeout"         duration 30s */
    OPT_HTTP_HOSTS,                /* "http.hosts"                   string  further host names that are served, comma separated; default "" */
    OPT_HTTP_TOKEN,                /* "http.token"                   secret  a line each: TOKEN or ROLE TOKEN */
    OPT_HTTP_BASIC_USER,           /* "http.basic_user"              string */
    OPT_HTTP_BASIC_PASSWORD,       /* "http.basic_password"          secret */
    OPT_HTTP_REQUIRE_AUTH,         /* "http.require_auth"            bool    false: on loopback addresses nothing is asked */
    OPT_HTTP_INSECURE_LISTEN,      /* "http.insecure_listen"         bool    false */
    OPT_HTTP_STREAM_INTERVAL,      /* "http.stream_interval"         duration 1s, at least 100ms */
    OPT_STORAGE_DURABILITY,        /* "storage.durability"           enum    full relaxed */
    OPT_STORAGE_RETENTION,         /* "storage.retention"            duration 15d; 0 keeps all; reloadable */
    OPT_STORAGE_RETENTION_SIZE,    /* "storage.retention_size"       size    0 = no limit; reloadable */
    OPT_STORAGE_OUT_OF_ORDER_WINDOW, /* "storage.out_of_order_window" duration 10m */
    OPT_STORAGE_MIN_FREE,          /* "storage.min_free"             size    0 = the smaller of 5 % of the disk and 512 MiB */
    OPT_STORAGE_RECOVER,           /* "storage.recover"              bool    false */
    OPT_STORAGE_MEMORY,            /* "storage.memory"               size    0 = half of the machine's or cgroup's memory */
    OPT_STORAGE_MAX_FUTURE,        /* "storage.max_future"           duration 10m; 0 = no limit */
    OPT_INGEST_MAX_WAIT,           /* "ingest.max_wait"              duration 10s */
    OPT_EVENTS_RETENTION,          /* "events.retention"             duration 7d; 0 = as long as there is room; reloadable */
    OPT_EVENTS_MAX_BYTES,          /* "events.max_bytes"             size    256MiB; 0 = no limit; reloadable */
    OPT_SCRAPE_MAX_BODY,           /* "scrape.max_body"              size    10MiB */
    OPT_SCRAPE_MAX_SAMPLES,        /* "scrape.max_samples"           int     50000 */
    OPT_SELF_INTERVAL,             /* "self.interval"                duration 10s: own and derived series are stored this often */
    OPT_PROMQL_RANGE_SELECTORS,    /* "promql.range_selectors"       enum    closed left-open; reloadable */
    OPT_BUDGET_RATIO_PERCENT,      /* "retry_budget.max_retry_rate_percent"     double 20; reloadable */
    OPT_BUDGET_RESERVE_PER_S,      /* "retry_budget.reserve_per_second"         double 10; reloadable */
    OPT_BUDGET_WINDOW,             /* "retry_budget.window"                     duration 10s..60m, default 10s: of the ratio model */
    OPT_BUDGET_WARNING_PERCENT,    /* "retry_budget.warning_threshold_percent"  double 70; reloadable */
    OPT_BUDGET_CRITICAL_PERCENT,   /* "retry_budget.critical_threshold_percent" double 85; reloadable */
    OPT_MONITORING_GATEWAY,        /* "monitoring.gateway"           string  api-gateway */
    OPT_BREAKER_STATE_ENCODING,    /* "metrics.breaker_state_encoding" enum closed-halfopen-open closed-open-halfopen */
    OPT_CATALOG_MAX_SERVICES,      /* "catalog.max_services"         int     10000 */
    OPT_CATALOG_MAX_BREAKERS,      /* "catalog.max_breakers"         int     50000 */
    OPT_CATALOG_DISCOVERED_TTL,    /* "catalog.discovered_ttl"       duration 24h; 0 = they stay; reloadable */
    OPT_CATALOG_MAX_EDGES,         /* "catalog.max_edges"            int     20000 */
    OPT_RETRY_STORM_AMPLIFICATION, /* "retry_storm.amplification"    double  2; reloadable */
    OPT_COUNT
};
/* clang-format on */

#endif
