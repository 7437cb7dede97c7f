#include "api/gateway_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 48 };

const char *gateway_state_word(enum breaker_state state)
{
    static const char *const words[] = { "CLOSED", "HALF_OPEN", "OPEN", "DISABLED", "UNKNOWN" };

    return words[state];
}

const char *gateway_duration(int64_t ms, char out[GATEWAY_DURATION_BYTES])
{
    long long s = ms < 0 ? 0 : (long long)(ms / 1000);
    long long days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;

    if (days)
        snprintf(out, GATEWAY_DURATION_BYTES, "%lldd %lldh %lldm", days, hours, minutes);
    else if (hours)
        snprintf(out, GATEWAY_DURATION_BYTES, "%lldh %lldm", hours, minutes);
    else if (minutes)
        snprintf(out, GATEWAY_DURATION_BYTES, "%lldm", minutes);
    else
        snprintf(out, GATEWAY_DURATION_BYTES, "%llds", s);
    return out;
}

/* "98.8%" */
static void percent_text(struct json *j, const char *key, double ratio)
{
    char text[TEXT_BYTES];

    json_key(j, key);
    if (isnan(ratio)) {
        json_null(j);
        return;
    }
    snprintf(text, sizeof text, "%.1f%%", ratio * 100);
    json_cstr(j, text);
}

static void milliseconds(struct json *j, double ms)
{
    char text[TEXT_BYTES];

    json_key(j, "response_time");
    snprintf(text, sizeof text, "%.0fms", ms);
    json_cstr(j, isnan(ms) ? NULL : text);
    json_member_rounded(j, "response_time_ms", ms, 3);
}

/* --- the gateway --- */

static void requests(struct json *j, double total, double failed)
{
    double ratio = total > 0 ? 1 - failed / total : NAN;

    json_key(j, "requests");
    json_open_object(j);
    json_member_rounded(j, "total", total, 0);
    json_member_rounded(j, "successful", total - failed, 0);
    json_member_rounded(j, "failed", failed, 0);
    percent_text(j, "rate", ratio);
    json_member_rounded(j, "success_ratio", ratio, 6);
    json_close_object(j);
}

static void uptime(struct json *j, int64_t ms)
{
    char text[GATEWAY_DURATION_BYTES];

    json_member_cstr(j, "uptime", ms < 0 ? NULL : gateway_duration(ms, text));
    json_key(j, "uptime_s");
    if (ms < 0)
        json_null(j);
    else
        json_int(j, ms / 1000);
}

static void gateway_object(struct json *j, const struct monitor_view *view,
                           const struct service_view *gateway, const struct gateway_self *self)
{
    json_key(j, "gateway");
    json_open_object(j);
    json_key(j, "name");
    if (gateway)
        json_string(j, gateway->name);
    else
        json_cstr(j, "fusebox");
    json_member_cstr(j, "version", gateway ? NULL : self->version);
    json_member_cstr(j, "status", health_name(gateway ? gateway->health : HEALTH_HEALTHY));
    uptime(j, gateway ? -1 : view->now_ms - self->started_ms);
    if (gateway)
        requests(j, gateway->calls_total, gateway->errors_total);
    else
        requests(j, self->summary.requests_count, self->summary.failed_count);
    json_close_object(j);
}

/* --- services and what is wrong with them --- */

static void service_entry(struct json *j, const struct service_view *s)
{
    json_key_str(j, s->name);
    json_open_object(j);
    json_member_cstr(j, "status", health_name(s->health));
    milliseconds(j, s->response_ms);
    percent_text(j, "error_rate", 1 - s->success_ratio);
    json_member_rounded(j, "error_ratio", 1 - s->success_ratio, 6);
    json_member_cstr(j, "circuit_breaker",
                     s->breakers.total ? gateway_state_word(s->breakers.worst) : NULL);
    json_close_object(j);
}

static bool worries(const struct service_view *s)
{
    return s->severity >= SEVERITY_WARNING && s->severity <= SEVERITY_EMERGENCY;
}

static void alert_entry(struct json *j, const struct service_view *s, int64_t now_ms)
{
    int64_t lasted_ms = s->since_ms < 0 ? -1 : now_ms - s->since_ms;
    char text[GATEWAY_DURATION_BYTES];

    json_open_object(j);
    json_member_cstr(j, "level", severity_name(s->severity));
    json_member_string(j, "service", s->name);
    json_member_cstr(j, "message", s->reason);
    json_member_time(j, "timestamp", s->since_ms);
    json_member_cstr(j, "duration", lasted_ms < 0 ? NULL : gateway_duration(lasted_ms, text));
    json_member_rounded(j, "duration_s", lasted_ms < 0 ? NAN : (double)lasted_ms / 1000, 0);
    json_close_object(j);
}

void gateway_json_dashboard(struct buf *out, const struct monitor_view *view, struct str gateway,
                            const struct gateway_self *self)
{
    const struct service_view *first = view_find_service(view, gateway);
    struct json j = json_to(out);

    json_open_object(&j);
    json_member_time(&j, "timestamp", view->now_ms);
    gateway_object(&j, view, first, self);
    json_key(&j, "services");
    json_open_object(&j);
    for (size_t i = 0; i < view->service_count; i++)
        if (&view->services[i] != first)
            service_entry(&j, &view->services[i]);
    json_close_object(&j);
    json_key(&j, "alerts");
    json_open_array(&j);
    for (size_t i = 0; i < view->service_count; i++)
        if (worries(&view->services[i]))
            alert_entry(&j, &view->services[i], view->now_ms);
    json_close_array(&j);
    json_close_object(&j);
}

/* --- breakers --- */

static void counts(struct json *j, const struct breaker_view *b)
{
    json_key(j, "counts");
    json_open_object(j);
    json_member_rounded(j, "requests", b->requests_total, 0);
    json_member_rounded(j, "total_successes", b->requests_total - b->failures_total, 0);
    json_member_rounded(j, "total_failures", b->failures_total, 0);
    json_key(j, "consecutive_successes");
    json_null(j); /* no source tells the order of successes */
    json_key(j, "consecutive_failures");
    if (b->consecutive_failures < 0)
        json_null(j);
    else
        json_int(j, b->consecutive_failures);
    json_close_object(j);
}

static void breaker_entry(struct json *j, const struct breaker_view *b)
{
    json_open_object(j);
    json_member_string(j, "service", b->service);
    json_member_string(j, "name", b->name);
    json_member_string(j, "endpoint", b->endpoint);
    json_member_string(j, "caller", b->caller);
    json_member_cstr(j, "state", gateway_state_word(b->state));
    json_member_time(j, "since", b->since_ms);
    json_member_time(j, "last_failure_time", b->last_failure_ms);
    counts(j, b);
    json_close_object(j);
}

void gateway_json_breakers(struct buf *out, const struct monitor_view *view, struct str service,
                           struct str name)
{
    struct json j = json_to(out);

    json_open_object(&j);
    json_member_time(&j, "timestamp", view->now_ms);
    json_key(&j, "circuit_breakers");
    json_open_array(&j);
    for (size_t i = 0; i < view->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[i];

        if ((!service.len || str_equals(b->service, service)) &&
            (!name.len || str_equals(b->name, name)))
            breaker_entry(&j, b);
    }
    json_close_array(&j);
    json_close_object(&j);
}
