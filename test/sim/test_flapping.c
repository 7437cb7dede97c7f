/*
 * Breakers that change their state at random: some never, some calmly, some as fast
 * as they can, in and out of being disabled or silent. Their conditions are held against
 * the list of all changes, searched anew each time. The seed of a failing run is the
 * last one printed.
 */
#include "monitor_script.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "monitor/breaker.h"
#include "monitor/breaker_condition.h"

enum { BREAKERS = 12, SECONDS = 3600, SEEDS = 40, CHANGES_MAX = SECONDS, SHOWN_MAX = 90 };
static const int64_t T0 = 1700000000000;

struct change {
    int64_t at_ms;
    enum breaker_state from, to;
};

struct sim_breaker {
    char name[8];
    enum breaker_state state; /* BREAKER_STATE_COUNT: not told yet */
    int64_t since_ms;
    double pace; /* changes a second */
    struct change changes[CHANGES_MAX];
    size_t count;
};

struct sim {
    struct rng rng;
    struct monitor *monitor;
    struct sim_breaker breakers[BREAKERS];
    int flapping_seen, calm_again_seen;
};

static void sim_init(struct sim *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    s->rng = rng_seeded(seed);
    s->monitor = monitor_of("");
    for (int i = 0; i < BREAKERS; i++) {
        snprintf(s->breakers[i].name, sizeof s->breakers[i].name, "b%02d", i);
        s->breakers[i].state = BREAKER_STATE_COUNT;
    }
}

static void change(struct sim *s, struct sim_breaker *b, enum breaker_state to, int64_t at_ms)
{
    uint32_t id = subject_of(s->monitor, "orders", b->name);

    if (to == BREAKER_UNKNOWN)
        send(s->monitor, id, SIGNAL_GONE, at_ms, 0);
    else
        send(s->monitor, id, SIGNAL_BREAKER_STATE, at_ms, to);
    if (b->state == to || (b->state == BREAKER_STATE_COUNT && to == BREAKER_UNKNOWN))
        return;
    if (b->state != BREAKER_STATE_COUNT)
        b->changes[b->count++] = (struct change){ at_ms, b->state, to };
    b->state = to;
    b->since_ms = at_ms;
}

/* Now and then a breaker takes up another pace; a fast one changes each ten seconds or so. */
static void step(struct sim *s, int second)
{
    static const double paces[] = { 0, 0, 0, 0.002, 0.008, 0.1 };

    for (int i = 0; i < BREAKERS; i++) {
        struct sim_breaker *b = &s->breakers[i];
        uint64_t draw = rng_below(&s->rng, 20);

        if (second == 0 || rng_below(&s->rng, 600) == 0)
            b->pace = paces[rng_below(&s->rng, ARRAY_LEN(paces))];
        if (second == 0 || rng_unit(&s->rng) < b->pace)
            change(s, b,
                   draw == 0   ? BREAKER_UNKNOWN
                   : draw == 1 ? BREAKER_DISABLED
                               : (enum breaker_state)(draw % 3),
                   T0 + second * 1000);
    }
}

/* The plain way: all changes, one after the other. */
static int flips(const struct sim_breaker *b, int64_t now_ms)
{
    int count = 0;

    for (size_t i = 0; i < b->count; i++)
        count += b->changes[i].at_ms > now_ms - 900000 && b->changes[i].from <= BREAKER_OPEN &&
                 b->changes[i].to <= BREAKER_OPEN;
    return count;
}

static void check(struct sim *s, const struct sim_breaker *b, const struct breaker_view *v,
                  int64_t now_ms)
{
    const struct condition_view *flapping = &v->conditions[BREAKER_FLAPPING];
    int count = flips(b, now_ms);
    int64_t open_ms = b->state == BREAKER_OPEN ? now_ms - b->since_ms : -1;
    char text[64];

    assert_true(str_equals(v->name, str_of(b->name)));
    assert_int_equal(v->transitions_total, b->count);
    if (b->state == BREAKER_STATE_COUNT)
        return;
    assert_int_equal(v->state, b->state);
    assert_int_equal(flapping->holds, count > 6);
    if (count > 6 && count < SHOWN_MAX) {
        snprintf(text, sizeof text, "%s changed its state %d times in 15 min", b->name, count);
        assert_string_equal(flapping->text, text);
        assert_true(flapping->since_ms <= now_ms && flapping->since_ms >= T0);
    }
    if (b->state <= BREAKER_OPEN) {
        assert_int_equal(v->conditions[BREAKER_LONG_OPEN].holds, open_ms >= 60000);
        assert_int_equal(v->conditions[BREAKER_STUCK_OPEN].holds, open_ms > 900000);
    }
    s->flapping_seen += count > 6;
    s->calm_again_seen += count <= 6 && b->count > 12;
}

static void check_view(struct sim *s, int64_t now_ms)
{
    struct monitor_view *view = view_of(s->monitor, now_ms);
    uint32_t flapping = 0;

    assert_int_equal(view->breaker_count, BREAKERS);
    for (int i = 0; i < BREAKERS; i++) {
        check(s, &s->breakers[i], &view->breakers[i], now_ms);
        flapping += view->breakers[i].conditions[BREAKER_FLAPPING].holds == 1;
    }
    assert_int_equal(view->services[0].conditions[BREAKER_FLAPPING].breakers, flapping);
    view_unref(view);
}

static void run(uint64_t seed, int *flapping, int *calm)
{
    static struct sim s;

    print_message("seed %llu\n", (unsigned long long)seed);
    sim_init(&s, seed);
    for (int second = 0; second < SECONDS; second++) {
        step(&s, second);
        if (rng_below(&s.rng, 5) == 0)
            check_view(&s, T0 + second * 1000 + (int64_t)rng_below(&s.rng, 1000));
    }
    *flapping += s.flapping_seen;
    *calm += s.calm_again_seen;
    monitor_free(s.monitor);
}

static void test_flapping__conditions_are_what_the_list_says(void **state UNUSED)
{
    const char *given = getenv("FUSEBOX_TEST_SEED");
    int flapping = 0, calm = 0;

    if (given) {
        run(strtoull(given, NULL, 10), &flapping, &calm);
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed, &flapping, &calm);
    print_message("flapping %d times, calm again %d times\n", flapping, calm);
    assert_true(flapping > 1000 && calm > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flapping__conditions_are_what_the_list_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
