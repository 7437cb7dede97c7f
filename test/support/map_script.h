/* Signals that name their caller into a monitor, and a scene of a retry storm. */
#ifndef FUSEBOX_TEST_MAP_SCRIPT_H
#define FUSEBOX_TEST_MAP_SCRIPT_H

#include "monitor_script.h"

#include "monitor/map_view.h"

/* One reading of a service as one caller sees it. */
static inline void tell_edge(struct monitor *m, const char *caller, const char *service,
                             int64_t at_ms, double calls, double errors, double retries)
{
    struct signal_sink sink = monitor_sink(m);
    uint32_t id = sink.subject(sink.ctx, &(struct signal_subject){ .service = str_of(service),
                                                                   .caller = str_of(caller),
                                                                   .source = "test" });

    send(m, id, SIGNAL_CALLS, at_ms, calls);
    send(m, id, SIGNAL_ERRORS, at_ms, errors);
    send(m, id, SIGNAL_RETRIES, at_ms, retries);
}

/* gateway -> checkout -> payments -> db for a minute: 1.03 x 1.44 x 1.62, and db fails. */
static inline void tell_storm(struct monitor *m, int64_t from_ms)
{
    for (int i = 1; i <= 60; i++) {
        int64_t at_ms = from_ms + i * 1000;

        tell_edge(m, "gateway", "checkout", at_ms, 100, 2, 3);
        tell_edge(m, "checkout", "payments", at_ms, 100, 4, 44);
        tell_edge(m, "payments", "db", at_ms, 100, 10, 62);
        tell_edge(m, "gateway", "search", at_ms, 100, 0, 0);
    }
}

static inline uint32_t node_of(const struct map_view *map, const char *name)
{
    for (uint32_t n = 0; n < map->graph.node_count; n++)
        if (str_equals(map->nodes[n].name, str_of(name)))
            return n;
    fail_msg("no node %s", name);
    return 0;
}

#endif
