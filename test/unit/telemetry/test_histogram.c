#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/thread.h"
#include "telemetry/histogram.h"

enum { THREADS = 4, ROUNDS = 20000, TEXT_BYTES = 1 << 16 };

static char *text_of(const struct histogram *h, const struct metric_label *labels, size_t count,
                     struct buf *text)
{
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, text);

    out.family(out.ctx, "d_seconds", METRIC_HISTOGRAM, "A duration.");
    histogram_write(h, &out, labels, count);
    buf_append_byte(text, '\0');
    assert_int_equal(buf_error(text), ERR_OK);
    return text->data;
}

static void expect_line(const char *text, const char *line)
{
    if (!strstr(text, line))
        fail_msg("no \"%s\" in\n%s", line, text);
}

static void test_histogram__a_bound_belongs_to_its_own_bucket(void **state UNUSED)
{
    struct histogram h = { 0 };
    struct buf text = buf_limited(TEXT_BYTES);
    char *written;

    histogram_observe(&h, 1000000);     /* 1 ms exactly */
    histogram_observe(&h, 1000001);     /* one more */
    histogram_observe(&h, 60000000000); /* beyond the last bound */
    histogram_observe(&h, -5);          /* a clock that went back counts as 0 */
    written = text_of(&h, NULL, 0, &text);
    expect_line(written, "# TYPE d_seconds histogram\n");
    expect_line(written, "d_seconds_bucket{le=\"0.0001\"} 1\n");
    expect_line(written, "d_seconds_bucket{le=\"0.001\"} 2\n");
    expect_line(written, "d_seconds_bucket{le=\"0.0025\"} 3\n");
    expect_line(written, "d_seconds_bucket{le=\"10\"} 3\n");
    expect_line(written, "d_seconds_bucket{le=\"+Inf\"} 4\n");
    expect_line(written, "d_seconds_sum 60.002000001\n");
    expect_line(written, "d_seconds_count 4\n");
    buf_release(&text);
}

static void test_histogram__labels_stand_before_the_bound(void **state UNUSED)
{
    struct histogram h = { 0 };
    struct metric_label labels[] = { { "path", STR("/a\"b\\c\nd") }, { "m", STR("GET") } };
    struct buf text = buf_limited(TEXT_BYTES);
    char *written = text_of(&h, labels, 2, &text);

    expect_line(written, "d_seconds_bucket{path=\"/a\\\"b\\\\c\\nd\",m=\"GET\",le=\"0.0001\"} 0\n");
    expect_line(written, "d_seconds_count{path=\"/a\\\"b\\\\c\\nd\",m=\"GET\"} 0\n");
    buf_release(&text);
}

static void *observe_many(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        histogram_observe(arg, i % 2 ? 1000 : 2000000000);
    return NULL;
}

static void test_histogram__counts_from_many_threads(void **state UNUSED)
{
    static struct histogram h;
    struct thread threads[THREADS] = { 0 };

    for (int i = 0; i < THREADS; i++)
        assert_int_equal(thread_start(&threads[i], "observe", observe_many, &h), ERR_OK);
    for (int i = 0; i < THREADS; i++)
        thread_stop(&threads[i]);
    assert_int_equal(h.buckets[0], THREADS * ROUNDS / 2);
    assert_int_equal(h.sum_ns, THREADS * (ROUNDS / 2) * 2000001000ull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram__a_bound_belongs_to_its_own_bucket),
        cmocka_unit_test(test_histogram__labels_stand_before_the_bound),
        cmocka_unit_test(test_histogram__counts_from_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
