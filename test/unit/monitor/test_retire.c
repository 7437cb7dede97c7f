/* What becomes of services, breakers and edges that nobody speaks of any more. */
#include "map_script.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "seed.h"

static const int64_t T0 = 1700000000000;
static const int64_t MINUTE_MS = 60000;
static const int64_t HOUR_MS = 3600000;

static uint32_t guard_of(struct monitor *m, const char *service, const char *breaker,
                         const char *caller)
{
    struct signal_sink sink = monitor_sink(m);

    return sink.subject(sink.ctx, &(struct signal_subject){ .service = str_of(service),
                                                            .breaker = str_of(breaker),
                                                            .caller = str_of(caller),
                                                            .source = "test" });
}

static enum err define(struct monitor *m, const char *json)
{
    struct config *base = config_of("");
    struct definition *d = NULL;
    enum err err;

    assert_int_equal(definition_read(str_of(json), STR_NONE, base, &d, NULL, NULL), ERR_OK);
    err = monitor_define(m, d);
    definition_unref(d);
    config_unref(base);
    return err;
}

struct shown {
    size_t services, breakers, edges;
};

static struct shown shown(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    struct shown s = { view->service_count, view->breaker_count, view->map->graph.edge_count };

    view_unref(view);
    return s;
}

static void test_retire__who_is_silent_for_long_goes_and_comes_back_anew(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 2h}");
    uint32_t id = subject_of(m, "orders", NULL), breaker = subject_of(m, "orders", "b");
    uint64_t epoch = *monitor_sink(m).epoch;
    struct service_history history;
    struct monitor_view *view;

    send(m, id, SIGNAL_CALLS, T0, 1);
    send(m, breaker, SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    assert_int_equal(shown(m, T0 + 2 * HOUR_MS).services, 1);
    assert_int_equal(*monitor_sink(m).epoch, epoch);
    assert_int_equal(shown(m, T0 + 2 * HOUR_MS + 1).services, 0);
    assert_int_not_equal(*monitor_sink(m).epoch, epoch);
    assert_int_equal(monitor_stats(m).breaker_count, 0);
    assert_false(monitor_history(m, STR("orders"),
                                 &(struct history_ask){ .period_s = 900,
                                                        .end_ms = T0 + 3 * HOUR_MS,
                                                        .now_ms = T0 + 3 * HOUR_MS },
                                 &history));
    send(m, id, SIGNAL_CALLS, T0 + 3 * HOUR_MS, 5); /* an id of the old epoch says nothing */
    assert_int_equal(shown(m, T0 + 3 * HOUR_MS).services, 0);
    monitor_take_alarm(m);
    send(m, subject_of(m, "orders", NULL), SIGNAL_CALLS, T0 + 3 * HOUR_MS, 5);
    assert_true(monitor_take_alarm(m));
    view = view_of(m, T0 + 3 * HOUR_MS);
    assert_int_equal(view->service_count, 1);
    assert_int_equal(view->breaker_count, 0);
    assert_float_equal(view->services[0].calls_total, 5, 0);
    view_unref(view);
    monitor_free(m);
}

static void test_retire__their_places_are_free_again(void **state UNUSED)
{
    struct monitor *m = monitor_of(
        "catalog: {max_services: 2, max_breakers: 2, max_edges: 1, discovered_ttl: 1h}");

    send(m, guard_of(m, "a", "1", "web"), SIGNAL_BREAKER_STATE, T0, BREAKER_CLOSED);
    send(m, guard_of(m, "b", "1", NULL), SIGNAL_BREAKER_STATE, T0 + HOUR_MS, BREAKER_CLOSED);
    assert_int_equal(subject_of(m, "c", NULL), 0);
    assert_int_equal(subject_of(m, "b", "2"), 0);
    assert_int_equal(shown(m, T0 + HOUR_MS + 1).services, 1);
    assert_int_not_equal(subject_of(m, "c", NULL), 0);
    assert_int_not_equal(subject_of(m, "b", "2"), 0);
    tell_edge(m, "web", "c", T0 + HOUR_MS, 1, 0, 0);
    assert_int_equal(shown(m, T0 + HOUR_MS + 1).edges, 1);
    assert_int_equal(monitor_stats(m).services_refused_count, 1);
    assert_int_equal(monitor_stats(m).breakers_refused_count, 1);
    monitor_free(m);
}

static void test_retire__a_silent_breaker_goes_unless_it_worries(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 1h}");
    static const enum breaker_state states[] = { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN,
                                                 BREAKER_DISABLED };
    static const char *const names[] = { "closed", "open", "half", "off" };
    struct monitor_view *view;

    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        send(m, subject_of(m, "orders", names[i]), SIGNAL_BREAKER_STATE, T0, states[i]);
    send(m, subject_of(m, "orders", "gone"), SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    send(m, subject_of(m, "orders", "gone"), SIGNAL_GONE, T0, 0);
    tell(m, "orders", T0 + HOUR_MS, 1, 0, 0);
    assert_int_equal(shown(m, T0 + HOUR_MS).breakers, 5);
    view = view_of(m, T0 + HOUR_MS + 1);
    assert_int_equal(view->breaker_count, 2);
    assert_true(str_equals(view->breakers[0].name, STR("half")));
    assert_true(str_equals(view->breakers[1].name, STR("open")));
    view_unref(view);
    send(m, subject_of(m, "orders", "open"), SIGNAL_BREAKER_STATE, T0 + HOUR_MS, BREAKER_CLOSED);
    assert_int_equal(shown(m, T0 + HOUR_MS + 1).breakers, 2); /* the same one, heard again */
    monitor_free(m);
}

static void test_retire__an_edge_goes_with_its_figures_or_with_its_last_breaker(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 10m}");

    tell_edge(m, "web", "bank", T0, 1, 0, 0);
    send(m, guard_of(m, "bank", "main", "shop"), SIGNAL_BREAKER_STATE, T0, BREAKER_CLOSED);
    send(m, guard_of(m, "bank", "spare", "shop"), SIGNAL_BREAKER_STATE, T0, BREAKER_OPEN);
    tell(m, "bank", T0 + 30 * MINUTE_MS, 1, 0, 0);
    assert_int_equal(shown(m, T0 + 10 * MINUTE_MS).edges, 2);
    assert_int_equal(shown(m, T0 + 11 * MINUTE_MS).edges, 1); /* of the open one */
    send(m, guard_of(m, "bank", "spare", "shop"), SIGNAL_BREAKER_STATE, T0 + 11 * MINUTE_MS,
         BREAKER_CLOSED);
    assert_int_equal(shown(m, T0 + 21 * MINUTE_MS).edges, 1);
    assert_int_equal(shown(m, T0 + 22 * MINUTE_MS).edges, 0);
    tell_edge(m, "web", "bank", T0 + 31 * MINUTE_MS, 1, 0, 0);
    assert_int_equal(shown(m, T0 + 31 * MINUTE_MS).edges, 1);
    monitor_free(m);
}

static void test_retire__a_retired_service_may_be_defined(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 1h}");

    tell(m, "orders", T0, 1, 0, 0);
    assert_int_equal(shown(m, T0 + 2 * HOUR_MS).services, 0);
    assert_int_equal(define(m, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(shown(m, T0 + 9 * HOUR_MS).services, 1);
    monitor_undefine(m, STR("orders"));
    assert_int_equal(shown(m, T0 + 9 * HOUR_MS).services, 0);
    monitor_free(m);
}

static void test_retire__zero_keeps_them(void **state UNUSED)
{
    struct monitor *m = monitor_of("catalog: {discovered_ttl: 0}");

    tell(m, "orders", T0, 1, 0, 0);
    tell_state(m, "orders", "b", T0, BREAKER_CLOSED);
    assert_int_equal(shown(m, T0 + 10000 * HOUR_MS).breakers, 1);
    monitor_free(m);
}

static void
test_retire__without_memory_who_comes_back_is_refused_and_asks_again(void **state UNUSED)
{
    bool fault = true;
    long n = 0;

    while (fault) {
        struct monitor *m = monitor_of("catalog: {discovered_ttl: 1h}");

        send(m, guard_of(m, "orders", "b", "web"), SIGNAL_BREAKER_STATE, T0, BREAKER_CLOSED);
        assert_int_equal(shown(m, T0 + 2 * HOUR_MS).services, 0);
        mem_fail_nth(++n);
        (void)guard_of(m, "orders", "b", "web");
        fault = mem_fault_happened();
        mem_fail_nth(0);
        tell_state(m, "orders", "b", T0 + 2 * HOUR_MS, BREAKER_OPEN);
        assert_int_equal(shown(m, T0 + 2 * HOUR_MS).services, 1);
        monitor_free(m);
        assert_true(n < 1000);
    }
    assert_true(n > 5);
}

/* --- a day of services that come and go --- */

enum { ALIVE = 24, LIFE_MIN = 20, LIFE_RANGE = 60 };

struct life {
    char name[24], caller[24];
    int until_min;
};

struct day {
    struct rng rng;
    struct monitor *m;
    struct life lives[ALIVE];
    unsigned born;
};

static void live_a_minute(struct day *d, int minute)
{
    int64_t at_ms = T0 + minute * MINUTE_MS;

    for (int i = 0; i < ALIVE; i++) {
        struct life *l = &d->lives[i];

        if (minute >= l->until_min) {
            l->until_min = minute + LIFE_MIN + (int)rng_below(&d->rng, LIFE_RANGE);
            snprintf(l->name, sizeof l->name, "service-%u", d->born++);
            snprintf(l->caller, sizeof l->caller, "pod-%llu",
                     (unsigned long long)rng_below(&d->rng, 1000000));
        }
        tell_edge(d->m, l->caller, l->name, at_ms, 100, 1, 2);
        for (int b = 0; b < 3; b++) {
            uint32_t id = guard_of(d->m, l->name, (const char *[]){ "x", "y", "z" }[b], l->caller);

            send(d->m, id, SIGNAL_BREAKER_STATE, at_ms, (double)rng_below(&d->rng, 3));
            send(d->m, id, SIGNAL_BREAKER_CALLS, at_ms, 10);
        }
    }
    view_unref(view_of(d->m, at_ms));
}

/* What is in use when everybody has been silent for long. */
static size_t bytes_at_rest(struct day *d, int minute)
{
    struct shown left = shown(d->m, T0 + minute * MINUTE_MS);

    assert_int_equal(left.services + left.breakers + left.edges, 0);
    return mallinfo2().uordblks;
}

static void test_retire__a_day_of_coming_and_going_leaves_nothing_behind(void **state UNUSED)
{
    enum { DAY_MIN = 24 * 60, REST_MIN = 61 };
    struct day d = { .rng = seed_rng("retire"),
                     .m = monitor_of("catalog: {max_services: 150, max_breakers: 450,"
                                     " max_edges: 150, discovered_ttl: 1h}") };
    size_t before = 0, after;

    for (int minute = 0; minute < 2 * DAY_MIN; minute++) {
        live_a_minute(&d, minute);
        if (minute == DAY_MIN) {
            before = bytes_at_rest(&d, minute + REST_MIN);
            minute += REST_MIN;
        }
    }
    after = bytes_at_rest(&d, 2 * DAY_MIN + REST_MIN);
    assert_true(d.born > 500);
    assert_int_equal(monitor_stats(d.m).services_refused_count, 0);
    assert_int_equal(monitor_stats(d.m).breakers_refused_count, 0);
    print_message("%u services came and went; %zu bytes at rest, then %zu\n", d.born, before,
                  after);
    /* Tables may grow once more; a hundred bytes of each who went would be more than that. */
    assert_true(after <= before + 65536);
    monitor_free(d.m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retire__who_is_silent_for_long_goes_and_comes_back_anew),
        cmocka_unit_test(test_retire__their_places_are_free_again),
        cmocka_unit_test(test_retire__a_silent_breaker_goes_unless_it_worries),
        cmocka_unit_test(test_retire__an_edge_goes_with_its_figures_or_with_its_last_breaker),
        cmocka_unit_test(test_retire__a_retired_service_may_be_defined),
        cmocka_unit_test(test_retire__zero_keeps_them),
        cmocka_unit_test(test_retire__without_memory_who_comes_back_is_refused_and_asks_again),
        cmocka_unit_test(test_retire__a_day_of_coming_and_going_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
