/* What one service may cost in memory, whatever its sources tell. */
#include "map_script.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>

enum { SERVICES = 32, BREAKERS = 3, SECONDS = 400, BOUNDS = 48, STATE_MAX_BYTES = 80 << 10 };
static const int64_t T0 = 1700000000000;

static uint32_t subject_named(struct monitor *m, int service, int breaker)
{
    char name[32], guard[32];
    struct signal_sink sink = monitor_sink(m);

    snprintf(name, sizeof name, "service-with-a-name-%03d", service);
    snprintf(guard, sizeof guard, "breaker-%d", breaker);
    return sink.subject(sink.ctx, &(struct signal_subject){ .service = str_of(name),
                                                            .breaker = str_of(breaker ? guard : ""),
                                                            .caller = STR("gateway"),
                                                            .source = "test" });
}

/* A state, or a count. */
static double amount_of(int kind, int second, double most)
{
    return kind == SIGNAL_BREAKER_STATE ? second % 3 : second % 2 ? most : 1;
}

/* Every kind of signal; of buckets each of the bounds. */
static void tell_all(struct monitor *m, uint32_t id, int64_t at_ms, int second, double most)
{
    struct signal_sink sink = monitor_sink(m);

    for (int kind = 0; kind <= SIGNAL_BREAKER_FAILURE_RATE; kind++) {
        int times = kind == SIGNAL_TIMED_BUCKET ? BOUNDS : kind == SIGNAL_GONE ? 0 : 1;

        for (int i = 0; i < times; i++)
            sink.on_signal(sink.ctx,
                           &(struct signal){ .subject = id,
                                             .kind = (enum signal_kind)kind,
                                             .at_ms = at_ms,
                                             .amount = amount_of(kind, second, most),
                                             .bound_s = i == BOUNDS - 1 ? (double)INFINITY
                                                                        : 0.001 * (1 + i) });
    }
}

static void tell_service(struct monitor *m, int service, double most)
{
    uint32_t ids[BREAKERS + 1];

    for (int b = 0; b <= BREAKERS; b++)
        ids[b] = subject_named(m, service, b);
    for (int second = 0; second < SECONDS; second++)
        for (int b = 0; b <= BREAKERS; b++)
            tell_all(m, ids[b], T0 + second * 1000, second, most);
}

/* Bytes for each service whose counts reach `most` a second. */
static size_t measure(double most)
{
    struct monitor *m = monitor_of("services: [{name: service-with-a-name-000,"
                                   " max_retries_per_minute: 600}]");
    struct monitor_view *view;
    size_t before, bytes;

    for (int i = 0; i < SERVICES; i++)
        tell_service(m, i, most);
    view_unref(view_of(m, T0 + SECONDS * 1000));
    before = mallinfo2().uordblks;
    for (int i = SERVICES; i < 2 * SERVICES; i++)
        tell_service(m, i, most);
    view = view_of(m, T0 + SECONDS * 1000);
    assert_int_equal(view->service_count, 2 * SERVICES);
    assert_int_equal(view->breaker_count, 2 * SERVICES * BREAKERS);
    assert_int_equal(view->breakers[0].transitions_total, SECONDS - 1);
    view_unref(view);
    bytes = (mallinfo2().uordblks - before) / SERVICES;
    print_message("%.0f a second: %zu bytes for each service with %d breakers and one caller\n",
                  most, bytes, BREAKERS);
    monitor_free(m);
    return bytes;
}

static void test_footprint__a_service_with_three_breakers_stays_under_80_kib(void **state UNUSED)
{
    assert_true(measure(100) <= STATE_MAX_BYTES);
    assert_true(measure(65535) <= STATE_MAX_BYTES);
    assert_true(measure(1e6) <= 2 * STATE_MAX_BYTES); /* wide cells for everything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_footprint__a_service_with_three_breakers_stays_under_80_kib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
