#include "monitor/health.h"

#include <math.h>

static const double TOLERATED_ERROR_RATIO = 0.01;
static const double UNHEALTHY_ERROR_RATIO = 0.05;
static const double ROUNDING = 1e-9; /* of 1 - (1 - x): a ratio that is exactly at a bound */

static double tolerated_error_ratio(const struct catalog_service *known)
{
    const struct config_service *cfg = known->config;

    if (cfg && !isnan(cfg->slo_error_rate))
        return cfg->slo_error_rate;
    if (cfg && !isnan(cfg->slo_success_rate_percent))
        return 1 - cfg->slo_success_rate_percent / 100;
    return TOLERATED_ERROR_RATIO;
}

/* A verdict replaces a milder one; the first of equals stays. */
static void consider(struct service_view *view, enum health health, const char *reason)
{
    static const enum severity severities[] = { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL,
                                                SEVERITY_UNKNOWN };

    if (!reason || (view->health != HEALTH_UNKNOWN && view->health >= health))
        return;
    view->health = health;
    view->severity = severities[health];
    view->reason = reason;
}

static void consider_errors(const struct catalog_service *known, struct arena *arena,
                            struct service_view *view)
{
    double tolerated = tolerated_error_ratio(known), ratio = 1 - view->success_ratio;
    double unhealthy = fmax(5 * tolerated, UNHEALTHY_ERROR_RATIO);

    if (view->evidence != EVIDENCE_OK || isnan(ratio) || ratio <= tolerated + ROUNDING)
        return;
    consider(
        view, ratio >= unhealthy - ROUNDING ? HEALTH_UNHEALTHY : HEALTH_DEGRADED,
        arena_printf(arena, "%.*f %% of calls fail", ratio < 0.1 - ROUNDING ? 1 : 0, ratio * 100));
}

static void consider_budget(struct arena *arena, struct service_view *view)
{
    const struct budget_view *b = &view->budget;

    if (b->risk == RISK_UNKNOWN || b->risk == RISK_LOW || b->evidence != EVIDENCE_OK)
        return;
    if (b->risk == RISK_CRITICAL)
        consider(view, HEALTH_UNHEALTHY,
                 arena_printf(arena, "retry budget used up: %.0f %%",
                              fmin(b->utilization_percent, 9999)));
    else
        consider(view, HEALTH_DEGRADED,
                 arena_printf(arena, "retry budget %.0f %% used", b->utilization_percent));
}

static void consider_breakers(struct arena *arena, struct service_view *view)
{
    const struct breaker_counts *c = &view->breakers;
    uint32_t open = c->in_state[BREAKER_OPEN], half = c->in_state[BREAKER_HALF_OPEN];
    const char *how = c->forced == open ? "forced open" : "open";
    uint32_t serving = c->total - c->in_state[BREAKER_DISABLED] - c->in_state[BREAKER_UNKNOWN];

    if (open && open == serving)
        consider(view, HEALTH_UNHEALTHY,
                 open == 1 ? arena_printf(arena, "its breaker is %s", how)
                           : arena_printf(arena, "all %u breakers are %s", open, how));
    else if (open)
        consider(view, HEALTH_DEGRADED,
                 arena_printf(arena, "%u of %u breakers %s", open, c->total, how));
    else if (half)
        consider(view, HEALTH_DEGRADED,
                 arena_printf(arena, "%u of %u breakers half-open", half, c->total));
}

/* One that holds for several breakers names the first. */
static void consider_condition(struct arena *arena, struct service_view *view,
                               enum breaker_condition which)
{
    const struct service_condition *c = &view->conditions[which];

    if (c->breakers == 1)
        consider(view, HEALTH_DEGRADED, c->text);
    else if (c->breakers && c->text)
        consider(view, HEALTH_DEGRADED,
                 arena_printf(arena, "%s, and %u more likewise", c->text, c->breakers - 1));
}

/* Where nobody tells calls, what the instances say of themselves is all there is. */
static void consider_instances(struct service_view *view)
{
    const struct instances_view *i = &view->instances;

    consider(view, i->verdict, i->reason);
    if (view->evidence == EVIDENCE_UNKNOWN && i->total && i->healthy == i->total) {
        view->health = HEALTH_HEALTHY;
        view->severity = SEVERITY_OK;
        view->reason = NULL;
    }
}

static void begin(struct service_view *view)
{
    static const char *const why[] = {
        [EVIDENCE_UNKNOWN] = "no source tells its calls",
        [EVIDENCE_NO_DATA] = "configured, but nothing has been heard of it",
        [EVIDENCE_STALE] = "its source went silent",
        [EVIDENCE_TOO_LITTLE] = "too few calls to say",
    };

    view->health = HEALTH_UNKNOWN;
    view->severity = SEVERITY_UNKNOWN;
    view->reason = why[view->evidence];
    if (view->evidence != EVIDENCE_OK)
        return;
    view->health = HEALTH_HEALTHY;
    view->severity = SEVERITY_OK;
    view->reason = NULL;
}

void health_judge(const struct catalog_service *known, struct arena *arena,
                  struct service_view *view)
{
    begin(view);
    consider_instances(view);
    if (view->evidence == EVIDENCE_STALE || view->evidence == EVIDENCE_NO_DATA)
        return;
    consider_errors(known, arena, view);
    consider_budget(arena, view);
    consider_condition(arena, view, BREAKER_STUCK_OPEN); /* say more than the states below */
    consider_condition(arena, view, BREAKER_FLAPPING);
    consider_breakers(arena, view);
    consider_condition(arena, view, BREAKER_SLOW_RECOVERY);
    consider_condition(arena, view, BREAKER_FAILING);
}
