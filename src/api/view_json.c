#include "api/view_json.h"

#include <math.h>

#include "api/map_json.h"
#include "http/server.h"

static void text_or_null(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    if (s.len)
        json_string(j, s);
    else
        json_null(j);
}

bool view_json_names_service(struct arena *arena, struct str view, struct str *ret)
{
    const size_t skip = strlen(VIEW_SERVICE);

    return str_has_prefix(view, STR(VIEW_SERVICE)) &&
           http_decode(arena, (struct str){ view.ptr + skip, view.len - skip }, false, ret);
}

static void head_members(struct json *j, const struct monitor_view *view,
                         const struct view_origin *origin)
{
    json_member_cstr(j, "epoch", origin->epoch);
    json_member_int(j, "seq", (int64_t)view->seq);
    json_member_time(j, "timestamp", view->now_ms);
    json_member_int(j, "now_ms", view->now_ms);
    notices_write(origin->notices, j);
}

void view_json_head(struct json *j, const struct monitor_view *view,
                    const struct view_origin *origin)
{
    json_open_object(j);
    head_members(j, view, origin);
}

void view_json_head_of(struct json *j, const char *name, const struct monitor_view *view,
                       const struct view_origin *origin)
{
    json_open_object(j);
    json_member_cstr(j, "view", name);
    head_members(j, view, origin);
    json_member_int(j, "open_breakers", view->totals.breakers.in_state[BREAKER_OPEN]);
}

void view_json_sentence(struct json *j, const struct sentence *sentence)
{
    json_key(j, "sentence");
    json_open_object(j);
    json_member_cstr(j, "text", sentence->text);
    json_member_cstr(j, "detail", sentence->detail);
    json_member_cstr(j, "severity", severity_name(sentence->severity));
    json_member_time(j, "since", sentence->since_ms);
    json_key(j, "links");
    json_open_array(j);
    for (size_t i = 0; i < sentence->link_count; i++) {
        json_open_object(j);
        json_member_string(j, "text", sentence->links[i]);
        json_member_string(j, "service", sentence->links[i]);
        json_close_object(j);
    }
    json_close_array(j);
    json_close_object(j);
}

static void points(struct json *j, const char *key, const float *values, int count, int decimals)
{
    json_key(j, key);
    json_open_array(j);
    for (int i = 0; i < count; i++)
        json_rounded(j, (double)values[i], decimals);
    json_close_array(j);
}

static void spark(struct json *j, const char *key, const struct spark *s, int decimals)
{
    points(j, key, s->points, s->count, decimals);
}

static void open_sparks(struct json *j, int64_t end_ms)
{
    json_key(j, "spark");
    json_open_object(j);
    json_key(j, "end_ms");
    if (end_ms < 0)
        json_null(j);
    else
        json_int(j, end_ms);
    json_member_int(j, "step_s", SPARK_STEP_S);
}

void view_json_totals(struct json *j, const struct totals_view *t)
{
    static const enum health order[] = { HEALTH_HEALTHY, HEALTH_DEGRADED, HEALTH_UNHEALTHY,
                                         HEALTH_UNKNOWN };
    uint32_t total = 0;

    json_key(j, "totals");
    json_open_object(j);
    json_key(j, "services");
    json_open_object(j);
    for (int i = 0; i <= HEALTH_UNKNOWN; i++) {
        json_member_int(j, health_name(order[i]), t->services[order[i]]);
        total += t->services[order[i]];
    }
    json_member_int(j, "total", total);
    json_close_object(j);
    json_member_rounded(j, "calls_per_s", t->calls_per_s, 3);
    json_member_rounded(j, "errors_per_s", t->errors_per_s, 3);
    json_member_rounded(j, "retries_per_s", t->retries_per_s, 3);
    json_member_rounded(j, "success_ratio", t->success_ratio, 6);
    json_member_rounded(j, "attempt_success_ratio", t->attempt_success_ratio, 6);
    json_member_rounded(j, "retry_ratio", t->retry_ratio, 6);
    for (int i = 0; i < LATENCY_COUNT; i++)
        json_member_rounded(j, history_lines[HISTORY_P50 + i].name, t->latency_s[i], 6);
    view_json_breaker_counts(j, &t->breakers);
    open_sparks(j, t->calls.end_ms);
    spark(j, "calls", &t->calls, 2);
    spark(j, "success", &t->success, 5);
    spark(j, "retries", &t->retries, 2);
    spark(j, "open", &t->open, 0);
    json_close_object(j);
    json_close_object(j);
}

static const char *limit_of(const struct exhaustion *e)
{
    if (e->kind != BUDGET_ABSOLUTE)
        return budget_kind_name(e->kind);
    return e->hour ? "hour" : "minute";
}

static void exhaustion(struct json *j, const struct exhaustion *e)
{
    json_key(j, "exhaustion");
    if (e->in_s < 0) {
        json_null(j);
    } else {
        json_open_object(j);
        json_member_rounded(j, "in_s", e->in_s, 0);
        json_member_rounded(j, "low_s", e->low_s, 0);
        json_member_rounded(j, "high_s", e->high_s, 0);
        json_member_number(j, "confidence", 0.8);
        json_member_cstr(j, "limit", limit_of(e));
        json_close_object(j);
    }
}

double view_json_percent(double percent)
{
    return isinf(percent) ? 9999 : percent;
}

static void budget_kinds(struct json *j, const struct budget_view *b)
{
    json_key(j, "kinds");
    json_open_array(j);
    for (int i = 0; i < b->kind_count; i++) {
        const struct budget_kind_view *k = &b->kinds[i];

        json_open_object(j);
        json_member_cstr(j, "kind", budget_kind_name(k->kind));
        json_member_bool(j, "modelled", k->modelled);
        json_member_rounded(j, "utilization_percent", view_json_percent(k->utilization_percent), 1);
        json_member_rounded(j, "low_percent", view_json_percent(k->low_percent), 1);
        json_member_rounded(j, "high_percent", view_json_percent(k->high_percent), 1);
        json_member_rounded(j, "remaining", k->remaining, 1);
        json_member_rounded(j, "limit", k->limit, 1);
        exhaustion(j, &k->exhaustion);
        json_member_cstr(j, "exhaustion_reason", k->exhaustion.reason);
        json_close_object(j);
    }
    json_close_array(j);
}

static void budget(struct json *j, const struct budget_view *b, enum row_detail detail)
{
    json_key(j, "budget");
    json_open_object(j);
    json_member_cstr(j, "kind", budget_kind_name(b->kind));
    json_member_bool(j, "modelled", b->modelled);
    json_member_cstr(j, "evidence", evidence_name(b->evidence));
    json_member_rounded(j, "utilization_percent", view_json_percent(b->utilization_percent), 1);
    json_member_cstr(j, "risk", risk_name(b->risk));
    json_key(j, "risk_level");
    if (b->risk == RISK_UNKNOWN)
        json_null(j);
    else
        json_int(j, b->risk);
    json_member_rounded(j, "warning_threshold_percent", b->warning_percent, 1);
    json_member_rounded(j, "critical_threshold_percent", b->critical_percent, 1);
    json_member_rounded(j, "used_minute", b->used_minute, 0);
    json_member_rounded(j, "limit_minute", b->limit_minute, 0);
    json_member_rounded(j, "remaining_minute", floor(b->remaining_minute), 0);
    json_member_rounded(j, "used_hour", b->used_hour, 0);
    json_member_rounded(j, "limit_hour", b->limit_hour, 0);
    json_member_rounded(j, "remaining_hour", floor(b->remaining_hour), 0);
    json_member_rounded(j, "retry_rate_percent", b->retry_rate_percent, 2);
    json_member_rounded(j, "returning_10s_percent", b->returning_percent, 1);
    exhaustion(j, &b->exhaustion);
    if (detail == ROW_WHOLE) {
        json_member_cstr(j, "exhaustion_reason", b->exhaustion.reason);
        budget_kinds(j, b);
    }
    json_close_object(j);
}

static void slo(struct json *j, const struct service_view *s)
{
    json_key(j, "slo");
    json_open_object(j);
    json_member_rounded(j, "success_rate_target_percent", s->slo_success_percent, 4);
    json_key(j, "success_rate_compliant");
    if (s->slo_success_compliant < 0)
        json_null(j);
    else
        json_bool(j, s->slo_success_compliant);
    json_member_rounded(j, "response_time_target_ms", s->slo_response_ms, 3);
    json_key(j, "response_time_compliant");
    if (s->slo_response_compliant < 0)
        json_null(j);
    else
        json_bool(j, s->slo_response_compliant);
    json_close_object(j);
}

/* null: none has told of itself. */
static void instances(struct json *j, const struct instances_view *i)
{
    json_key(j, "instances");
    if (!i->total) {
        json_null(j);
        return;
    }
    json_open_object(j);
    json_member_int(j, "total", i->total);
    json_member_int(j, "healthy", i->healthy);
    json_member_int(j, "degraded", i->degraded);
    json_member_int(j, "unhealthy", i->unhealthy);
    json_member_int(j, "silent", i->silent);
    json_close_object(j);
}

static void row_rates(struct json *j, const struct service_view *s)
{
    json_member_rounded(j, "calls_per_s", s->calls_per_s, 3);
    json_member_rounded(j, "errors_per_s", s->errors_per_s, 3);
    json_member_rounded(j, "retries_per_s", s->retries_per_s, 3);
    json_member_rounded(j, "retries_denied_per_s", s->denied_per_s, 3);
    json_member_rounded(j, "success_ratio", s->success_ratio, 6);
    json_member_rounded(j, "attempt_success_ratio", s->attempt_success_ratio, 6);
    json_member_rounded(j, "first_attempt_success_ratio", s->first_success_ratio, 6);
    for (int i = 0; i < LATENCY_COUNT; i++)
        json_member_rounded(j, history_lines[HISTORY_P50 + i].name, s->latency_s[i], 6);
    json_member_rounded(j, "response_time_ms", s->response_ms, 3);
    json_member_rounded(j, "calls_last_minute", s->window_s == 60 ? s->calls_in_window : NAN, 0);
    json_member_rounded(j, "calls_total", s->calls_total, 0);
    json_member_rounded(j, "errors_total", s->errors_total, 0);
    json_member_rounded(j, "retries_total", s->retries_total, 0);
}

void view_json_row_members(struct json *j, const struct service_view *s, enum row_detail detail)
{
    json_member_string(j, "service", s->name);
    text_or_null(j, "team", s->team);
    text_or_null(j, "environment", s->environment);
    json_member_cstr(j, "source", s->source);
    json_member_cstr(j, "health", health_name(s->health));
    json_member_cstr(j, "severity", severity_name(s->severity));
    json_member_cstr(j, "reason", s->reason);
    json_member_time(j, "since", s->since_ms);
    text_or_null(j, "caused_by", s->caused_by);
    json_member_int(j, "victims", s->victims);
    json_member_cstr(j, "evidence", evidence_name(s->evidence));
    json_key(j, "last_data_ms");
    if (s->last_data_ms < 0)
        json_null(j);
    else
        json_int(j, s->last_data_ms);
    json_member_int(j, "resolution_s", s->resolution_s);
    json_member_int(j, "window_s", s->window_s);
    row_rates(j, s);
    budget(j, &s->budget, detail);
    slo(j, s);
    view_json_breaker_counts(j, &s->breakers);
    instances(j, &s->instances);
    view_json_conditions(j, s);
    if (detail == ROW_PLAIN)
        return;
    open_sparks(j, s->calls.end_ms);
    spark(j, "calls", &s->calls, SPARK_RATE_DECIMALS);
    spark(j, "errors", &s->errors, SPARK_ERRORS_DECIMALS);
    spark(j, "retries", &s->retries, SPARK_RATE_DECIMALS);
    spark(j, "utilization_percent", &s->utilization, SPARK_PERCENT_DECIMALS);
    json_close_object(j);
}

void view_json_history(struct json *j, const struct service_history *h)
{
    json_key(j, "history");
    json_open_object(j);
    json_member_int(j, "period_s", h->period_s);
    json_member_int(j, "step_s", h->step_s);
    json_member_int(j, "end_ms", h->end_ms);
    json_member_bool(j, "stored", h->stored);
    for (int line = 0; line < HISTORY_LINE_COUNT; line++)
        points(j, history_lines[line].name, h->lines[line], h->count, history_lines[line].decimals);
    json_close_object(j);
}

void view_json_overview(struct buf *out, const struct monitor_view *view,
                        const struct view_origin *origin)
{
    struct json j = json_to(out);

    view_json_head_of(&j, VIEW_OVERVIEW, view, origin);
    view_json_sentence(&j, &view->sentence);
    view_json_totals(&j, &view->totals);
    json_key(&j, "services");
    json_open_array(&j);
    for (size_t i = 0; i < view->service_count; i++) {
        json_open_object(&j);
        view_json_row_members(&j, &view->services[i], ROW_SPARKS);
        json_close_object(&j);
    }
    json_close_array(&j);
    json_close_object(&j);
}

void view_json_service_members(struct json *j, struct arena *arena, const struct monitor_view *view,
                               const struct service_view *s, const struct service_history *history)
{
    struct sentence sentence = sentence_for_service(arena, s, view->now_ms);

    view_json_sentence(j, &sentence);
    view_json_row_members(j, s, ROW_WHOLE);
    if (history)
        view_json_history(j, history);
    json_key(j, "breaker_list");
    json_open_array(j);
    for (uint32_t i = 0; i < s->breaker_count; i++)
        view_json_breaker(j, &view->breakers[s->first_breaker + i]);
    json_close_array(j);
}

void view_json_service(struct buf *out, struct arena *arena, const struct monitor_view *view,
                       const struct service_view *s, const struct service_history *history,
                       const struct view_origin *origin)
{
    const char *segment = http_encode(arena, s->name);
    const char *name = segment ? arena_printf(arena, VIEW_SERVICE "%s", segment) : NULL;
    struct json j = json_to(out);

    if (!name) {
        out->failed = arena_error(arena);
        return;
    }
    view_json_head_of(&j, name, view, origin);
    view_json_service_members(&j, arena, view, s, history);
    map_json_neighbours(&j, view, s->name);
    json_close_object(&j);
}
