/*
 * The documents of reference S2's gateway: /monitoring/health/dashboard and
 * /monitoring/circuit-breakers. Texts such as "45ms" have a number beside them;
 * what is not known is null.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_GATEWAY_JSON_H
#define FUSEBOX_API_GATEWAY_JSON_H

#include "api/own.h"
#include "base/json.h"
#include "monitor/view.h"

/* What stands for the gateway when no service has its name: Fusebox itself. */
struct gateway_self {
    const char *version;
    int64_t started_ms;
    struct own_summary summary;
};

/* `gateway` is the name of the service that is shown first. */
void gateway_json_dashboard(struct buf *out, const struct monitor_view *view, struct str gateway,
                            const struct gateway_self *self);

/* Breakers narrowed by service and name (empty: all). */
void gateway_json_breakers(struct buf *out, const struct monitor_view *view, struct str service,
                           struct str name);

/* "CLOSED", "HALF_OPEN", … as S2 writes states. */
const char *gateway_state_word(enum breaker_state state);

enum { GATEWAY_DURATION_BYTES = 48 };
/* "2d 14h 32m", "15m", "45s". */
const char *gateway_duration(int64_t ms, char out[GATEWAY_DURATION_BYTES]);

#endif
