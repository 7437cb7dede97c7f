#include "config/options.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

/* Bounds in base units. */
#define MS(n)      ((double)(n))
#define SECONDS(n) (1000.0 * (n))
#define MINUTES(n) (60000.0 * (n))
#define KIB(n)     (1024.0 * (n))
#define MIB(n)     (1048576.0 * (n))

static const struct option_row rows[OPT_COUNT] = {
    [OPT_LISTEN] = { .name = "listen",
                     .environment = "FUSEBOX_LISTEN",
                     .type = OPTION_STRING,
                     .preset = "127.0.0.1:8080",
                     .help = "Address and port of the HTTP server; port 0 takes a free one." },
    [OPT_DATA] = { .name = "data",
                   .environment = "FUSEBOX_DATA",
                   .type = OPTION_STRING,
                   .preset = "./fusebox-data",
                   .help = "Directory that holds everything Fusebox keeps. One process at a time "
                           "uses it." },

    [OPT_LOG_LEVEL] = { .name = "log.level",
                        .environment = "FUSEBOX_LOG_LEVEL",
                        .environment_also = "RUST_LOG",
                        .type = OPTION_ENUM,
                        .preset = "info",
                        .choices = "debug info warn error",
                        .reloadable = true,
                        .help = "The least important lines that are written." },
    [OPT_LOG_FORMAT] = { .name = "log.format",
                         .environment = "FUSEBOX_LOG_FORMAT",
                         .type = OPTION_ENUM,
                         .preset = "logfmt",
                         .choices = "logfmt json",
                         .help = "Form of a line: key=value pairs, or one JSON object." },

    [OPT_HTTP_THREADS] = { .name = "http.threads",
                           .environment = "FUSEBOX_HTTP_THREADS",
                           .type = OPTION_INT,
                           .preset = "2",
                           .min = 1,
                           .max = 64,
                           .unit = "threads",
                           .help = "Threads that answer HTTP requests." },
    [OPT_HTTP_MAX_CONNECTIONS] = { .name = "http.max_connections",
                                   .environment = "FUSEBOX_HTTP_MAX_CONNECTIONS",
                                   .type = OPTION_INT,
                                   .preset = "4096",
                                   .min = 8,
                                   .max = 1000000,
                                   .unit = "connections",
                                   .help = "Connections that are open at once; further ones are "
                                           "closed at once." },
    [OPT_HTTP_MAX_PER_IP] = { .name = "http.max_connections_per_ip",
                              .environment = "FUSEBOX_HTTP_MAX_CONNECTIONS_PER_IP",
                              .type = OPTION_INT,
                              .preset = "1024",
                              .min = 1,
                              .max = 1000000,
                              .unit = "connections",
                              .help = "Connections that one client address may hold open." },
    [OPT_HTTP_MAX_STREAMS] = { .name = "http.max_streams",
                               .environment = "FUSEBOX_HTTP_MAX_STREAMS",
                               .type = OPTION_INT,
                               .preset = "1024",
                               .min = 0,
                               .max = 1000000,
                               .unit = "streams",
                               .help = "Live pages (server-sent events) at once; further ones are "
                                       "answered 503." },
    [OPT_HTTP_HEADER_TIMEOUT] = { .name = "http.header_timeout",
                                  .environment = "FUSEBOX_HTTP_HEADER_TIMEOUT",
                                  .type = OPTION_DURATION,
                                  .preset = "10s",
                                  .min = MS(100),
                                  .max = MINUTES(10),
                                  .help = "A client has this long to send the whole head of a "
                                          "request." },
    [OPT_HTTP_BODY_TIMEOUT] = { .name = "http.body_timeout",
                                .environment = "FUSEBOX_HTTP_BODY_TIMEOUT",
                                .type = OPTION_DURATION,
                                .preset = "30s",
                                .min = MS(100),
                                .max = MINUTES(60),
                                .help =
                                    "A client has this long to send the whole body of a request, "
                                    "and may take no byte of an answer for as long." },
    [OPT_HTTP_IDLE_TIMEOUT] = { .name = "http.idle_timeout",
                                .environment = "FUSEBOX_HTTP_IDLE_TIMEOUT",
                                .type = OPTION_DURATION,
                                .preset = "60s",
                                .min = MS(100),
                                .max = MINUTES(60),
                                .help =
                                    "A connection without a request is closed after this time." },
    [OPT_HTTP_REQUEST_TIMEOUT] = { .name = "http.request_timeout",
                                   .environment = "FUSEBOX_HTTP_REQUEST_TIMEOUT",
                                   .type = OPTION_DURATION,
                                   .preset = "30s",
                                   .min = MS(100),
                                   .max = MINUTES(60),
                                   .help =
                                       "A request that is not answered by then is answered 504." },
    [OPT_HTTP_HOSTS] = { .name = "http.hosts",
                         .environment = "FUSEBOX_HTTP_HOSTS",
                         .type = OPTION_STRING,
                         .preset = "",
                         .help = "Further host names under which clients may call, separated by "
                                 "commas. "
                                 "Addresses and localhost are always served." },
    [OPT_HTTP_TOKEN] = { .name = "http.token",
                         .environment = "FUSEBOX_HTTP_TOKEN",
                         .type = OPTION_SECRET,
                         .preset = "",
                         .reloadable = true,
                         .help =
                             "Tokens that callers prove themselves with, a line each: TOKEN, or "
                             "its role (read, write, admin) and the TOKEN. A token has 16 "
                             "characters or more." },
    [OPT_HTTP_BASIC_USER] = { .name = "http.basic_user",
                              .environment = "FUSEBOX_HTTP_BASIC_USER",
                              .type = OPTION_STRING,
                              .preset = "",
                              .reloadable = true,
                              .help = "Name that may do everything with http.basic_password." },
    [OPT_HTTP_BASIC_PASSWORD] = { .name = "http.basic_password",
                                  .environment = "FUSEBOX_HTTP_BASIC_PASSWORD",
                                  .type = OPTION_SECRET,
                                  .preset = "",
                                  .reloadable = true,
                                  .help = "Password of http.basic_user." },
    [OPT_HTTP_REQUIRE_AUTH] = { .name = "http.require_auth",
                                .environment = "FUSEBOX_HTTP_REQUIRE_AUTH",
                                .type = OPTION_BOOL,
                                .preset = "false",
                                .reloadable = true,
                                .help = "Demands a token or password on loopback addresses too. "
                                        "On others it is always demanded." },
    [OPT_HTTP_INSECURE_LISTEN] = { .name = "http.insecure_listen",
                                   .environment = "FUSEBOX_HTTP_INSECURE_LISTEN",
                                   .type = OPTION_BOOL,
                                   .preset = "false",
                                   .reloadable = true,
                                   .help = "Takes an address that others can reach although "
                                           "neither token nor password is given: everybody may do "
                                           "everything." },
    [OPT_HTTP_STREAM_INTERVAL] = { .name = "http.stream_interval",
                                   .environment = "FUSEBOX_HTTP_STREAM_INTERVAL",
                                   .type = OPTION_DURATION,
                                   .preset = "1s",
                                   .min = MS(100),
                                   .max = MINUTES(60),
                                   .help = "Figures on live pages are sent this often; changes of "
                                           "state are sent at once." },

    [OPT_STORAGE_DURABILITY] = { .name = "storage.durability",
                                 .environment = "FUSEBOX_STORAGE_DURABILITY",
                                 .type = OPTION_ENUM,
                                 .preset = "full",
                                 .choices = "full relaxed",
                                 .help = "full: what was acknowledged survives a power cut. "
                                         "relaxed: it survives a crash of "
                                         "Fusebox, and a power cut may cost the last seconds." },
    [OPT_STORAGE_RETENTION] = { .name = "storage.retention",
                                .environment = "FUSEBOX_STORAGE_RETENTION",
                                .type = OPTION_DURATION,
                                .preset = "15d",
                                .min = SECONDS(1),
                                .max = INFINITY,
                                .zero = "keeps everything and takes samples of any age",
                                .reloadable = true,
                                .help = "Samples are kept this long." },
    [OPT_STORAGE_RETENTION_SIZE] = { .name = "storage.retention_size",
                                     .environment = "FUSEBOX_STORAGE_RETENTION_SIZE",
                                     .type = OPTION_SIZE,
                                     .preset = "0",
                                     .min = MIB(16),
                                     .max = INFINITY,
                                     .zero = "no limit",
                                     .reloadable = true,
                                     .help = "The oldest samples go when blocks and log are larger "
                                             "on the disk." },
    [OPT_STORAGE_OUT_OF_ORDER_WINDOW] = { .name = "storage.out_of_order_window",
                                          .environment = "FUSEBOX_STORAGE_OUT_OF_ORDER_WINDOW",
                                          .type = OPTION_DURATION,
                                          .preset = "10m",
                                          .min = SECONDS(1),
                                          .max = INFINITY,
                                          .help = "Samples further behind the latest one of their "
                                                  "series are refused, unless everything is "
                                                  "kept." },
    [OPT_STORAGE_MIN_FREE] = { .name = "storage.min_free",
                               .environment = "FUSEBOX_STORAGE_MIN_FREE",
                               .type = OPTION_SIZE,
                               .preset = "0",
                               .min = 1,
                               .max = INFINITY,
                               .zero = "the smaller of 5 % of the file system and 512 MiB",
                               .help = "With less free space on the disk nothing is stored; "
                                       "monitoring goes on." },
    [OPT_STORAGE_RECOVER] = { .name = "storage.recover",
                              .environment = "FUSEBOX_STORAGE_RECOVER",
                              .type = OPTION_BOOL,
                              .preset = "false",
                              .help = "A samples.db that does not open is set aside at the start "
                                      "and begun anew; the blocks are kept." },
    [OPT_STORAGE_MEMORY] = { .name = "storage.memory",
                             .environment = "FUSEBOX_STORAGE_MEMORY",
                             .type = OPTION_SIZE,
                             .preset = "0",
                             .min = MIB(16),
                             .max = INFINITY,
                             .zero = "half of the machine's or the control group's memory",
                             .help = "Memory for series, ingest, queries and streams together." },
    [OPT_STORAGE_MAX_FUTURE] = { .name = "storage.max_future",
                                 .environment = "FUSEBOX_STORAGE_MAX_FUTURE",
                                 .type = OPTION_DURATION,
                                 .preset = "10m",
                                 .min = SECONDS(1),
                                 .max = INFINITY,
                                 .zero = "takes samples from any future",
                                 .help = "Samples further ahead of the clock are refused." },

    [OPT_INGEST_MAX_WAIT] = { .name = "ingest.max_wait",
                              .environment = "FUSEBOX_INGEST_MAX_WAIT",
                              .type = OPTION_DURATION,
                              .preset = "10s",
                              .min = MS(10),
                              .max = MINUTES(60),
                              .help = "While a body of remote write has waited longer than this "
                                      "to be stored, further ones are answered 503." },

    [OPT_EVENTS_RETENTION] = { .name = "events.retention",
                               .environment = "FUSEBOX_EVENTS_RETENTION",
                               .type = OPTION_DURATION,
                               .preset = "7d",
                               .min = MINUTES(24 * 60),
                               .max = INFINITY,
                               .zero = "as long as there is room",
                               .reloadable = true,
                               .help = "Events are kept word for word this long, to be searched. "
                                       "Their series follow storage.retention." },
    [OPT_EVENTS_MAX_BYTES] = { .name = "events.max_bytes",
                               .environment = "FUSEBOX_EVENTS_MAX_BYTES",
                               .type = OPTION_SIZE,
                               .preset = "256MiB",
                               .min = MIB(1),
                               .max = INFINITY,
                               .zero = "no limit",
                               .reloadable = true,
                               .help = "The oldest events go when all of them are larger on the "
                                       "disk, compressed." },

    [OPT_SCRAPE_MAX_BODY] = { .name = "scrape.max_body",
                              .environment = "FUSEBOX_SCRAPE_MAX_BODY",
                              .type = OPTION_SIZE,
                              .preset = "10MiB",
                              .min = KIB(1),
                              .max = MIB(1024),
                              .help = "A scrape whose answer is longer (unpacked) fails. A job's "
                                      "body_size_limit may lower "
                                      "it." },
    [OPT_SCRAPE_MAX_SAMPLES] = { .name = "scrape.max_samples",
                                 .environment = "FUSEBOX_SCRAPE_MAX_SAMPLES",
                                 .type = OPTION_INT,
                                 .preset = "50000",
                                 .min = 1,
                                 .max = 10000000,
                                 .unit = "samples",
                                 .help = "A scrape with more samples fails. A job's sample_limit "
                                         "may lower it." },

    [OPT_SELF_INTERVAL] = { .name = "self.interval",
                            .environment = "FUSEBOX_SELF_INTERVAL",
                            .type = OPTION_DURATION,
                            .preset = "10s",
                            .min = MS(100),
                            .max = MINUTES(60),
                            .help = "Fusebox's own series and those that it derives are stored "
                                    "this often." },

    [OPT_PROMQL_RANGE_SELECTORS] = { .name = "promql.range_selectors",
                                     .environment = "FUSEBOX_PROMQL_RANGE_SELECTORS",
                                     .type = OPTION_ENUM,
                                     .preset = "closed",
                                     .choices = "closed left-open",
                                     .reloadable = true,
                                     .help = "Whether a sample that is exactly as old as the range "
                                             "of a selector (or the 5 min that a selector without "
                                             "one looks back) belongs to it: closed, yes, as in "
                                             "Prometheus 2; left-open, no, as from Prometheus 3 "
                                             "on." },

    [OPT_BUDGET_RATIO_PERCENT] = { .name = "retry_budget.max_retry_rate_percent",
                                   .environment = "FUSEBOX_RETRY_BUDGET_MAX_RETRY_RATE_PERCENT",
                                   .type = OPTION_DOUBLE,
                                   .preset = "20",
                                   .min = 0,
                                   .max = 100,
                                   .unit = "percent of calls",
                                   .reloadable = true,
                                   .help = "Retries that a service without limits of its own may "
                                           "take." },
    [OPT_BUDGET_RESERVE_PER_S] = { .name = "retry_budget.reserve_per_second",
                                   .environment = "FUSEBOX_RETRY_BUDGET_RESERVE_PER_SECOND",
                                   .type = OPTION_DOUBLE,
                                   .preset = "10",
                                   .min = 0,
                                   .max = 1000000,
                                   .unit = "retries per second",
                                   .reloadable = true,
                                   .help = "Retries that are allowed beside that share, so that a "
                                           "quiet service may retry." },
    [OPT_BUDGET_WINDOW] = { .name = "retry_budget.window",
                            .environment = "FUSEBOX_RETRY_BUDGET_WINDOW",
                            .type = OPTION_DURATION,
                            .preset = "10s",
                            .min = SECONDS(10),
                            .max = MINUTES(60),
                            .help = "Window over which that share is taken." },
    [OPT_BUDGET_WARNING_PERCENT] = { .name = "retry_budget.warning_threshold_percent",
                                     .environment =
                                         "FUSEBOX_RETRY_BUDGET_WARNING_THRESHOLD_PERCENT",
                                     .type = OPTION_DOUBLE,
                                     .preset = "70",
                                     .min = 0,
                                     .max = 100,
                                     .unit = "percent of the budget",
                                     .reloadable = true,
                                     .help = "From this utilisation on the risk is medium. Below "
                                             "the critical threshold." },
    [OPT_BUDGET_CRITICAL_PERCENT] = { .name = "retry_budget.critical_threshold_percent",
                                      .environment =
                                          "FUSEBOX_RETRY_BUDGET_CRITICAL_THRESHOLD_PERCENT",
                                      .type = OPTION_DOUBLE,
                                      .preset = "85",
                                      .min = 0,
                                      .max = 100,
                                      .unit = "percent of the budget",
                                      .reloadable = true,
                                      .help = "From this utilisation on the risk is high." },

    [OPT_MONITORING_GATEWAY] = { .name = "monitoring.gateway",
                                 .environment = "FUSEBOX_MONITORING_GATEWAY",
                                 .type = OPTION_STRING,
                                 .preset = "api-gateway",
                                 .help = "The service that /monitoring/health/dashboard shows as "
                                         "the gateway; Fusebox itself when there is none of that "
                                         "name." },
    [OPT_BREAKER_STATE_ENCODING] = { .name = "metrics.breaker_state_encoding",
                                     .environment = "FUSEBOX_METRICS_BREAKER_STATE_ENCODING",
                                     .type = OPTION_ENUM,
                                     .preset = "closed-halfopen-open",
                                     .choices = "closed-halfopen-open closed-open-halfopen",
                                     .help =
                                         "Order of the numbers 0, 1, 2 in circuit_breaker_state." },

    [OPT_CATALOG_MAX_SERVICES] = { .name = "catalog.max_services",
                                   .environment = "FUSEBOX_CATALOG_MAX_SERVICES",
                                   .type = OPTION_INT,
                                   .preset = "10000",
                                   .min = 1,
                                   .max = 1000000,
                                   .unit = "services",
                                   .help = "Services that are watched; later ones are refused and "
                                           "counted." },
    [OPT_CATALOG_MAX_BREAKERS] = { .name = "catalog.max_breakers",
                                   .environment = "FUSEBOX_CATALOG_MAX_BREAKERS",
                                   .type = OPTION_INT,
                                   .preset = "50000",
                                   .min = 1,
                                   .max = 1000000,
                                   .unit = "breakers",
                                   .help = "Circuit breakers that are watched; later ones are "
                                           "refused and counted." },
    [OPT_CATALOG_DISCOVERED_TTL] = { .name = "catalog.discovered_ttl",
                                     .environment = "FUSEBOX_CATALOG_DISCOVERED_TTL",
                                     .type = OPTION_DURATION,
                                     .preset = "24h",
                                     .min = SECONDS(1),
                                     .max = INFINITY,
                                     .zero = "they stay",
                                     .reloadable = true,
                                     .help = "A service that nobody defined, and a breaker that is "
                                             "neither open nor half-open, leave the pages and give "
                                             "their places back when no source has spoken of them "
                                             "for so long; they are back when one does." },
    [OPT_CATALOG_MAX_EDGES] = { .name = "catalog.max_edges",
                                .environment = "FUSEBOX_CATALOG_MAX_EDGES",
                                .type = OPTION_INT,
                                .preset = "20000",
                                .min = 1,
                                .max = 1000000,
                                .unit = "edges",
                                .help = "Dependencies (caller and service) that are watched; later "
                                        "ones are refused, and the map says so." },

    [OPT_RETRY_STORM_AMPLIFICATION] = { .name = "retry_storm.amplification",
                                        .environment = "FUSEBOX_RETRY_STORM_AMPLIFICATION",
                                        .type = OPTION_DOUBLE,
                                        .preset = "2",
                                        .min = 1.05,
                                        .max = 1000,
                                        .unit = "attempts per call",
                                        .reloadable = true,
                                        .help = "A service that fails and gets this many times its "
                                                "attempts through retries along the way is in a "
                                                "retry storm." },
};

const struct option_row *option_rows(void)
{
    return rows;
}

const struct option_row *option_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

size_t option_common_len(const char *a, const char *b)
{
    size_t common = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '.')
            common = i + 1;
    return common;
}
