#include "api/performance_json.h"

#include <math.h>

#include "base/attr.h"

enum { RATE_WINDOW_S = 60 };

static void count(struct json *j, const char *key, uint64_t value)
{
    json_member_int(j, key, (int64_t)value);
}

static void response_time(struct json *j, double mean_ms, const double s[LATENCY_COUNT])
{
    json_key(j, "response_time");
    json_open_object(j);
    json_member_rounded(j, "mean_ms", mean_ms, 3);
    json_member_rounded(j, "p50_ms", s[LATENCY_P50] * 1000, 3);
    json_member_rounded(j, "p95_ms", s[LATENCY_P95] * 1000, 3);
    json_member_rounded(j, "p99_ms", s[LATENCY_P99] * 1000, 3);
    json_close_object(j);
}

/* Over all services that tell it, each weighed by its calls. */
static double mean_response_ms(const struct monitor_view *view)
{
    double sum_ms = 0, calls = 0;

    for (size_t i = 0; i < view->service_count; i++) {
        const struct service_view *s = &view->services[i];

        if (isnan(s->response_ms) || isnan(s->calls_per_s))
            continue;
        sum_ms += s->response_ms * s->calls_per_s;
        calls += s->calls_per_s;
    }
    return calls > 0 ? sum_ms / calls : NAN;
}

static void totals(struct json *j, const struct monitor_view *view)
{
    const struct totals_view *t = &view->totals;

    json_member_int(j, "window_s", RATE_WINDOW_S);
    json_member_rounded(j, "throughput_per_s", t->calls_per_s, 3);
    json_member_rounded(j, "error_rate", 1 - t->success_ratio, 6);
    json_member_rounded(j, "retries_per_s", t->retries_per_s, 3);
    response_time(j, mean_response_ms(view), t->latency_s);
}

static void self_members(struct json *j, const struct performance_self *self, int64_t now_ms)
{
    const struct own_summary *s = &self->summary;
    double up_s = (double)(now_ms - self->started_ms) / 1000;

    json_key(j, "fusebox");
    json_open_object(j);
    json_member_rounded(j, "requests_total", s->requests_count, 0);
    json_member_rounded(j, "requests_failed", s->failed_count, 0);
    response_time(j, s->mean_s * 1000, (double[LATENCY_COUNT]){ s->p50_s, s->p95_s, s->p99_s });
    json_member_rounded(j, "cpu_seconds_total", s->cpu_s, 3);
    json_member_rounded(j, "cpu_percent", up_s > 0 ? s->cpu_s / up_s * 100 : NAN, 2);
    json_member_rounded(j, "memory_bytes", s->resident_bytes, 0);
    json_close_object(j);
}

/* --- /performance --- */

static void service_line(struct json *j, const struct service_view *s)
{
    json_open_object(j);
    json_member_string(j, "service", s->name);
    json_member_cstr(j, "evidence", evidence_name(s->evidence));
    json_member_int(j, "window_s", s->window_s);
    json_member_rounded(j, "throughput_per_s", s->calls_per_s, 3);
    json_member_rounded(j, "error_rate", 1 - s->success_ratio, 6);
    json_member_rounded(j, "retries_per_s", s->retries_per_s, 3);
    response_time(j, s->response_ms, s->latency_s);
    json_close_object(j);
}

void performance_json(struct buf *out, const struct monitor_view *view, struct str service,
                      const struct performance_self *self, const struct view_origin *origin)
{
    struct json j = json_to(out);

    view_json_head(&j, view, origin);
    totals(&j, view);
    json_key(&j, "services");
    json_open_array(&j);
    for (size_t i = 0; i < view->service_count; i++)
        if (!service.len || str_equals(view->services[i].name, service))
            service_line(&j, &view->services[i]);
    json_close_array(&j);
    self_members(&j, self, view->now_ms);
    json_close_object(&j);
}

/* --- /status --- */

static void alert_counts(struct json *j, const struct monitor_view *view)
{
    uint64_t by_severity[SEVERITY_UNKNOWN + 1] = { 0 };
    uint64_t total = 0;

    for (size_t i = 0; i < view->service_count; i++)
        by_severity[view->services[i].severity]++;
    for (int s = SEVERITY_WARNING; s <= SEVERITY_EMERGENCY; s++)
        total += by_severity[s];
    json_key(j, "active_alerts");
    json_open_object(j);
    count(j, "total", total);
    for (int s = SEVERITY_WARNING; s <= SEVERITY_EMERGENCY; s++)
        count(j, severity_name((enum severity)s), by_severity[s]);
    json_close_object(j);
}

static void service_counts(struct json *j, const struct totals_view *t)
{
    json_key(j, "services");
    json_open_object(j);
    for (int h = HEALTH_HEALTHY; h <= HEALTH_UNKNOWN; h++)
        count(j, health_name((enum health)h), t->services[h]);
    json_close_object(j);
}

static const char *health_word(const struct totals_view *t)
{
    static const enum health worst_first[] = { HEALTH_UNHEALTHY, HEALTH_DEGRADED, HEALTH_HEALTHY };

    for (size_t i = 0; i < ARRAY_LEN(worst_first); i++)
        if (t->services[worst_first[i]])
            return health_name(worst_first[i]);
    return health_name(HEALTH_UNKNOWN);
}

/* What the monitoring itself is and does. */
static void monitoring_members(struct json *j, const struct monitor_view *view,
                               const struct performance_self *self)
{
    json_member_cstr(j, "status", "running");
    json_member_bool(j, "monitoring_active", true);
    json_member_cstr(j, "health", health_word(&view->totals));
    json_member_cstr(j, "version", self->version);
    json_member_int(j, "uptime_s", (view->now_ms - self->started_ms) / 1000);
}

void performance_json_status(struct buf *out, const struct monitor_view *view,
                             const struct performance_self *self, const struct view_origin *origin)
{
    const struct totals_view *t = &view->totals;
    struct json j = json_to(out);

    view_json_head(&j, view, origin);
    monitoring_members(&j, view, self);
    view_json_sentence(&j, &view->sentence);
    service_counts(&j, t);
    view_json_breaker_counts(&j, &t->breakers);
    alert_counts(&j, view);
    json_key(&j, "performance");
    json_open_object(&j);
    totals(&j, view);
    json_close_object(&j);
    json_key(&j, "metrics");
    json_open_object(&j);
    count(&j, "series", self->series_count);
    count(&j, "samples", self->samples_count);
    json_close_object(&j);
    self_members(&j, self, view->now_ms);
    json_close_object(&j);
}
