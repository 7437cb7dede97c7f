#include "api/view_csv.h"

#include <stddef.h>

#include "base/attr.h"
#include "base/csv.h"

/* A number of a service, as one column. */
struct figure {
    const char *name;
    size_t offset;
    int decimals;
};

#define FIGURE(name, member, decimals)                                                             \
    {                                                                                              \
        name, offsetof(struct service_view, member), decimals                                      \
    }

static const struct figure figures[] = {
    FIGURE("calls_per_s", calls_per_s, 3),
    FIGURE("errors_per_s", errors_per_s, 3),
    FIGURE("retries_per_s", retries_per_s, 3),
    FIGURE("retries_denied_per_s", denied_per_s, 3),
    FIGURE("success_ratio", success_ratio, 6),
    FIGURE("attempt_success_ratio", attempt_success_ratio, 6),
    FIGURE("calls_total", calls_total, 0),
    FIGURE("errors_total", errors_total, 0),
    FIGURE("retries_total", retries_total, 0),
    FIGURE("budget_utilization_percent", budget.utilization_percent, 1),
    FIGURE("used_minute", budget.used_minute, 0),
    FIGURE("limit_minute", budget.limit_minute, 0),
    FIGURE("remaining_minute", budget.remaining_minute, 0),
    FIGURE("used_hour", budget.used_hour, 0),
    FIGURE("limit_hour", budget.limit_hour, 0),
    FIGURE("remaining_hour", budget.remaining_hour, 0),
    FIGURE("retry_rate_percent", budget.retry_rate_percent, 2),
    FIGURE("success_rate_target_percent", slo_success_percent, 4),
};

static const char *const text_columns[] = { "service",  "team",        "environment", "source",
                                            "health",   "severity",    "reason",      "since",
                                            "evidence", "budget_kind", "modelled",    "risk" };

static const char *const state_columns[BREAKER_STATE_COUNT] = {
    [BREAKER_CLOSED] = "breakers_closed",   [BREAKER_HALF_OPEN] = "breakers_half_open",
    [BREAKER_OPEN] = "breakers_open",       [BREAKER_DISABLED] = "breakers_disabled",
    [BREAKER_UNKNOWN] = "breakers_unknown",
};

static void header(struct csv *c)
{
    for (size_t i = 0; i < ARRAY_LEN(text_columns); i++)
        csv_cstr(c, text_columns[i]);
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        csv_cstr(c, figures[i].name);
    csv_cstr(c, "success_rate_compliant");
    csv_cstr(c, "breakers");
    for (int state = 0; state < BREAKER_STATE_COUNT; state++)
        csv_cstr(c, state_columns[state]);
    csv_end_row(c);
}

static void texts(struct csv *c, const struct service_view *s)
{
    csv_text(c, s->name);
    csv_text(c, s->team);
    csv_text(c, s->environment);
    csv_cstr(c, s->source);
    csv_cstr(c, health_name(s->health));
    csv_cstr(c, severity_name(s->severity));
    csv_cstr(c, s->reason);
    csv_time(c, s->since_ms);
    csv_cstr(c, evidence_name(s->evidence));
    csv_cstr(c, budget_kind_name(s->budget.kind));
    csv_cstr(c, s->budget.modelled ? "true" : "false");
    csv_cstr(c, risk_name(s->budget.risk));
}

static void row(struct csv *c, const struct service_view *s)
{
    texts(c, s);
    for (size_t i = 0; i < ARRAY_LEN(figures); i++)
        csv_rounded(c, *(const double *)(const void *)((const char *)s + figures[i].offset),
                    figures[i].decimals);
    csv_cstr(c, s->slo_success_compliant < 0 ? NULL : s->slo_success_compliant ? "true" : "false");
    csv_int(c, s->breakers.total);
    for (int state = 0; state < BREAKER_STATE_COUNT; state++)
        csv_int(c, s->breakers.in_state[state]);
    csv_end_row(c);
}

void view_csv_overview(struct buf *out, const struct monitor_view *view)
{
    struct csv c = csv_to(out);

    header(&c);
    for (size_t i = 0; i < view->service_count; i++)
        row(&c, &view->services[i]);
}

void view_csv_history(struct buf *out, const struct service_history *h)
{
    struct csv c = csv_to(out);

    csv_cstr(&c, "timestamp");
    for (int line = 0; line < HISTORY_LINE_COUNT; line++)
        csv_cstr(&c, history_lines[line].column);
    csv_end_row(&c);
    for (int i = 0; i < h->count; i++) {
        csv_time(&c, h->end_ms - (int64_t)(h->count - 1 - i) * h->step_s * 1000);
        for (int line = 0; line < HISTORY_LINE_COUNT; line++)
            csv_rounded(&c, (double)h->lines[line][i], history_lines[line].decimals);
        csv_end_row(&c);
    }
}

static void map_row(struct csv *c, const struct map_view *map, uint32_t edge)
{
    const struct graph_edge *way = &map->graph.edges[edge];
    const struct edge_figures *f = &map->edges[edge].figures;

    csv_text(c, map->nodes[way->caller].name);
    csv_text(c, map->nodes[way->callee].name);
    csv_cstr(c, map->edges[edge].declared ? "true" : "false");
    csv_cstr(c, evidence_name(f->evidence));
    csv_rounded(c, f->calls_per_s, 3);
    csv_rounded(c, f->errors_per_s, 3);
    csv_rounded(c, f->retries_per_s, 3);
    csv_rounded(c, way->attempts_per_call, 3);
    csv_cstr(c, way->modelled ? "true" : "false");
    csv_time(c, map->edges[edge].last_data_ms);
    csv_end_row(c);
}

void view_csv_map(struct buf *out, const struct monitor_view *view)
{
    static const char *const columns[] = { "caller",        "service",           "declared",
                                           "evidence",      "calls_per_s",       "errors_per_s",
                                           "retries_per_s", "attempts_per_call", "modelled",
                                           "last_data" };
    const struct map_view *map = view->map;
    struct csv c = csv_to(out);

    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        csv_cstr(&c, columns[i]);
    csv_end_row(&c);
    for (uint32_t i = 0; map && i < map->graph.edge_count; i++)
        map_row(&c, map, i);
}
