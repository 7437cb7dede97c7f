/*
 * The configurations that the demonstration writes: HAProxy's, one nginx per
 * tier, and Fusebox's. Paths inside are relative: the programs run in the folder
 * of the demonstration, so no name in it needs quoting.
 *
 * Threads   Pure: values in, text out.
 * Limits    DEMO_CONFIG_MAX_BYTES each; look at buf_error.
 */
#ifndef FUSEBOX_CLI_DEMO_CONFIG_H
#define FUSEBOX_CLI_DEMO_CONFIG_H

#include "base/buf.h"
#include "cli/demo_scene.h"

enum {
    DEMO_CONFIG_MAX_BYTES = 16384,
    DEMO_SERVER_TIMEOUT_MS = 500, /* how long HAProxy waits for an answer */
    DEMO_SLOW_ANSWER_MS = 800,
};

struct demo_ports {
    int shop;     /* HAProxy: all services, the first part of the path names one */
    int exporter; /* HAProxy: /metrics */
    int servers[DEMO_TIER_COUNT][DEMO_SERVICE_COUNT]; /* nginx */
};

enum { DEMO_PORT_COUNT = sizeof(struct demo_ports) / sizeof(int) };

void demo_config_haproxy(struct buf *out, const struct demo_ports *ports);

/* `user` and `group` of the workers, or NULL: as who starts it (only root can choose). */
void demo_config_nginx(struct buf *out, const struct demo_ports *ports, int tier,
                       const struct demo_tier_state *state, const char *user, const char *group);

void demo_config_fusebox(struct buf *out, const struct demo_ports *ports, int rate_per_s);

#endif
