#include "wire/event_field.h"

#include "base/attr.h"

#define OF(kind) (1U << EVENT_##kind)

enum {
    ALL = (1 << EVENT_KIND_COUNT) - 1,
    CALLS = OF(RETRY) | OF(CALL),
    DONE = CALLS | OF(OPERATION),
    INSTANCES = OF(HEALTH) | OF(INSTANCE_UP) | OF(HEARTBEAT) | OF(INSTANCE_FAILED),
    GUARDED = CALLS | OF(BREAKER) | OF(ERROR),
};

/* clang-format off */
static const struct event_field_row rows[EVENT_FIELD_COUNT] = {
    [EVENT_ID] = { { "id", "event_id" }, TYPE_TEXT, ALL },
    [EVENT_TYPE] = { { "event_type", "type", "kind" }, TYPE_WORD, ALL },
    [EVENT_SERVICE] = { { "service", "service_name" }, TYPE_NAME, ALL },
    [EVENT_TIME] = { { "timestamp", "time", "@timestamp", "at" }, TYPE_TIME, ALL },
    [EVENT_CALLER] = { { "caller", "source_service", "client" }, TYPE_NAME, GUARDED },
    [EVENT_ENDPOINT] = { { "endpoint" }, TYPE_NAME, GUARDED },
    [EVENT_BREAKER_NAME] = { { "breaker", "breaker_name", "circuit_breaker", "circuit_breaker_name" },
                             TYPE_NAME, GUARDED },
    [EVENT_METRIC_NAME] = { { "name", "metric_name", "metric" }, TYPE_NAME, OF(METRIC) | OF(BREAKER) },
    [EVENT_INSTANCE] = { { "instance", "instance_id", "server_id" }, TYPE_NAME,
                         INSTANCES | OF(ERROR) | OF(OPERATION) },
    [EVENT_OPERATION_NAME] = { { "operation", "operation_type", "operation_name" }, TYPE_NAME,
                               DONE | OF(ERROR) },
    [EVENT_RETRY_COUNT] = { { "retry_count", "retries" }, TYPE_COUNT, CALLS },
    [EVENT_RETRIES_DENIED] = { { "retries_denied" }, TYPE_COUNT, CALLS },
    [EVENT_DURATION_MS] = { { "duration_ms", "duration", "response_time", "response_time_ms",
                              "latency_ms" }, TYPE_AMOUNT, DONE | OF(HEALTH) | OF(METRIC) },
    [EVENT_OK] = { { "success" }, TYPE_BOOL, DONE },
    [EVENT_OUTCOME] = { { "outcome", "result" }, TYPE_WORD, DONE },
    [EVENT_OLD_STATE] = { { "old_state", "from_state", "from" }, TYPE_WORD, OF(BREAKER) },
    [EVENT_NEW_STATE] = { { "new_state", "to_state", "to", "state", "circuit_breaker_state" },
                          TYPE_WORD, CALLS | OF(BREAKER) },
    [EVENT_FAILURE_COUNT] = { { "failure_count" }, TYPE_COUNT, OF(BREAKER) },
    [EVENT_SUCCESS_COUNT] = { { "success_count" }, TYPE_COUNT, OF(BREAKER) },
    [EVENT_ERROR_TYPE] = { { "error_type" }, TYPE_NAME, DONE | OF(ERROR) | OF(INSTANCE_FAILED) },
    [EVENT_SEVERITY] = { { "severity", "level" }, TYPE_WORD, OF(ERROR) | OF(INSTANCE_FAILED) },
    [EVENT_MESSAGE] = { { "message", "error", "error_message", "reason", "description" }, TYPE_TEXT,
                        ALL },
    [EVENT_STATUS] = { { "status", "health" }, TYPE_WORD, OF(HEALTH) | OF(HEARTBEAT) },
    [EVENT_STATUS_CODE] = { { "status_code" }, TYPE_COUNT, DONE | OF(ERROR) | OF(HEALTH) },
    [EVENT_METRIC_TYPE] = { { "metric_type" }, TYPE_WORD, OF(METRIC) },
    [EVENT_VALUE] = { { "value" }, TYPE_NUMBER, OF(METRIC) },
    [EVENT_UNIT] = { { "unit" }, TYPE_TEXT, OF(METRIC) },
    [EVENT_LABELS] = { { "labels", "tags" }, TYPE_LABELS, OF(METRIC) },
    [EVENT_TRACE_ID] = { { "trace_id" }, TYPE_TEXT, ALL },
    [EVENT_METADATA] = { { "metadata", "context", "attributes", "details", "instance_info" },
                         TYPE_ANY, ALL },
};
/* clang-format on */

const struct event_field_row *event_field_row(enum event_field field)
{
    return &rows[field];
}

static enum event_field find_snake(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t n = 0; n < EVENT_FIELD_NAMES_MAX && rows[i].names[n]; n++) {
            const char *candidate = rows[i].names[n];

            if (candidate[0] == name.ptr[0] && str_equals(str_of(candidate), name))
                return (enum event_field)i;
        }
    }
    return EVENT_FIELD_COUNT;
}

enum event_field event_field_find(struct str name)
{
    char snake[2 * EVENT_KEY_MAX_BYTES];
    size_t len = 0;

    if (!name.len || name.len > EVENT_KEY_MAX_BYTES)
        return EVENT_FIELD_COUNT;
    for (size_t i = 0; i < name.len; i++) {
        bool is_upper = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';

        if (is_upper)
            snake[len++] = '_';
        snake[len++] = is_upper ? (char)(name.ptr[i] - 'A' + 'a') : name.ptr[i];
    }
    return find_snake((struct str){ snake, len });
}
