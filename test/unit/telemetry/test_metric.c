#include "unit.h"

#include <math.h>

#include "base/attr.h"
#include "telemetry/metric.h"

static void expect_text(struct buf *text, const char *expected)
{
    buf_append_byte(text, '\0');
    assert_int_equal(buf_error(text), ERR_OK);
    assert_string_equal(text->data, expected);
    buf_release(text);
}

static void test_metric__family_and_samples_are_prometheus_text(void **state UNUSED)
{
    struct buf text = buf_limited(4096);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);
    struct metric_label labels[] = { { "a", STR("x") }, { "b", STR("") } };

    out.family(out.ctx, "f_total", METRIC_COUNTER, "Back\\slash and\nnewline, \"quotes\" stay.");
    out.sample(out.ctx, "", NULL, 0, 0.1);
    out.sample(out.ctx, "", labels, 2, 12345678901234);
    out.family(out.ctx, "g", METRIC_GAUGE, "Next.");
    out.sample(out.ctx, "_x", labels, 1, -INFINITY);
    expect_text(&text, "# HELP f_total Back\\\\slash and\\nnewline, \"quotes\" stay.\n"
                       "# TYPE f_total counter\n"
                       "f_total 0.1\n"
                       "f_total{a=\"x\",b=\"\"} 12345678901234\n"
                       "# HELP g Next.\n"
                       "# TYPE g gauge\n"
                       "g_x{a=\"x\"} -Inf\n");
}

static void test_metric__a_full_buffer_is_said_once_at_the_end(void **state UNUSED)
{
    struct buf text = buf_limited(16);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);

    out.family(out.ctx, "f_total", METRIC_COUNTER, "Longer than sixteen bytes.");
    out.sample(out.ctx, "", NULL, 0, 1);
    assert_int_equal(buf_error(&text), ERR_LIMIT);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric__family_and_samples_are_prometheus_text),
        cmocka_unit_test(test_metric__a_full_buffer_is_said_once_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
