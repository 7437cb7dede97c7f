/*
 * HAProxy (built-in exporter of 2.6). The figures behind the rows are in
 * docs/decisions/0004-haproxy-signals.md: an attempt is a new or a reused
 * connection; a warning counter alone does not tell how many attempts were
 * retries. Where they are reckoned, a call is a session of the backend: it counts
 * when it begins, as attempts do, and also where its client is only hung up on. The caller is
 * "haproxy" for every instance.
 *
 * Envoy (/stats/prometheus). A call is a completed request, for answers that were
 * tried again are not in it. A breaker is one limit of one priority; it is open
 * while the limit is reached. What overflowed is not told by priority: it counts for
 * "default", for a route has another one only where it asks for it.
 * A retry counter that was always 0 tells nothing: Istio exports it also where
 * nobody counts. Under Istio only clusters of what is called (outbound) count.
 *
 * Istio's own metrics have neither retries nor breakers, but for the flag UO on
 * calls that a limit refused.
 *
 * Linkerd counts calls with their retries as one in route_request_total, each
 * attempt in route_actual_request_total, and with HTTPRoutes the retries.
 *
 * Fusebox' own HTTP server has no retries to tell.
 *
 * Percentiles come from the buckets of histograms; HAProxy has none.
 */
#include "ingest/mapping_rows.h"

#define BACKEND(name)                                                                              \
    .metric = "haproxy_backend_" name, .source = "haproxy", .service_label = "proxy",              \
    .caller = "haproxy", .needs_breaker = true

/* What a server counts, but on the account of its backend. */
#define BACKEND_BY_SERVER(name)                                                                    \
    .metric = "haproxy_server_" name, .source = "haproxy", .service_label = "proxy",               \
    .caller = "haproxy", .needs_breaker = true

#define SERVER(name)                                                                               \
    .metric = "haproxy_server_" name, .source = "haproxy", .service_label = "proxy",               \
    .breaker_label = "server", .caller = "haproxy"

#define SERVER_STATE(name, value, word)                                                            \
    {                                                                                              \
        SERVER(name), .when = { { "state", ANY(value) } }, .use = USE_STATE, .state = word         \
    }

#define SELF(name)                                                                                 \
    .metric = name, .when[0] = { "job", ANY("fusebox") }, .source = "fusebox", .service = "fusebox"

#define ENVOY(name)                                                                                \
    .metric = "envoy_cluster_" name, .source = "envoy", .service_label = "envoy_cluster_name",     \
    .caller_label = "job"
#define ISTIO_ENVOY(name)                                                                          \
    .metric = "envoy_cluster_" name, .when[0] = { "cluster_name", ANY("outbound|*") },             \
    .source = "envoy", .service_label = "cluster_name", .caller_label = "job"

/* The durations of a histogram, whose unit is so many seconds. */
#define TIMED(macro, name, seconds)                                                                \
    { macro(name "_count"), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_CALLS },                     \
        { macro(name "_sum"), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_SECONDS,                   \
          .factor = seconds },                                                                     \
    {                                                                                              \
        macro(name "_bucket"), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_BUCKET, .factor = seconds \
    }

#define ENVOY_LIMIT(priority, resource)                                                            \
    { ENVOY("circuit_breakers_" priority "_" resource "_open"), .breaker = priority "/" resource,  \
      .use = USE_NUMBER, .encoding = ENCODING_CLOSED_OPEN },                                       \
    {                                                                                              \
        ISTIO_ENVOY("circuit_breakers_" priority "_" resource "_open"),                            \
            .breaker = priority "/" resource, .use = USE_NUMBER, .encoding = ENCODING_CLOSED_OPEN  \
    }

/* What a limit refused. In a mesh the counter is exported at 0 also where nobody counts. */
#define ENVOY_OVERFLOW(name, resource)                                                             \
    { ENVOY(name), .breaker = "default/" resource, .use = USE_SIGNAL,                              \
      .signal = SIGNAL_BREAKER_BLOCKED, .falls_with_all = true },                                  \
    {                                                                                              \
        ISTIO_ENVOY(name), .breaker = "default/" resource, .use = USE_SIGNAL,                      \
                           .signal = SIGNAL_BREAKER_BLOCKED, .zero_is_silence = true,              \
                           .falls_with_all = true                                                  \
    }

#define ISTIO_TIME(name)                                                                           \
    .metric = "istio_request_duration_" name, .source = "istio",                                   \
    .when[0] = { "reporter", ANY("source") }, .service_label = "destination_service_name",         \
    .caller_label = "source_workload"

#define ISTIO                                                                                      \
    .metric = "istio_requests_total", .source = "istio", .when[0] = { "reporter", ANY("source") }, \
    .service_label = "destination_service_name", .caller_label = "source_workload",                \
    .use = USE_SIGNAL

#define LINKERD(name)                                                                              \
    .metric = "route_" name, .source = "linkerd", .when[0] = { "direction", ANY("outbound") },     \
    .service_label = "dst", .caller_label = "job"
#define LINKERD_ROUTE(name)                                                                        \
    .metric = "outbound_" name, .source = "linkerd", .service_label = "parent_name",               \
    .caller_label = "job", .use = USE_SIGNAL

#define TRAEFIK(name)                                                                              \
    .metric = "traefik_service_" name, .source = "traefik", .service_label = "service",            \
    .caller = "traefik"

static const struct mapping_row rows[] = {
    { .metric = "haproxy_process_start_time_seconds", .use = USE_EPOCH, .source = "haproxy" },

    { BACKEND("http_requests_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .falls_with_all = true },
    { BACKEND("http_responses_total"), .when = { { "code", ANY("5xx") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS, .falls_with_all = true },

    { BACKEND("sessions_total"), .use = USE_PART, .part = PART_CALLS, .falls_with_all = true },
    { BACKEND("connection_attempts_total"), .use = USE_PART, .part = PART_ATTEMPTS,
      .falls_with_all = true },
    { BACKEND("connection_reuses_total"), .use = USE_PART, .part = PART_ATTEMPTS,
      .falls_with_all = true },
    { BACKEND("retry_warnings_total"), .use = USE_PART, .part = PART_RETRY_WARNINGS,
      .falls_with_all = true },
    { BACKEND("redispatch_warnings_total"), .use = USE_PART, .part = PART_REDISPATCHES,
      .falls_with_all = true },
    { BACKEND("connection_errors_total"), .use = USE_PART, .part = PART_UNSERVED,
      .falls_with_all = true },
    { BACKEND_BY_SERVER("connection_errors_total"), .use = USE_PART, .part = PART_UNSERVED_MINUS },

    SERVER_STATE("status", "UP", STATE_CLOSED),
    SERVER_STATE("status", "DOWN", STATE_OPEN),
    SERVER_STATE("status", "MAINT", STATE_DISABLED),
    SERVER_STATE("status", "DRAIN", STATE_DISABLED),
    SERVER_STATE("status", "NOLB", STATE_DISABLED),
    SERVER_STATE("check_status", "L4OK", STATE_CHECK_PASSES),
    SERVER_STATE("check_status", "L6OK", STATE_CHECK_PASSES),
    SERVER_STATE("check_status", "L7OK", STATE_CHECK_PASSES),
    SERVER_STATE("check_status", "L7OKC", STATE_CHECK_PASSES),

    { SERVER("connection_attempts_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { SERVER("connection_reuses_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { SERVER("http_responses_total"), .when = { { "code", ANY("5xx") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_BREAKER_ERRORS },
    { SERVER("connection_errors_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_ERRORS },
    { SERVER("response_errors_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_ERRORS },

    { SERVER("connection_attempts_total"), .use = USE_PART, .part = PART_ATTEMPTS },
    { SERVER("connection_reuses_total"), .use = USE_PART, .part = PART_ATTEMPTS },
    { SERVER("http_responses_total"), .use = USE_PART, .part = PART_CALLS },
    { SERVER("connection_errors_total"), .use = USE_PART, .part = PART_CALLS },
    { SERVER("response_errors_total"), .use = USE_PART, .part = PART_CALLS },
    { SERVER("retry_warnings_total"), .use = USE_PART, .part = PART_RETRY_WARNINGS },
    { SERVER("redispatch_warnings_total"), .use = USE_PART, .part = PART_REDISPATCHES },
    { SERVER("current_sessions"), .use = USE_PART, .part = PART_IN_FLIGHT },

    { ENVOY("upstream_rq_completed"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .falls_with_all = true },
    { ENVOY("upstream_rq_xx"), .when = { { "envoy_response_code_class", ANY("5") } },
      .use = USE_SIGNAL, .signal = SIGNAL_ERRORS, .falls_with_all = true },
    { ENVOY("upstream_rq_retry"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES,
      .zero_is_silence = true, .falls_with_all = true },
    { ENVOY("upstream_rq_retry_overflow"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES_DENIED,
      .zero_is_silence = true, .falls_with_all = true },
    { ISTIO_ENVOY("upstream_rq_completed"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .falls_with_all = true },
    { ISTIO_ENVOY("upstream_rq_xx"), .when[1] = { "response_code_class", ANY("5", "5xx") },
      .use = USE_SIGNAL, .signal = SIGNAL_ERRORS, .falls_with_all = true },
    { ISTIO_ENVOY("upstream_rq_xx"), .when[1] = { "envoy_response_code_class", ANY("5") },
      .use = USE_SIGNAL, .signal = SIGNAL_ERRORS, .falls_with_all = true },
    { ISTIO_ENVOY("upstream_rq_retry"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES,
      .zero_is_silence = true, .falls_with_all = true },
    { ISTIO_ENVOY("upstream_rq_retry_overflow"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES_DENIED,
      .zero_is_silence = true, .falls_with_all = true },

    TIMED(ENVOY, "upstream_rq_time", 1e-3),
    TIMED(ISTIO_ENVOY, "upstream_rq_time", 1e-3),

    ENVOY_LIMIT("default", "cx"),
    ENVOY_LIMIT("default", "cx_pool"),
    ENVOY_LIMIT("default", "rq_pending"),
    ENVOY_LIMIT("default", "rq"),
    ENVOY_LIMIT("default", "rq_retry"),
    ENVOY_LIMIT("high", "cx"),
    ENVOY_LIMIT("high", "cx_pool"),
    ENVOY_LIMIT("high", "rq_pending"),
    ENVOY_LIMIT("high", "rq"),
    ENVOY_LIMIT("high", "rq_retry"),

    ENVOY_OVERFLOW("upstream_cx_overflow", "cx"),
    ENVOY_OVERFLOW("upstream_cx_pool_overflow", "cx_pool"),
    ENVOY_OVERFLOW("upstream_rq_pending_overflow", "rq_pending"),
    ENVOY_OVERFLOW("upstream_rq_active_overflow", "rq"),
    ENVOY_OVERFLOW("upstream_rq_retry_overflow", "rq_retry"),

    { ISTIO, .signal = SIGNAL_CALLS },
    { ISTIO, .when[1] = { "response_code", ANY("5*") }, .signal = SIGNAL_ERRORS },
    { ISTIO, .when[1] = { "response_flags", PART("UO") }, .breaker = "upstream overflow",
      .signal = SIGNAL_BREAKER_BLOCKED },
    TIMED(ISTIO_TIME, "milliseconds", 1e-3),

    { LINKERD("request_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { LINKERD("response_total"), .when[1] = { "classification", ANY("failure") }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
    { LINKERD("actual_request_total"), .use = USE_PART, .part = PART_DIFFERENCE_ATTEMPTS },
    { LINKERD("request_total"), .use = USE_PART, .part = PART_DIFFERENCE_CALLS },
    { LINKERD("retryable_total"), .when[1] = { "skipped", ANY("no_budget") }, .use = USE_SIGNAL,
      .signal = SIGNAL_RETRIES_DENIED },
    TIMED(LINKERD, "response_latency_ms", 1e-3),
    { LINKERD_ROUTE("http_route_request_statuses_total"), .signal = SIGNAL_CALLS },
    { LINKERD_ROUTE("http_route_request_statuses_total"), .when = { { "http_status", ANY("5*") } },
      .signal = SIGNAL_ERRORS },
    { LINKERD_ROUTE("http_route_retry_requests_total"), .signal = SIGNAL_RETRIES },
    { LINKERD_ROUTE("http_route_retry_overflow_total"), .signal = SIGNAL_RETRIES_DENIED },
    { LINKERD_ROUTE("grpc_route_retry_requests_total"), .signal = SIGNAL_RETRIES },
    { LINKERD_ROUTE("grpc_route_retry_overflow_total"), .signal = SIGNAL_RETRIES_DENIED },

    { TRAEFIK("requests_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { TRAEFIK("requests_total"), .when = { { "code", ANY("5*") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
    { TRAEFIK("retries_total"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES },
    TIMED(TRAEFIK, "request_duration_seconds", 1),

    { SELF("fusebox_http_requests_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { SELF("fusebox_http_requests_total"), .when[1] = { "code", ANY("5xx") }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
    TIMED(SELF, "fusebox_http_request_duration_seconds", 1),
};

const struct mapping_row *mapping_rows_of_proxies(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}
