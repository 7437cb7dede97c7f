#include <string.h>

#include "unit.h"

#include "cli/demo_scene.h"

enum { LONG_MS = 2 * 3600 * 1000 };

static void test_demo_scene__begins_healthy_and_changes_soon(void **state)
{
    const struct demo_tier_state healthy = { .fail_percent = 0 };

    (void)state;
    assert_int_equal(demo_scene_at(-5), 0);
    assert_int_equal(demo_scene_at(0), 0);
    for (int tier = 0; tier < DEMO_TIER_COUNT; tier++)
        assert_true(demo_tier_state_equals(&demo_scene_get(0)->tiers[tier], &healthy));
    assert_int_not_equal(demo_scene_at(20000), 0);
}

static void test_demo_scene__goes_round_and_never_returns_to_the_first(void **state)
{
    size_t before = 0, changes = 0, highest = 0;

    (void)state;
    for (int64_t ms = 0; ms < LONG_MS; ms += 500) {
        size_t idx = demo_scene_at(ms);

        assert_true(idx == before || idx == before + 1 || (idx == 1 && before == highest));
        changes += idx != before;
        highest = idx > highest ? idx : highest;
        before = idx;
    }
    assert_true(highest >= 6);
    assert_true(changes > 3 * highest);
}

/* What the page shows: 503s, slow answers, a killed tier, and health in between. */
static void test_demo_scene__plays_every_kind_of_trouble(void **state)
{
    bool fails = false, slow = false, down = false;

    (void)state;
    for (int64_t ms = 0; ms < LONG_MS; ms += 500) {
        const struct demo_scene *scene = demo_scene_get(demo_scene_at(ms));
        int hurt = 0;

        for (int tier = 0; tier < DEMO_TIER_COUNT; tier++) {
            fails |= scene->tiers[tier].fail_percent > 0;
            slow |= scene->tiers[tier].slow_percent > 0;
            down |= scene->tiers[tier].down;
            hurt += scene->tiers[tier].down;
        }
        assert_true(hurt < DEMO_TIER_COUNT); /* somebody always answers */
        assert_null(strstr(scene->text, "://"));
    }
    assert_true(fails && slow && down);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo_scene__begins_healthy_and_changes_soon),
        cmocka_unit_test(test_demo_scene__goes_round_and_never_returns_to_the_first),
        cmocka_unit_test(test_demo_scene__plays_every_kind_of_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
