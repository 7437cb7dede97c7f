/*
 * The monitor: takes signals in, keeps every service and breaker, and gives the
 * view of the present instant.
 *
 *   monitor_new -> monitor_apply(cfg) -> { signals through monitor_sink | monitor_view }* -> _free
 *
 * A signal costs O(1). monitor_view judges everything once, sorted worst first.
 *
 * Time      Unix milliseconds, passed in.
 * Threads   Owned by the evaluate thread; the views it gives are immutable.
 * Limits    Services and breakers as the options say; refused ones are counted.
 */
#ifndef FUSEBOX_MONITOR_MONITOR_H
#define FUSEBOX_MONITOR_MONITOR_H

#include "catalog/definition.h"
#include "config/config.h"
#include "model/signal.h"
#include "monitor/history.h"
#include "monitor/view.h"

enum { VIEW_MAX_BYTES = 256 << 20 };

struct monitor;

struct monitor *monitor_new(struct config *cfg) MUST_CHECK; /* NULL: no memory */
void monitor_free(struct monitor *m);

/* Takes over limits, thresholds and services of a new snapshot. ERR_NOMEM, ERR_LIMIT. */
enum err monitor_apply(struct monitor *m, struct config *cfg) MUST_CHECK;

/* A service was defined through the API, or again; takes a reference of its own. ERR_NOMEM,
 * ERR_LIMIT. */
enum err monitor_define(struct monitor *m, struct definition *d) MUST_CHECK;
/* It stays when the file names it or a source has spoken of it. */
void monitor_undefine(struct monitor *m, struct str name);

struct signal_sink monitor_sink(struct monitor *m);

/* One change of a breaker's state. */
struct monitor_transition {
    struct str service, name, endpoint, caller; /* valid during the call */
    enum breaker_state from, to;
    int64_t at_ms;
    double calls, errors; /* in the state that ended; NaN: not told */
};
/* Hears of each transition as it is booked, from within the sink: it calls nothing of the monitor.
 * NULL: nobody does. */
typedef void monitor_on_transition(void *ctx, const struct monitor_transition *t);
void monitor_set_listener(struct monitor *m, monitor_on_transition *on_transition, void *ctx);

/* The totals of services and breakers count from now on: what was replayed before is in windows and
 * histories alone. */
void monitor_begin_totals(struct monitor *m, int64_t now_ms);

/* True once after something changed that people must hear of at once: a state, a new service. */
bool monitor_take_alarm(struct monitor *m);

/* The view of now, with one reference; seq counts up. ERR_NOMEM, ERR_LIMIT. */
enum err monitor_view(struct monitor *m, int64_t now_ms, struct monitor_view **ret) MUST_CHECK;

/* A service's past; false when no service has that name. */
bool monitor_history(const struct monitor *m, struct str service, const struct history_ask *ask,
                     struct service_history *ret);

struct monitor_stats {
    uint64_t signals_count;
    uint64_t services_refused_count;
    uint64_t breakers_refused_count;
    uint64_t breaker_count;
};
struct monitor_stats monitor_stats(const struct monitor *m);

#endif
