#include "monitor/retry_budget.h"

#include <math.h>

#include "monitor/exhaustion.h"

enum { RETURNING_S = 10 };

static double percent_of(double used, double limit)
{
    if (limit > 0)
        return 100 * used / limit;
    return used > 0 ? INFINITY : 0;
}

static double allowed_by_share(const struct budget_limits *limits, const struct budget_input *in,
                               int span)
{
    double calls = in->calls ? (double)window_sum(in->calls, span) : 0;

    return limits->share * calls + limits->reserve_per_s * in->retries->span_s[span];
}

/* What leaves the span within the next RETURNING_S seconds. */
static double returning(const struct budget_input *in, int span)
{
    int64_t oldest = in->now_s - in->retries->span_s[span] + 1;

    return (double)window_sum_between(in->retries, oldest, oldest + RETURNING_S - 1);
}

static void take_larger(struct budget_view *ret, double percent, double returning_percent)
{
    if (percent < ret->utilization_percent)
        return;
    ret->utilization_percent = percent;
    ret->returning_percent = returning_percent;
}

static void put_kind(struct budget_view *view, const struct budget_kind_view *kind)
{
    view->exhaustion = view->kind_count ? exhaustion_sooner(view->exhaustion, kind->exhaustion)
                                        : kind->exhaustion;
    if (view->kind_count < BUDGET_KINDS_MAX)
        view->kinds[view->kind_count++] = *kind;
}

/* A kind that is measured has no interval. */
static void note_kind(struct budget_view *ret, enum budget_kind kind, double used, double limit,
                      const struct exhaustion *exhaustion)
{
    put_kind(ret, &(struct budget_kind_view){
                      .kind = kind,
                      .modelled = ret->modelled,
                      .utilization_percent = percent_of(used, limit),
                      .low_percent = NAN,
                      .high_percent = NAN,
                      .remaining = fmax(0, limit - used),
                      .limit = limit,
                      .exhaustion = *exhaustion,
                  });
}

/* Of the limit that is used most. */
static void note_absolute(const struct budget_limits *limits, const struct budget_input *in,
                          struct budget_view *ret)
{
    struct exhaustion exhaustion = exhaustion_of_absolute(limits, in);
    double minute = percent_of(ret->used_minute, limits->per_minute);
    double hour = percent_of(ret->used_hour, limits->per_hour);

    if (isnan(limits->per_hour) || (!isnan(limits->per_minute) && minute >= hour))
        note_kind(ret, BUDGET_ABSOLUTE, ret->used_minute, limits->per_minute, &exhaustion);
    else
        note_kind(ret, BUDGET_ABSOLUTE, ret->used_hour, limits->per_hour, &exhaustion);
}

static void judge_absolute(const struct budget_limits *limits, const struct budget_input *in,
                           struct budget_view *ret)
{
    ret->limit_minute = limits->per_minute;
    ret->limit_hour = limits->per_hour;
    if (!isnan(limits->per_minute))
        take_larger(ret, percent_of(ret->used_minute, limits->per_minute),
                    percent_of(returning(in, SPAN_MINUTE), limits->per_minute));
    if (!isnan(limits->per_hour))
        take_larger(ret, percent_of(ret->used_hour, limits->per_hour),
                    percent_of(returning(in, SPAN_HOUR), limits->per_hour));
}

static void judge_share(const struct budget_limits *limits, const struct budget_input *in,
                        struct budget_view *ret)
{
    struct exhaustion exhaustion = exhaustion_of_share(limits, in);
    double allowed = allowed_by_share(limits, in, in->speed_span);
    double used = (double)window_sum(in->retries, in->speed_span);

    if (isnan(ret->limit_minute))
        ret->limit_minute = allowed_by_share(limits, in, SPAN_MINUTE);
    if (isnan(ret->limit_hour))
        ret->limit_hour = allowed_by_share(limits, in, SPAN_HOUR);
    take_larger(ret, percent_of(used, allowed), percent_of(returning(in, in->speed_span), allowed));
    note_kind(ret, BUDGET_RATIO, used, allowed, &exhaustion);
}

static enum risk risk_of(const struct budget_view *b)
{
    if (b->utilization_percent >= 100)
        return RISK_CRITICAL;
    if (b->utilization_percent >= b->critical_percent)
        return RISK_HIGH;
    return b->utilization_percent >= b->warning_percent ? RISK_MEDIUM : RISK_LOW;
}

static void set_unknown(const struct budget_limits *limits, struct budget_view *ret)
{
    *ret = (struct budget_view){
        .kind = BUDGET_UNKNOWN,
        .risk = RISK_UNKNOWN,
        .utilization_percent = NAN,
        .warning_percent = limits->warning_percent,
        .critical_percent = limits->critical_percent,
        .used_minute = NAN,
        .limit_minute = limits->per_minute,
        .remaining_minute = NAN,
        .used_hour = NAN,
        .limit_hour = limits->per_hour,
        .remaining_hour = NAN,
        .retry_rate_percent = NAN,
        .returning_percent = NAN,
        .exhaustion = exhaustion_unknown(EXHAUSTION_NO_RETRIES),
    };
}

static void fill_use(const struct budget_input *in, struct budget_view *ret)
{
    double calls = in->calls ? (double)window_sum(in->calls, SPAN_MINUTE) : 0;

    ret->used_minute = (double)window_sum(in->retries, SPAN_MINUTE);
    ret->used_hour = (double)window_sum(in->retries, SPAN_HOUR);
    ret->retry_rate_percent = calls > 0 ? 100 * ret->used_minute / calls : NAN;
}

static double left_of(double limit, double used)
{
    return isnan(limit) ? NAN : fmax(0, limit - used);
}

void retry_budget_judge(const struct budget_limits *limits, const struct budget_input *in,
                        struct budget_view *ret)
{
    bool absolute = !isnan(limits->per_minute) || !isnan(limits->per_hour);

    set_unknown(limits, ret);
    if (!in->retries)
        return;
    fill_use(in, ret);
    if (!absolute && isnan(limits->share))
        return; /* other kinds may follow */
    ret->kind = absolute ? BUDGET_ABSOLUTE : BUDGET_RATIO;
    ret->modelled = limits->modelled;
    ret->utilization_percent = 0;
    judge_absolute(limits, in, ret);
    if (absolute)
        note_absolute(limits, in, ret);
    if (!isnan(limits->share))
        judge_share(limits, in, ret);
    ret->remaining_minute = left_of(ret->limit_minute, ret->used_minute);
    ret->remaining_hour = left_of(ret->limit_hour, ret->used_hour);
    ret->risk = risk_of(ret);
}

void retry_budget_add_kind(struct budget_view *view, const struct budget_kind_view *kind)
{
    put_kind(view, kind);
    if (isnan(kind->utilization_percent) || kind->utilization_percent <= view->utilization_percent)
        return;
    view->kind = kind->kind;
    view->modelled = kind->modelled;
    view->utilization_percent = kind->utilization_percent;
    view->returning_percent = NAN; /* such budgets do not refill by time */
    view->risk = risk_of(view);
}
