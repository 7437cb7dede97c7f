#include "api/row_figures.h"

#include <math.h>
#include <stddef.h>

#include "api/view_json.h"
#include "base/attr.h"
#include "base/hash.h"

/* A double of the row, shown as view_json.c shows it. */
enum shown { AS_IS, ROUNDED_DOWN, AS_PERCENT };
struct figure {
    const char *name;
    size_t offset;
    int decimals;
    enum shown shown;
};

#define OF_ROW(member) offsetof(struct service_view, member)

static const struct figure figures[] = {
    { "calls_per_s", OF_ROW(calls_per_s), 3, AS_IS },
    { "errors_per_s", OF_ROW(errors_per_s), 3, AS_IS },
    { "retries_per_s", OF_ROW(retries_per_s), 3, AS_IS },
    { "retries_denied_per_s", OF_ROW(denied_per_s), 3, AS_IS },
    { "success_ratio", OF_ROW(success_ratio), 6, AS_IS },
    { "attempt_success_ratio", OF_ROW(attempt_success_ratio), 6, AS_IS },
    { "first_attempt_success_ratio", OF_ROW(first_success_ratio), 6, AS_IS },
    { "latency_p50_s", OF_ROW(latency_s[LATENCY_P50]), 6, AS_IS },
    { "latency_p95_s", OF_ROW(latency_s[LATENCY_P95]), 6, AS_IS },
    { "latency_p99_s", OF_ROW(latency_s[LATENCY_P99]), 6, AS_IS },
    { "response_time_ms", OF_ROW(response_ms), 3, AS_IS },
    { "calls_total", OF_ROW(calls_total), 0, AS_IS },
    { "errors_total", OF_ROW(errors_total), 0, AS_IS },
    { "retries_total", OF_ROW(retries_total), 0, AS_IS },
    { "budget.utilization_percent", OF_ROW(budget.utilization_percent), 1, AS_PERCENT },
    { "budget.used_minute", OF_ROW(budget.used_minute), 0, AS_IS },
    { "budget.limit_minute", OF_ROW(budget.limit_minute), 0, AS_IS },
    { "budget.remaining_minute", OF_ROW(budget.remaining_minute), 0, ROUNDED_DOWN },
    { "budget.used_hour", OF_ROW(budget.used_hour), 0, AS_IS },
    { "budget.limit_hour", OF_ROW(budget.limit_hour), 0, AS_IS },
    { "budget.remaining_hour", OF_ROW(budget.remaining_hour), 0, ROUNDED_DOWN },
    { "budget.retry_rate_percent", OF_ROW(budget.retry_rate_percent), 2, AS_IS },
    { "budget.returning_10s_percent", OF_ROW(budget.returning_percent), 1, AS_IS },
};

static double *figure_of(struct service_view *s, const struct figure *figure)
{
    return (double *)(void *)((char *)s + figure->offset);
}

static double value_of(const struct service_view *s, const struct figure *figure)
{
    double value = *(const double *)(const void *)((const char *)s + figure->offset);

    switch (figure->shown) {
    case ROUNDED_DOWN:
        return floor(value);
    case AS_PERCENT:
        return view_json_percent(value);
    default:
        return value;
    }
}

void row_figures_columns(struct json *j)
{
    json_open_array(j);
    json_cstr(j, "last_data_ms");
    json_cstr(j, "calls_last_minute");
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        json_cstr(j, figures[i].name);
    json_close_array(j);
}

void row_figures(struct json *j, const struct service_view *s)
{
    json_open_array(j);
    json_string(j, s->name);
    if (s->last_data_ms < 0)
        json_null(j);
    else
        json_int(j, s->last_data_ms);
    json_rounded(j, s->window_s == 60 ? s->calls_in_window : NAN, 0);
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        json_rounded(j, value_of(s, &figures[i]), figures[i].decimals);
    json_close_array(j);
}

/* A figure that comes or goes is a change of figures, too: the state is what is left of the row. */
uint64_t row_state_hash(const struct service_view *s, struct buf *scratch)
{
    struct service_view still = *s;
    struct json j;

    still.last_data_ms = -1;
    still.calls_in_window = NAN;
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        *figure_of(&still, &figures[i]) = NAN;
    buf_clear(scratch);
    j = json_to(scratch);
    json_open_object(&j);
    view_json_row_members(&j, &still, ROW_PLAIN);
    json_close_object(&j);
    return hash_str(buf_str(scratch));
}

void row_steps_columns(struct json *j)
{
    json_open_array(j);
    json_cstr(j, "calls");
    json_cstr(j, "errors");
    json_cstr(j, "retries");
    json_cstr(j, "utilization_percent");
    json_close_array(j);
}

static void last_point(struct json *j, const struct spark *spark, int decimals)
{
    json_rounded(j, spark_at(spark, spark->end_ms), decimals);
}

void row_steps(struct json *j, const struct service_view *s)
{
    json_open_array(j);
    json_string(j, s->name);
    last_point(j, &s->calls, SPARK_RATE_DECIMALS);
    last_point(j, &s->errors, SPARK_ERRORS_DECIMALS);
    last_point(j, &s->retries, SPARK_RATE_DECIMALS);
    last_point(j, &s->utilization, SPARK_PERCENT_DECIMALS);
    json_close_array(j);
}
