/* The same metrics in each form. */
#include "unit.h"

#include <math.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/mem.h"
#include "json_check.h"
#include "telemetry/histogram.h"
#include "telemetry/metric_csv.h"
#include "telemetry/metric_json.h"
#include "telemetry/metric_openmetrics.h"

enum { TEXT_BYTES = 1 << 16 };

static void tell(const struct metric_out *out)
{
    struct metric_label labels[] = { { "service", STR("or\"ders") }, { "name", STR("a,b") } };

    out->family(out->ctx, "calls_total", METRIC_COUNTER, "Calls \"made\".");
    out->sample(out->ctx, "", labels, 2, 3);
    out->family(out->ctx, "odd", METRIC_COUNTER, "A counter without its ending.");
    out->sample(out->ctx, "", NULL, 0, 1);
    out->family(out->ctx, "wait_seconds", METRIC_HISTOGRAM, "Waits.");
    out->sample(out->ctx, "_sum", NULL, 0, 0.5);
    out->sample(out->ctx, "_count", NULL, 0, INFINITY);
}

static void expect(struct buf *text, const char *expected)
{
    buf_append_byte(text, '\0');
    assert_int_equal(buf_error(text), ERR_OK);
    assert_string_equal(text->data, expected);
    buf_release(text);
}

static void test_metric_openmetrics__names_counters_as_the_format_wants(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_openmetrics writer;
    struct metric_out out = metric_openmetrics_out(&writer, &text);

    tell(&out);
    metric_openmetrics_finish(&writer);
    expect(&text, "# TYPE calls counter\n# HELP calls Calls \\\"made\\\".\n"
                  "calls_total{service=\"or\\\"ders\",name=\"a,b\"} 3\n"
                  "# TYPE odd unknown\n# HELP odd A counter without its ending.\nodd 1\n"
                  "# TYPE wait_seconds histogram\n# HELP wait_seconds Waits.\n"
                  "wait_seconds_sum 0.5\nwait_seconds_count +Inf\n# EOF\n");
}

static void test_metric_csv__is_a_row_per_sample(void **state UNUSED)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_csv writer;
    struct metric_out out = metric_csv_out(&writer, &text, 1000);

    tell(&out);
    metric_csv_release(&writer);
    expect(&text, "timestamp,name,type,service,labels,value\r\n"
                  "1970-01-01T00:00:01.000Z,calls_total,counter,\"or\"\"ders\","
                  "\"{service=\"\"or\\\"\"ders\"\",name=\"\"a,b\"\"}\",3\r\n"
                  "1970-01-01T00:00:01.000Z,odd,counter,,,1\r\n"
                  "1970-01-01T00:00:01.000Z,wait_seconds_sum,histogram,,,0.5\r\n"
                  "1970-01-01T00:00:01.000Z,wait_seconds_count,histogram,,,+Inf\r\n");
}

/* The families as a JSON array. */
static struct buf as_json(bool any)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct json j = json_to(&text);
    struct metric_json writer;
    struct metric_out out = metric_json_out(&writer, &j);

    json_open_array(&j);
    if (any)
        tell(&out);
    metric_json_finish(&writer);
    json_close_array(&j);
    return text;
}

static void test_metric_json__is_an_object_per_family(void **state UNUSED)
{
    struct buf text = as_json(true), none = as_json(false);
    struct str json = buf_str(&text);

    json_check(json);
    assert_int_equal(json_count(json, ""), 3);
    json_expect(json, "0.name", "\"calls_total\"");
    json_expect(json, "0.type", "\"counter\"");
    json_expect(json, "0.samples.0.labels.name", "\"a,b\"");
    json_expect(json, "0.samples.0.value", "3");
    json_expect(json, "2.samples.0.name", "\"wait_seconds_sum\"");
    json_expect(json, "2.samples.1.value", "null");
    assert_true(str_equals(buf_str(&none), STR("[]")));
    buf_release(&text);
    buf_release(&none);
}

static void test_metric_csv__survives_every_failing_allocation(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct buf text = buf_limited(TEXT_BYTES);
        struct metric_csv writer;
        struct metric_out out;

        mem_fail_nth(n);
        out = metric_csv_out(&writer, &text, 1000);
        tell(&out);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(buf_error(&text) == ERR_OK || (happened && buf_error(&text) == ERR_NOMEM));
        metric_csv_release(&writer);
        buf_release(&text);
    }
}

static void test_histogram__quantiles_lie_within_their_bucket(void **state UNUSED)
{
    struct histogram h = { 0 }, sum = { 0 };

    assert_true(isnan(histogram_quantile_s(&h, 0.5)) && isnan(histogram_mean_s(&h)));
    for (int i = 0; i < 99; i++)
        histogram_observe(&h, 2000000); /* in the bucket from 1 to 2.5 ms */
    histogram_observe(&h, 60000000000); /* beyond all bounds */
    histogram_add(&sum, &h);
    histogram_add(&sum, &h);
    assert_true(histogram_quantile_s(&sum, 0.5) > 0.001 &&
                histogram_quantile_s(&sum, 0.5) < 0.0025);
    assert_true(histogram_quantile_s(&sum, 0.999) >= 10);
    assert_true(fabs(histogram_mean_s(&sum) - (99 * 0.002 + 60) / 100) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_openmetrics__names_counters_as_the_format_wants),
        cmocka_unit_test(test_metric_csv__is_a_row_per_sample),
        cmocka_unit_test(test_metric_json__is_an_object_per_family),
        cmocka_unit_test(test_metric_csv__survives_every_failing_allocation),
        cmocka_unit_test(test_histogram__quantiles_lie_within_their_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
