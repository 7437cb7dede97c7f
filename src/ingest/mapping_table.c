/*
 * HAProxy (built-in exporter of 2.6). The figures behind the rows are in
 * docs/decisions/0004-haproxy-signals.md: an attempt is a new or a reused
 * connection; a warning counter alone does not tell how many attempts were
 * retries. Where they are reckoned, a call is a session of the backend: it counts
 * when it begins, as attempts do, and also where its client is only hung up on. The caller is
 * "haproxy" for every instance.
 *
 * Fusebox' own HTTP server has no retries to tell.
 */
#include "ingest/mapping_table.h"

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

#define SELF(name)                                                                                 \
    .metric = name, .when[0] = { "job", "fusebox" }, .source = "fusebox", .service = "fusebox"

static const struct mapping_row rows[] = {
    { .metric = "haproxy_process_start_time_seconds", .use = USE_EPOCH, .source = "haproxy" },

    { BACKEND("http_requests_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .falls_with_all = true },
    { BACKEND("http_responses_total"), .when = { { "code", "5xx" } }, .use = USE_SIGNAL,
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

    { SERVER("status"), .when = { { "state", "UP" } }, .use = USE_STATE, .state = STATE_CLOSED },
    { SERVER("status"), .when = { { "state", "DOWN" } }, .use = USE_STATE, .state = STATE_OPEN },
    { SERVER("status"), .when = { { "state", "MAINT" } }, .use = USE_STATE, .state = STATE_MAINT },
    { SERVER("status"), .when = { { "state", "DRAIN" } }, .use = USE_STATE, .state = STATE_DRAIN },
    { SERVER("status"), .when = { { "state", "NOLB" } }, .use = USE_STATE, .state = STATE_NOLB },
    { SERVER("check_status"), .when = { { "state", "L4OK" } }, .use = USE_STATE,
      .state = STATE_L4OK },
    { SERVER("check_status"), .when = { { "state", "L6OK" } }, .use = USE_STATE,
      .state = STATE_L6OK },
    { SERVER("check_status"), .when = { { "state", "L7OK" } }, .use = USE_STATE,
      .state = STATE_L7OK },
    { SERVER("check_status"), .when = { { "state", "L7OKC" } }, .use = USE_STATE,
      .state = STATE_L7OKC },

    { SERVER("connection_attempts_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { SERVER("connection_reuses_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { SERVER("http_responses_total"), .when = { { "code", "5xx" } }, .use = USE_SIGNAL,
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

    { SELF("fusebox_http_requests_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { SELF("fusebox_http_requests_total"), .when[1] = { "code", "5xx" }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
};

const struct mapping_row *mapping_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

bool mapping_row_accepts(const struct mapping_row *row, struct labels labels)
{
    if (!str_equals(labels_value(labels, LABEL_METRIC_NAME), str_of(row->metric)))
        return false;
    for (size_t i = 0; i < 2; i++) {
        const struct mapping_condition *c = &row->when[i];

        if (c->label && !str_equals(labels_value(labels, str_of(c->label)), str_of(c->value)))
            return false;
    }
    return true;
}
