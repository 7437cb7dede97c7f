#include "monitor/breaker_condition.h"

#include <math.h>

struct condition_row {
    const char *name;
    enum severity severity;
};

static const struct condition_row rows[BREAKER_CONDITION_COUNT] = {
    [BREAKER_LONG_OPEN] = { "open", SEVERITY_WARNING },
    [BREAKER_FLAPPING] = { "flapping", SEVERITY_CRITICAL },
    [BREAKER_FAILING] = { "failure_rate", SEVERITY_WARNING },
    [BREAKER_STUCK_OPEN] = { "stuck_open", SEVERITY_CRITICAL },
    [BREAKER_SLOW_RECOVERY] = { "slow_recovery", SEVERITY_WARNING },
};

const char *breaker_condition_name(enum breaker_condition c)
{
    return rows[c].name;
}

enum severity breaker_condition_severity(enum breaker_condition c)
{
    return rows[c].severity;
}

static long long minutes(int64_t ms)
{
    return (long long)(ms / 60000);
}

static void set(struct breaker_view *view, enum breaker_condition c, bool holds, int64_t since_ms)
{
    view->conditions[c] = (struct condition_view){ .holds = holds,
                                                   .since_ms = holds ? since_ms : -1 };
}

static void judge_state(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                        struct breaker_view *view)
{
    int64_t open_ms = b->state == BREAKER_OPEN ? now_ms - b->since_ms : -1;
    bool forced = b->forced > 0;
    struct condition_view *c = view->conditions;

    set(view, BREAKER_LONG_OPEN, open_ms >= BREAKER_LONG_OPEN_MS,
        b->since_ms + BREAKER_LONG_OPEN_MS);
    set(view, BREAKER_STUCK_OPEN, open_ms > BREAKER_STUCK_MS, b->since_ms + BREAKER_STUCK_MS);
    if (c[BREAKER_LONG_OPEN].holds)
        c[BREAKER_LONG_OPEN].text = arena_printf(arena, "%.*s has been %sopen for %lld min",
                                                 STR_ARG(view->name), forced ? "forced " : "",
                                                 minutes(open_ms));
    if (c[BREAKER_STUCK_OPEN].holds)
        c[BREAKER_STUCK_OPEN].text = arena_printf(
            arena,
            forced ? "%.*s has been forced open for %lld min"
                   : "%.*s has been open for %lld min without an attempt to recover",
            STR_ARG(view->name), minutes(open_ms));
}

static void judge_recovery(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                           struct breaker_view *view)
{
    struct condition_view *c = &view->conditions[BREAKER_SLOW_RECOVERY];
    bool goes_on = b->opened_ms >= 0 && now_ms - b->opened_ms > BREAKER_SLOW_MS;
    bool was_slow = b->opened_ms < 0 && b->last_recovery_s * 1000 > BREAKER_SLOW_MS &&
                    now_ms - b->recovered_ms <= BREAKER_SLOW_MS;

    set(view, BREAKER_SLOW_RECOVERY, goes_on || was_slow,
        goes_on ? b->opened_ms + BREAKER_SLOW_MS
                : b->recovered_ms - llround(b->last_recovery_s * 1000) + BREAKER_SLOW_MS);
    if (goes_on)
        c->text = arena_printf(arena, "%.*s has not closed again for %lld min", STR_ARG(view->name),
                               minutes(now_ms - b->opened_ms));
    else if (was_slow)
        c->text = arena_printf(arena, "%.*s took %lld min to close again", STR_ARG(view->name),
                               minutes(llround(b->last_recovery_s * 1000)));
}

static uint32_t flips_within(const struct breaker_watch *b, int64_t now_ms)
{
    uint64_t oldest = b->history_count > BREAKER_HISTORY ? b->history_count - BREAKER_HISTORY : 0;
    uint32_t count = 0;

    for (uint64_t i = b->history_count; i > oldest; i--) {
        const struct breaker_transition *t = &b->history[(i - 1) % BREAKER_HISTORY];

        if (t->at_ms <= now_ms - BREAKER_STRIP_MS)
            break;
        count += t->from <= BREAKER_OPEN && t->to <= BREAKER_OPEN;
    }
    return count;
}

static void judge_flapping(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                           struct breaker_view *view)
{
    bool flaps = breaker_watch_flaps(b, now_ms);

    set(view, BREAKER_FLAPPING, flaps, b->flapping_ms);
    if (flaps)
        view->conditions[BREAKER_FLAPPING].text = arena_printf(
            arena, "%.*s changed its state %u times in 15 min", STR_ARG(view->name),
            flips_within(b, now_ms));
}

static void judge_failures(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                           struct breaker_view *view)
{
    bool fails = b->failing_ms >= 0 && now_ms - b->failing_ms >= BREAKER_FAILING_MS;

    set(view, BREAKER_FAILING, fails, b->failing_ms + BREAKER_FAILING_MS);
    if (fails)
        view->conditions[BREAKER_FAILING].text = arena_printf(
            arena, "%.0f %% of the requests through %.*s failed over 5 min",
            view->failure_rate_percent, STR_ARG(view->name));
}

void breaker_conditions_judge(const struct breaker_watch *b, int64_t now_ms, struct arena *arena,
                              struct breaker_view *view)
{
    static const struct condition_view not_known = { .holds = -1, .since_ms = -1 };

    for (int c = 0; c < BREAKER_CONDITION_COUNT; c++)
        view->conditions[c] = not_known;
    if (b->state <= BREAKER_OPEN) {
        judge_state(b, now_ms, arena, view);
        judge_recovery(b, now_ms, arena, view);
    }
    if (b->since_ms >= 0)
        judge_flapping(b, now_ms, arena, view);
    if ((b->calls_told && b->errors_told) || !isnan(b->told_failure_ratio))
        judge_failures(b, now_ms, arena, view);
}

void breaker_conditions_count(const struct breaker_view *b, struct service_view *service)
{
    for (int c = 0; c < BREAKER_CONDITION_COUNT; c++) {
        struct service_condition *sum = &service->conditions[c];

        if (b->conditions[c].holds != 1)
            continue;
        if (!sum->breakers || b->conditions[c].since_ms < sum->since_ms) {
            sum->since_ms = b->conditions[c].since_ms;
            sum->text = b->conditions[c].text;
        }
        sum->breakers++;
    }
}

enum breaker_condition breaker_conditions_worst(const struct service_view *service)
{
    static const enum breaker_condition order[] = { BREAKER_STUCK_OPEN, BREAKER_FLAPPING,
                                                    BREAKER_SLOW_RECOVERY, BREAKER_FAILING,
                                                    BREAKER_LONG_OPEN };

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        if (service->conditions[order[i]].breakers)
            return order[i];
    return BREAKER_CONDITION_COUNT;
}
