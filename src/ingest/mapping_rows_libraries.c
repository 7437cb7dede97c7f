/*
 * Libraries tell of breakers within a program, so the caller is the job that is
 * scraped, and what is called has the name that the program gave the breaker or
 * the retry. Where a service has no better figure of its calls, those of its
 * breaker stand in: what was refused is a call that failed.
 *
 * resilience4j counts calls that were retried, not retries: each had one at least,
 * so its retries are a lower bound. A breaker that is forced open is open, and marked
 * as forced; one that is switched off, or that measures only, is disabled.
 *
 * opossum-prometheus has one counter by event and no gauge: a breaker's state
 * follows from how often it was entered. It counts the events that something listens
 * to when the breaker is given to it; nothing does to halfOpen unless the program
 * sees to it. `failure` holds timeouts and calls that a semaphore refused, too.
 *
 * Polly: the same with events of a strategy in a pipeline. What went through its
 * breaker, or was refused, it tells with the name of the strategy around it, or of the
 * pipeline: it counts for the pipeline's breaker, where there is one alone. gRPC and
 * the clients that smithy makes (AWS) tell attempts and calls; so does Failsafe, by a
 * histogram. Hystrix does not show half-open. MicroProfile tells how long each state
 * was held.
 *
 * Dapr counts calls when they begin, by the state of their breaker, and does not tell
 * failures. gobreaker has no exporter of its own: one that shows each state by itself
 * is read; numbers differ from program to program, so they need a row of the
 * configuration.
 *
 * Sentinel has one gauge, with the name of the program, so it is known by its labels.
 * Its samples are the figures of single seconds. Which rule refused is not told.
 *
 * The reference documents' own names come from any job but ours. Those with an
 * endpoint and no name have their service's name. Their numbers are read as
 * metrics.breaker_state_encoding says, or a row of the configuration for the job.
 *
 * Percentiles come from the buckets of histograms, which add up. Those that a summary
 * computed in its own process (opossum) do not, and are left out.
 */
#include "ingest/mapping_rows.h"

/* A service, and a breaker, whose name is in a label. */
#define ABOUT(of, name, label)                                                                     \
    .metric = name, .source = of, .service_label = label, .caller_label = "job"
#define GUARDS(of, name, service, label) ABOUT(of, name, service), .breaker_label = label

/* The durations of a summary, whose unit is so many seconds. */
#define SUMMED(of, name, label, seconds)                                                           \
    { ABOUT(of, name "_count", label), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_CALLS },          \
    {                                                                                              \
        ABOUT(of, name "_sum", label), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_SECONDS,          \
                                       .factor = seconds                                           \
    }
/* … of a histogram. */
#define TIMED(of, name, label, seconds)                                                            \
    SUMMED(of, name, label, seconds),                                                              \
    {                                                                                              \
        ABOUT(of, name "_bucket", label), .use = USE_SIGNAL, .signal = SIGNAL_TIMED_BUCKET,        \
                                          .factor = seconds                                        \
    }

#define R4J(name) ABOUT("resilience4j", "resilience4j_" name, "name")
#define R4J_BREAKER(name)                                                                          \
    GUARDS("resilience4j", "resilience4j_circuitbreaker_" name, "name", "name")
#define R4J_STATE(value, word)                                                                     \
    {                                                                                              \
        R4J_BREAKER("state"), .when = { { "state", ANY(value) } }, .use = USE_STATE, .state = word \
    }

#define OPOSSUM(...)                                                                               \
    ABOUT("opossum", "circuit", "name"), .when = { { "event", ANY(__VA_ARGS__) } },                \
                                         .use = USE_SIGNAL
#define OPOSSUM_BREAKER(...)                                                                       \
    GUARDS("opossum", "circuit", "name", "name"), .when = { { "event", ANY(__VA_ARGS__) } }
#define OPOSSUM_STATE(event, word)                                                                 \
    {                                                                                              \
        OPOSSUM_BREAKER(event), .use = USE_ENTERED, .state = word                                  \
    }

#define POLLY(name) ABOUT("polly", "resilience_polly_" name, "pipeline_name"), .use = USE_SIGNAL
#define POLLY_STATE(event, word)                                                                   \
    {                                                                                              \
        GUARDS("polly", "resilience_polly_strategy_events_total", "pipeline_name",                 \
               "strategy_name"),                                                                   \
            .when = { { "event_name", ANY(event) } }, .use = USE_ENTERED, .state = word            \
    }

/* The breaker's exception, and the one of a breaker that is held open by hand. */
#define POLLY_REFUSALS                                                                             \
    "Polly.CircuitBreaker.BrokenCircuitException", "Polly.CircuitBreaker.IsolatedCircuitException"
/* Attempts of the strategy around the breaker, or the pipeline where there is none. */
#define POLLY_THROUGH(name, of_pipeline)                                                           \
    POLLY(name "_duration_milliseconds_count"), .of_only_breaker = true, .stands_in = of_pipeline

#define GRPC(name) ABOUT("grpc", "grpc_client_" name, "grpc_target")

#define HYSTRIX(name) ABOUT("hystrix", "hystrix_" name, "group"), .use = USE_SIGNAL
#define HYSTRIX_EVENTS(...)                                                                        \
    GUARDS("hystrix", "hystrix_execution_total", "group", "key"),                                  \
        .when = { { "event", ANY(__VA_ARGS__) } }, .use = USE_SIGNAL

#define FT(name)         ABOUT("microprofile", "ft_" name, "method"), .use = USE_SIGNAL
#define FT_BREAKER(name) GUARDS("microprofile", "ft_circuitbreaker_" name, "method", "method")
#define FT_HELD(name, value, word)                                                                 \
    {                                                                                              \
        FT_BREAKER(name), .when = { { "state", ANY(value) } }, .use = USE_HELD, .state = word      \
    }

#define SMITHY(name) ABOUT("smithy", "smithy_client_call_" name, "rpc_service")

#define FAILSAFE(name)                                                                             \
    ABOUT("failsafe", "failsafe_retry_policy_" name, "failsafe_retry_policy_name")
#define FAILSAFE_BREAKER(name)                                                                     \
    GUARDS("failsafe", "failsafe_circuit_breaker_" name, "failsafe_circuit_breaker_name",          \
           "failsafe_circuit_breaker_name")
#define FAILSAFE_STATE(name, value, word)                                                          \
    {                                                                                              \
        FAILSAFE_BREAKER(name), .when = { { "failsafe_circuit_breaker_state", ANY(value) } },      \
                                .use = USE_ENTERED, .state = word                                  \
    }
#define FAILSAFE_STAND_IN(...)                                                                     \
    ABOUT("failsafe", "failsafe_circuit_breaker_execution_count_total",                            \
          "failsafe_circuit_breaker_name"),                                                        \
        .when = { { "failsafe_circuit_breaker_outcome", ANY(__VA_ARGS__) } }, .use = USE_SIGNAL,   \
        .stands_in = true

#define DAPR(name, kind)                                                                           \
    .metric = "dapr_resiliency_" name, .source = "dapr", .service_label = "target",                \
    .caller_label = "app_id", .when[0] = { "flow_direction", ANY("outbound") },                    \
    .when[1] = { "policy", ANY(kind) }
#define DAPR_STATE(word, ...)                                                                      \
    {                                                                                              \
        DAPR("cb_state", "circuitbreaker"),                                                        \
            .breaker_label = "name", .when[2] = { "status", ANY(__VA_ARGS__) }, .use = USE_STATE,  \
            .state = word                                                                          \
    }

#define GOBREAKER(name)         ABOUT("gobreaker", "gobreaker_" name, "name"), .use = USE_SIGNAL
#define GOBREAKER_BREAKER(name) GUARDS("gobreaker", "gobreaker_" name, "name", "name")
#define GOBREAKER_STATE(word, ...)                                                                 \
    {                                                                                              \
        GOBREAKER_BREAKER("state"), .when = { { "state", ANY(__VA_ARGS__) } }, .use = USE_STATE,   \
                                    .state = word                                                  \
    }

#define SENTINEL(kind)                                                                             \
    ABOUT("sentinel", MAPPING_ANY_METRIC, "resource"),                                             \
        .when = { { "type", ANY(kind) }, { "classification", NONE("") } }, .use = USE_AMOUNT

/* The reference documents' own names. A server's requests are calls of its job. */
#define SERVED(name)                                                                               \
    .metric = name, .when[0] = { "job", NONE("fusebox") }, .source = "reference",                  \
    .service_label = "job", .use = USE_SIGNAL
#define OTHERS(name)                                                                               \
    GUARDS("reference", "circuit_breaker_" name, "service", "name"),                               \
        .endpoint_label = "endpoint", .breaker_or_service = true,                                  \
        .when[0] = { "job", NONE("fusebox") }
#define OTHERS_STATE(value, word)                                                                  \
    {                                                                                              \
        OTHERS("state_info"), .when[1] = { "state", ANY(value) }, .use = USE_STATE, .state = word  \
    }
#define OTHERS_REQUESTS(label, ...)                                                                \
    OTHERS("requests_total"), .when[1] = { label, ANY(__VA_ARGS__) }, .use = USE_SIGNAL
#define OTHERS_SERVICE(label, ...)                                                                 \
    ABOUT("reference", "circuit_breaker_requests_total", "service"),                               \
        .when = { { "job", NONE("fusebox") }, { label, ANY(__VA_ARGS__) } }, .use = USE_SIGNAL,    \
        .stands_in = true
#define WITHOUT_OUTCOME .when[2] = { "outcome", ANY("") }

static const struct mapping_row rows[] = {
    R4J_STATE("closed", STATE_CLOSED),
    R4J_STATE("open", STATE_OPEN),
    R4J_STATE("forced_open", STATE_OPEN),
    { R4J_BREAKER("state"), .when = { { "state", ANY("forced_open") } }, .use = USE_LEVEL,
      .signal = SIGNAL_BREAKER_FORCED },
    R4J_STATE("half_open", STATE_HALF_OPEN),
    R4J_STATE("disabled", STATE_DISABLED),
    R4J_STATE("metrics_only", STATE_DISABLED),
    { R4J_BREAKER("calls_seconds_count"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { R4J_BREAKER("calls_seconds_count"), .when = { { "kind", ANY("failed") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_BREAKER_ERRORS },
    { R4J_BREAKER("not_permitted_calls_total"), .use = USE_SIGNAL,
      .signal = SIGNAL_BREAKER_BLOCKED },
    { R4J_BREAKER("failure_rate"), .use = USE_LEVEL, .signal = SIGNAL_BREAKER_FAILURE_RATE,
      .factor = 0.01 },
    { R4J("circuitbreaker_calls_seconds_count"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .stands_in = true },
    { R4J("circuitbreaker_calls_seconds_count"), .when = { { "kind", ANY("failed") } },
      .use = USE_SIGNAL, .signal = SIGNAL_ERRORS, .stands_in = true },
    { R4J("circuitbreaker_not_permitted_calls_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .stands_in = true },
    { R4J("circuitbreaker_not_permitted_calls_total"), .use = USE_SIGNAL, .signal = SIGNAL_ERRORS,
      .stands_in = true },
    { R4J("retry_calls_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { R4J("retry_calls_total"),
      .when = { { "kind", ANY("failed_without_retry", "failed_with_retry") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
    { R4J("retry_calls_total"),
      .when = { { "kind", ANY("successful_with_retry", "failed_with_retry") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_RETRIES },
    { R4J("retry_calls_total"), .use = USE_SIGNAL, .signal = SIGNAL_FIRST_CALLS },
    { R4J("retry_calls_total"), .when = { { "kind", NONE("successful_without_retry") } },
      .use = USE_SIGNAL, .signal = SIGNAL_FIRST_ERRORS },
    TIMED("resilience4j", "resilience4j_circuitbreaker_calls_seconds", "name", 1),

    OPOSSUM_STATE("open", STATE_OPEN),
    OPOSSUM_STATE("halfOpen", STATE_HALF_OPEN),
    OPOSSUM_STATE("close", STATE_CLOSED),
    OPOSSUM_STATE("fire", STATE_NOTHING),
    { OPOSSUM_BREAKER("success", "failure"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { OPOSSUM_BREAKER("failure"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_ERRORS },
    { OPOSSUM_BREAKER("reject"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_BLOCKED },
    { OPOSSUM("fire"), .signal = SIGNAL_CALLS },
    { OPOSSUM("failure", "reject"), .signal = SIGNAL_ERRORS },
    SUMMED("opossum", "circuit_perf", "name", 1e-3),

    POLLY_STATE("OnCircuitOpened", STATE_OPEN),
    POLLY_STATE("OnCircuitHalfOpened", STATE_HALF_OPEN),
    POLLY_STATE("OnCircuitClosed", STATE_CLOSED),
    { POLLY("strategy_events_total"), .when = { { "event_name", ANY("OnRetry") } },
      .signal = SIGNAL_RETRIES },
    { POLLY_THROUGH("strategy_attempt", false),
      .when = { { "exception_type", NONE(POLLY_REFUSALS) } }, .signal = SIGNAL_BREAKER_CALLS },
    { POLLY_THROUGH("strategy_attempt", false),
      .when = { { "exception_type", NONE(POLLY_REFUSALS) },
                { "attempt_handled", ANY("true", "True") } },
      .signal = SIGNAL_BREAKER_ERRORS },
    { POLLY_THROUGH("strategy_attempt", false),
      .when = { { "exception_type", ANY(POLLY_REFUSALS) } }, .signal = SIGNAL_BREAKER_BLOCKED },
    { POLLY_THROUGH("pipeline", true), .when = { { "exception_type", NONE(POLLY_REFUSALS) } },
      .signal = SIGNAL_BREAKER_CALLS },
    { POLLY_THROUGH("pipeline", true), .when = { { "exception_type", NONE("", POLLY_REFUSALS) } },
      .signal = SIGNAL_BREAKER_ERRORS },
    { POLLY_THROUGH("pipeline", true), .when = { { "exception_type", ANY(POLLY_REFUSALS) } },
      .signal = SIGNAL_BREAKER_BLOCKED },
    { POLLY("pipeline_duration_milliseconds_count"), .signal = SIGNAL_CALLS },
    { POLLY("pipeline_duration_milliseconds_count"), .when = { { "exception_type", NONE("") } },
      .signal = SIGNAL_ERRORS },
    TIMED("polly", "resilience_polly_pipeline_duration_milliseconds", "pipeline_name", 1e-3),

    { GRPC("call_duration_seconds_count"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { GRPC("call_duration_seconds_count"),
      .when = { { "grpc_status", ANY("UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED",
                                     "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS") } },
      .use = USE_SIGNAL, .signal = SIGNAL_ERRORS },
    { GRPC("attempt_started_total"), .use = USE_PART, .part = PART_DIFFERENCE_ATTEMPTS },
    { GRPC("call_duration_seconds_count"), .use = USE_PART, .part = PART_DIFFERENCE_CALLS },
    TIMED("grpc", "grpc_client_call_duration_seconds", "grpc_target", 1),

    { GUARDS("hystrix", "hystrix_circuit_breaker_open", "group", "key"), .use = USE_NUMBER,
      .encoding = ENCODING_CLOSED_OPEN },
    { HYSTRIX_EVENTS("success", "failure", "timeout", "bad_request"),
      .signal = SIGNAL_BREAKER_CALLS },
    { HYSTRIX_EVENTS("failure", "timeout"), .signal = SIGNAL_BREAKER_ERRORS },
    { HYSTRIX_EVENTS("short_circuited"), .signal = SIGNAL_BREAKER_BLOCKED },
    { HYSTRIX("execution_terminal_total"), .signal = SIGNAL_CALLS },
    { HYSTRIX("execution_total"),
      .when = { { "event", ANY("failure", "timeout", "short_circuited", "thread_pool_rejected",
                               "semaphore_rejected") } },
      .signal = SIGNAL_ERRORS },
    TIMED("hystrix", "hystrix_latency_total_seconds", "group", 1),

    FT_HELD("state_total", "closed", STATE_CLOSED),
    FT_HELD("state_total", "halfOpen", STATE_HALF_OPEN),
    FT_HELD("state_total", "open", STATE_OPEN),
    FT_HELD("state_total_nanoseconds", "closed", STATE_CLOSED),
    FT_HELD("state_total_nanoseconds", "halfOpen", STATE_HALF_OPEN),
    FT_HELD("state_total_nanoseconds", "open", STATE_OPEN),
    { FT_BREAKER("calls_total"), .when = { { "circuitBreakerResult", ANY("success", "failure") } },
      .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { FT_BREAKER("calls_total"), .when = { { "circuitBreakerResult", ANY("failure") } },
      .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_ERRORS },
    { FT_BREAKER("calls_total"), .when = { { "circuitBreakerResult", ANY("circuitBreakerOpen") } },
      .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_BLOCKED },
    { FT("invocations_total"), .signal = SIGNAL_CALLS },
    { FT("invocations_total"), .when = { { "result", ANY("exceptionThrown") } },
      .signal = SIGNAL_ERRORS },
    { FT("retry_retries_total"), .signal = SIGNAL_RETRIES },
    { FT("retry_calls_total"), .signal = SIGNAL_FIRST_CALLS },
    { FT("retry_calls_total"), .when = { { "retried", ANY("true") } },
      .signal = SIGNAL_FIRST_ERRORS },
    { FT("retry_calls_total"),
      .when = { { "retried", ANY("false") }, { "retryResult", NONE("valueReturned") } },
      .signal = SIGNAL_FIRST_ERRORS },

    { SMITHY("duration_seconds_count"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { SMITHY("errors_total"), .use = USE_SIGNAL, .signal = SIGNAL_ERRORS },
    { SMITHY("attempts_total"), .use = USE_PART, .part = PART_DIFFERENCE_ATTEMPTS },
    { SMITHY("duration_seconds_count"), .use = USE_PART, .part = PART_DIFFERENCE_CALLS },
    TIMED("smithy", "smithy_client_call_duration_seconds", "rpc_service", 1),

    FAILSAFE_STATE("state_changes_count_total", "open", STATE_OPEN),
    FAILSAFE_STATE("state_changes_count_total", "half_open", STATE_HALF_OPEN),
    FAILSAFE_STATE("state_changes_count_total", "closed", STATE_CLOSED),
    FAILSAFE_STATE("state_change_count_total", "open", STATE_OPEN),
    FAILSAFE_STATE("state_change_count_total", "half_open", STATE_HALF_OPEN),
    FAILSAFE_STATE("state_change_count_total", "closed", STATE_CLOSED),
    { FAILSAFE_BREAKER("execution_count_total"), .use = USE_ENTERED, .state = STATE_NOTHING },
    { FAILSAFE_BREAKER("execution_count_total"), .use = USE_SIGNAL,
      .signal = SIGNAL_BREAKER_CALLS },
    { FAILSAFE_BREAKER("execution_count_total"),
      .when = { { "failsafe_circuit_breaker_outcome", ANY("failure") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_BREAKER_ERRORS },
    { FAILSAFE_STAND_IN("success", "failure"), .signal = SIGNAL_CALLS },
    { FAILSAFE_STAND_IN("failure"), .signal = SIGNAL_ERRORS },
    { FAILSAFE("execution_count_total"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { FAILSAFE("execution_count_total"),
      .when = { { "failsafe_retry_policy_outcome", ANY("failure") } }, .use = USE_SIGNAL,
      .signal = SIGNAL_ERRORS },
    { FAILSAFE("attempts_sum"), .use = USE_PART, .part = PART_DIFFERENCE_ATTEMPTS },
    { FAILSAFE("attempts_count"), .use = USE_PART, .part = PART_DIFFERENCE_CALLS },

    DAPR_STATE(STATE_CLOSED, "closed"),
    DAPR_STATE(STATE_HALF_OPEN, "half-open", "half_open"),
    DAPR_STATE(STATE_OPEN, "open"),
    { DAPR("count", "circuitbreaker"), .breaker_label = "name",
      .when[2] = { "status", NONE("open") }, .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { DAPR("count", "circuitbreaker"), .breaker_label = "name",
      .when[2] = { "status", ANY("open") }, .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_BLOCKED },
    { DAPR("count", "retry"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS },
    { DAPR("count", "circuitbreaker"), .use = USE_SIGNAL, .signal = SIGNAL_CALLS,
      .stands_in = true },
    { DAPR("activations_total", "retry"), .use = USE_SIGNAL, .signal = SIGNAL_RETRIES },

    GOBREAKER_STATE(STATE_CLOSED, "closed"),
    GOBREAKER_STATE(STATE_HALF_OPEN, "half-open", "half_open"),
    GOBREAKER_STATE(STATE_OPEN, "open"),
    { GOBREAKER_BREAKER("success_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { GOBREAKER_BREAKER("failure_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_CALLS },
    { GOBREAKER_BREAKER("failure_total"), .use = USE_SIGNAL, .signal = SIGNAL_BREAKER_ERRORS },
    { GOBREAKER("success_total"), .signal = SIGNAL_CALLS },
    { GOBREAKER("failure_total"), .signal = SIGNAL_CALLS },
    { GOBREAKER("failure_total"), .signal = SIGNAL_ERRORS },

    { SENTINEL("passQps"), .signal = SIGNAL_CALLS },
    { SENTINEL("blockQps"), .signal = SIGNAL_CALLS },
    { SENTINEL("blockQps"), .signal = SIGNAL_ERRORS },
    { SENTINEL("exceptionQps"), .signal = SIGNAL_ERRORS },
    { SENTINEL("passQps"), .breaker = "rules", .signal = SIGNAL_BREAKER_CALLS },
    { SENTINEL("exceptionQps"), .breaker = "rules", .signal = SIGNAL_BREAKER_ERRORS },
    { SENTINEL("blockQps"), .breaker = "rules", .signal = SIGNAL_BREAKER_BLOCKED },

    { OTHERS("state"), .use = USE_NUMBER },
    { OTHERS("consecutive_failures"), .use = USE_LEVEL, .signal = SIGNAL_BREAKER_CONSECUTIVE },
    { OTHERS("failures_current"), .use = USE_LEVEL, .signal = SIGNAL_BREAKER_CONSECUTIVE },
    { OTHERS("failure_rate"), .use = USE_LEVEL, .signal = SIGNAL_BREAKER_FAILURE_RATE,
      .factor = 0.01 },
    { OTHERS("last_failure_time"), .use = USE_LEVEL, .signal = SIGNAL_BREAKER_LAST_FAILURE },
    OTHERS_STATE("closed", STATE_CLOSED),
    OTHERS_STATE("half_open", STATE_HALF_OPEN),
    OTHERS_STATE("open", STATE_OPEN),
    OTHERS_STATE("disabled", STATE_DISABLED),
    { OTHERS_REQUESTS("outcome", "success", "failure"), .signal = SIGNAL_BREAKER_CALLS },
    { OTHERS_REQUESTS("outcome", "failure"), .signal = SIGNAL_BREAKER_ERRORS },
    { OTHERS_REQUESTS("outcome", "blocked"), .signal = SIGNAL_BREAKER_BLOCKED },
    { OTHERS_REQUESTS("result", "success", "failure"), WITHOUT_OUTCOME,
      .signal = SIGNAL_BREAKER_CALLS },
    { OTHERS_REQUESTS("result", "failure"), WITHOUT_OUTCOME, .signal = SIGNAL_BREAKER_ERRORS },
    { OTHERS_REQUESTS("result", "blocked"), WITHOUT_OUTCOME, .signal = SIGNAL_BREAKER_BLOCKED },
    { OTHERS_SERVICE("outcome", "success", "failure", "blocked"), .signal = SIGNAL_CALLS },
    { OTHERS_SERVICE("outcome", "failure", "blocked"), .signal = SIGNAL_ERRORS },
    { OTHERS_SERVICE("result", "success", "failure", "blocked"), WITHOUT_OUTCOME,
      .signal = SIGNAL_CALLS },
    { OTHERS_SERVICE("result", "failure", "blocked"), WITHOUT_OUTCOME, .signal = SIGNAL_ERRORS },

    { SERVED("http_request_duration_seconds_count"), .signal = SIGNAL_CALLS },
    { SERVED("http_request_duration_seconds_count"), .when[1] = { "status", ANY("5*") },
      .signal = SIGNAL_ERRORS },
    { SERVED("http_request_duration_seconds_count"), .signal = SIGNAL_TIMED_CALLS },
    { SERVED("http_request_duration_seconds_sum"), .signal = SIGNAL_TIMED_SECONDS },
    { SERVED("http_request_duration_seconds_bucket"), .signal = SIGNAL_TIMED_BUCKET },
};

const struct mapping_row *mapping_rows_of_libraries(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}
