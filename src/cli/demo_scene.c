#include "cli/demo_scene.h"

#include "base/attr.h"

const char *const demo_service_names[DEMO_SERVICE_COUNT] = { "orders", "payments", "catalog" };
const char *const demo_tier_names[DEMO_TIER_COUNT] = { "nginx-a", "nginx-b", "nginx-c" };

/*
 * With the limit of 10 retries a minute for each call a second (demo_config.c) the third scene
 * spends 130 % of payments' minute, and a whole round 36 % of its hour.
 */
static const struct demo_scene scenes[] = {
    { .duration_s = 20, .text = "all services are healthy" },
    { .duration_s = 25,
      .text = "payments: 25 % of nginx-a's answers are 503; HAProxy retries them elsewhere",
      .tiers = { [0] = { .fail_percent = 25 } } },
    { .duration_s = 40,
      .text = "payments: 25 % of all answers are 503; the retries use up the budget",
      .tiers = { { .fail_percent = 25 }, { .fail_percent = 25 }, { .fail_percent = 25 } } },
    { .duration_s = 75, .text = "payments: healthy again; the budget refills within a minute" },
    { .duration_s = 30,
      .text = "payments: a third of nginx-b's answers is slow; HAProxy gives up and retries",
      .tiers = { [1] = { .slow_percent = 33 } } },
    { .duration_s = 60, .text = "payments: healthy again" },
    { .duration_s = 35,
      .text = "nginx-c is killed; its servers go DOWN, each an open breaker",
      .tiers = { [2] = { .down = true } } },
    { .duration_s = 75, .text = "nginx-c is started again; all services are healthy" },
};

enum { FIRST_REPEATED_SCENE = 1 };

const struct demo_scene *demo_scene_get(size_t idx)
{
    return &scenes[idx];
}

static int64_t duration_from(size_t first)
{
    int64_t sum_ms = 0;

    for (size_t i = first; i < ARRAY_LEN(scenes); i++)
        sum_ms += scenes[i].duration_s * 1000;
    return sum_ms;
}

size_t demo_scene_at(int64_t elapsed_ms)
{
    int64_t left_ms = elapsed_ms;
    size_t idx = FIRST_REPEATED_SCENE;

    if (left_ms < scenes[0].duration_s * 1000)
        return 0;
    left_ms = (left_ms - scenes[0].duration_s * 1000) % duration_from(FIRST_REPEATED_SCENE);
    while (left_ms >= scenes[idx].duration_s * 1000)
        left_ms -= scenes[idx++].duration_s * 1000;
    return idx;
}

bool demo_tier_state_equals(const struct demo_tier_state *a, const struct demo_tier_state *b)
{
    return a->fail_percent == b->fail_percent && a->slow_percent == b->slow_percent &&
           a->down == b->down;
}
