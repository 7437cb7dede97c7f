/*
 * The play: which scene is on at which time, and what it does to each tier.
 *
 * A tier is one nginx process; each service has one server in each tier. Scenes
 * touch the service DEMO_FAILING_SERVICE, except that a tier which is down is
 * down for all. The first scene is healthy and short; the others repeat.
 *
 *   idx = demo_scene_at(elapsed_ms); demo_scene_get(idx)->tiers[t].fail_percent ...
 *
 * Time      Milliseconds since the play began are passed in.
 * Threads   Immutable.
 */
#ifndef FUSEBOX_CLI_DEMO_SCENE_H
#define FUSEBOX_CLI_DEMO_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DEMO_TIER_COUNT = 3, DEMO_SERVICE_COUNT = 3, DEMO_FAILING_SERVICE = 1 };

struct demo_tier_state {
    int fail_percent; /* of the failing service's answers that are 503 */
    int slow_percent; /* that come later than HAProxy waits */
    bool down;        /* killed */
};

struct demo_scene {
    int duration_s;
    const char *text; /* one line for people; no URL */
    struct demo_tier_state tiers[DEMO_TIER_COUNT];
};

extern const char *const demo_service_names[DEMO_SERVICE_COUNT];
extern const char *const demo_tier_names[DEMO_TIER_COUNT];

const struct demo_scene *demo_scene_get(size_t idx);

/* Index of the scene that is on; negative times count as 0. */
size_t demo_scene_at(int64_t elapsed_ms);

bool demo_tier_state_equals(const struct demo_tier_state *a, const struct demo_tier_state *b);

#endif
