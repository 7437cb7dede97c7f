/*
 * What the monitor knows at one instant, as an immutable value: the source of
 * every page, stream, metric and health answer.
 *
 * NaN and -1 mean "not known", never 0. Strings and arrays live in the view's
 * own arena.
 *
 * Threads   Immutable once published; the reference count is atomic.
 */
#ifndef FUSEBOX_MONITOR_VIEW_H
#define FUSEBOX_MONITOR_VIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "model/signal.h"

enum { SPARK_POINTS = 90, SPARK_STEP_S = 10, VIEW_STRIP_MAX = 64 };

enum health { HEALTH_HEALTHY, HEALTH_DEGRADED, HEALTH_UNHEALTHY, HEALTH_UNKNOWN };
enum severity {
    SEVERITY_OK,
    SEVERITY_INFO,
    SEVERITY_WARNING,
    SEVERITY_CRITICAL,
    SEVERITY_EMERGENCY,
    SEVERITY_UNKNOWN
};
enum evidence {
    EVIDENCE_OK,
    EVIDENCE_UNKNOWN,
    EVIDENCE_NO_DATA,
    EVIDENCE_STALE,
    EVIDENCE_TOO_LITTLE
};
enum risk { RISK_LOW, RISK_MEDIUM, RISK_HIGH, RISK_CRITICAL, RISK_UNKNOWN };
enum budget_kind {
    BUDGET_ABSOLUTE,
    BUDGET_RATIO,
    BUDGET_CONCURRENCY,
    BUDGET_FAILURE_TOKENS,
    BUDGET_QUOTA,
    BUDGET_UNKNOWN
};
enum { BUDGET_KINDS_MAX = BUDGET_UNKNOWN };

/* What a breaker may be reported for without any rule; monitor/breaker_condition.h. */
enum breaker_condition {
    BREAKER_LONG_OPEN,
    BREAKER_FLAPPING,
    BREAKER_FAILING,
    BREAKER_STUCK_OPEN,
    BREAKER_SLOW_RECOVERY,
    BREAKER_CONDITION_COUNT,
};

const char *health_name(enum health h);
const char *severity_name(enum severity s);
const char *evidence_name(enum evidence e);
const char *risk_name(enum risk r);
const char *budget_kind_name(enum budget_kind k);

/* The quantiles of a call's duration that are told. */
enum latency { LATENCY_P50, LATENCY_P95, LATENCY_P99, LATENCY_COUNT };

/* When a limit is reached at the present speed. Interval at 80 %. */
struct exhaustion {
    double in_s;        /* 0: it has been; < 0: it is not, or that is not known … */
    const char *reason; /* … and why; static; NULL when in_s tells */
    double low_s;
    double high_s; /* INFINITY: possibly never */
    enum budget_kind kind;
    bool hour; /* of an absolute one the hour's limit, else the minute's */
};

/* One kind of budget. Its unit: retries; tokens; of a quota retries that can be paid. NaN: not
 * known. */
struct budget_kind_view {
    enum budget_kind kind;
    bool modelled; /* computed here, not told by whoever limits */
    double utilization_percent;
    double low_percent, high_percent; /* 80 % interval; NaN: none */
    double remaining, limit;
    struct exhaustion exhaustion;
};

struct budget_view {
    enum budget_kind kind; /* of the largest utilisation; absolute stands for ratio beside it */
    bool modelled;
    enum evidence evidence;
    enum risk risk;
    double utilization_percent;
    double warning_percent, critical_percent;
    double used_minute, limit_minute, remaining_minute; /* limit NaN: no such limit */
    double used_hour, limit_hour, remaining_hour;
    double retry_rate_percent;    /* retries / calls */
    double returning_percent;     /* of the utilisation, back within 10 s */
    struct exhaustion exhaustion; /* of the kind that runs out first */
    int kind_count;
    struct budget_kind_view kinds[BUDGET_KINDS_MAX];
};

/* What the instances of a service tell of themselves. */
struct instances_view {
    uint32_t total, healthy, degraded, unhealthy, silent;
    enum health verdict; /* healthy, or what `reason` says */
    const char *reason;  /* NULL: none */
};

/* A condition over the breakers of one service. */
struct service_condition {
    uint32_t breakers; /* for which it holds */
    int64_t since_ms;  /* of the first of them; -1 */
    const char *text;  /* about that one */
};

struct breaker_counts {
    uint32_t total;
    uint32_t in_state[BREAKER_STATE_COUNT];
    uint32_t forced;          /* of the open ones; only of one service */
    enum breaker_state worst; /* open, half-open, unknown, closed, disabled, in this order */
};

/* Means per step of SPARK_STEP_S, oldest first; NaN: nothing was heard. */
struct spark {
    int64_t end_ms; /* end of the last step; -1: none yet */
    int count;
    float points[SPARK_POINTS];
};

struct service_view {
    struct str name, team, environment;
    const char *source;   /* static; NULL: none has spoken yet */
    struct str caused_by; /* the service whose failing explains this trouble; empty: none */
    uint32_t victims;     /* services whose trouble this one explains */
    uint64_t revision;    /* of its definition through the API; 0: there is none */
    enum health health;
    enum severity severity;
    enum evidence evidence;
    const char *reason;
    int64_t since_ms;     /* of the health; -1 */
    int64_t last_data_ms; /* -1: never */
    int resolution_s;
    int window_s; /* of the rates and ratios below */
    double calls_per_s, errors_per_s, retries_per_s, denied_per_s;
    double success_ratio, attempt_success_ratio;
    double first_success_ratio;      /* of first attempts; NaN: counters alone do not tell it */
    double latency_s[LATENCY_COUNT]; /* over the window, from buckets; NaN: no source tells them */
    double calls_in_window;
    double calls_total, errors_total, retries_total,
        denied_total; /* booked since the daemon started; NaN: never told */
    double slo_success_percent, slo_response_ms; /* targets; NaN: none */
    int slo_success_compliant;                   /* 1, 0, -1 not known */
    double response_ms;         /* mean duration of a call in the window; NaN: no source tells it */
    int slo_response_compliant; /* 1, 0, -1 not known */
    struct budget_view budget;
    struct breaker_counts breakers;
    struct instances_view instances;
    struct service_condition conditions[BREAKER_CONDITION_COUNT];
    struct spark calls, errors, retries, utilization;
    bool spark_moved;                      /* a step closed since the view before */
    uint32_t first_breaker, breaker_count; /* slice of the view's breakers */
};

struct strip_part {
    int64_t at_ms;
    enum breaker_state state;
};

enum { VIEW_RECENT_MAX = 16 };

/* One change of state, with what went through the breaker in the state that ended. */
struct transition_view {
    int64_t at_ms;
    enum breaker_state from, to;
    double calls, errors; /* NaN: not told */
};

struct condition_view {
    int holds;        /* 1, 0, -1 not known */
    int64_t since_ms; /* when it began to hold; -1 */
    const char *text; /* a sentence while it holds, else NULL */
};

/* How long breakers took from leaving closed to closing again; bounds in breaker.h. */
enum { RECOVERY_BOUNDS = 10 };
struct recovery_view {
    uint64_t buckets[RECOVERY_BOUNDS + 1]; /* not cumulative; the last is +Inf */
    double sum_s;
};

/* What went through a breaker, or was refused by it, while it was in one state. */
struct breaker_traffic {
    double requests, failures, blocked;
};

struct breaker_view {
    struct str service, name, endpoint, caller;
    const char *source;
    struct breaker_counts instances; /* of this name and endpoint, one per caller */
    enum breaker_state state;
    int64_t since_ms;            /* -1 */
    int64_t counted_since_ms;    /* seconds, transitions, totals are counted from here on; -1 */
    int forced;                  /* open by hand: 1, 0; -1 the source does not tell */
    double requests, failures;   /* over BREAKER_WINDOW_S; NaN when not told */
    double failure_rate_percent; /* NaN: not told, or no requests */
    double requests_total, failures_total, blocked_total; /* since the daemon started; NaN when not
                                                             told */
    struct breaker_traffic traffic[BREAKER_STATE_COUNT];  /* the same by state; 0 when not told */
    int64_t last_failure_ms;                              /* -1 */
    int64_t consecutive_failures;                         /* -1: not told */
    uint64_t transitions[BREAKER_STATE_COUNT][BREAKER_STATE_COUNT]; /* [from][to] */
    uint64_t transitions_total;
    uint32_t transitions_15m;
    double last_recovery_s; /* NaN: none yet */
    struct recovery_view recovery;
    struct condition_view conditions[BREAKER_CONDITION_COUNT];
    int recent_count;
    struct transition_view recent[VIEW_RECENT_MAX]; /* newest first */
    double seconds_in_state[BREAKER_STATE_COUNT];
    int strip_count;
    struct strip_part strip[VIEW_STRIP_MAX];
};

struct totals_view {
    uint32_t services[HEALTH_UNKNOWN + 1];
    double calls_per_s, errors_per_s, retries_per_s;
    double success_ratio, attempt_success_ratio, retry_ratio;
    double latency_s[LATENCY_COUNT]; /* of the calls of all services that tell buckets; NaN */
    struct breaker_counts breakers;
    struct spark calls, success, retries, open;
};

struct sentence {
    const char *text;
    const char *detail;
    enum severity severity;
    int64_t since_ms;        /* -1 */
    const struct str *links; /* names of services */
    size_t link_count;
};

struct map_view; /* monitor/map_view.h */

struct monitor_view {
    atomic_int references;
    struct arena arena;
    uint64_t seq;
    int64_t now_ms;
    struct service_view *services; /* worst first */
    size_t service_count;
    struct breaker_view *breakers; /* those of one service stand together */
    size_t breaker_count;
    struct totals_view totals;
    struct sentence sentence;
    struct map_view *map; /* who calls whom; NULL only before the view is complete */
};

struct monitor_view *view_ref(struct monitor_view *view);
void view_unref(struct monitor_view *view); /* NULL is allowed */

/* The point of a spark that ends at end_ms; NaN when it has none. */
double spark_at(const struct spark *spark, int64_t end_ms);

const struct service_view *view_find_service(const struct monitor_view *view, struct str name);

/* The sentence of one service's page; made from its row. ERR_NOMEM, ERR_LIMIT. */
struct sentence sentence_for_service(struct arena *arena, const struct service_view *s,
                                     int64_t now_ms);

#endif
