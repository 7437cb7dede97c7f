#include "monitor_script.h"

#include <stdio.h>

#include "api/export.h"
#include "api/metric_filter.h"
#include "base/attr.h"

enum { TEXT_BYTES = 1 << 20 };
static const int64_t T0 = 1700000000000;

/* Two services, the second of which has been silent for half a minute. */
static struct monitor_view *two_services(void)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;

    for (int i = 0; i <= 60; i++) {
        tell(m, "orders", T0 + i * 1000, i ? 100 : 0, i ? 1 : 0, i ? 3 : 0);
        if (i <= 30)
            tell(m, "carts", T0 + i * 1000, i ? 50 : 0, 0, 0);
    }
    tell_state(m, "orders", "db", T0 + 60000, BREAKER_CLOSED);
    view = view_of(m, T0 + 60000);
    monitor_free(m);
    return view;
}

static struct buf filtered(const struct monitor_view *view, const char *name, const char *service,
                           int64_t since_ms)
{
    struct buf text = buf_limited(TEXT_BYTES);
    struct metric_text writer;
    struct metric_out inner = metric_text_out(&writer, &text), out;
    struct metric_filter f;

    metric_filter_init(&f, &inner, view);
    f.name = str_of(name);
    f.service = str_of(service);
    f.since_ms = since_ms;
    out = metric_filter_out(&f);
    export_view(view, false, &out);
    out.family(out.ctx, "own_seconds", METRIC_HISTOGRAM, "About no service.");
    out.sample(out.ctx, "_sum", NULL, 0, 1);
    out.sample(out.ctx, "_count", NULL, 0, 2);
    buf_append_byte(&text, '\0');
    assert_int_equal(buf_error(&text), ERR_OK);
    return text;
}

static size_t lines_with(const struct buf *text, const char *part)
{
    size_t count = 0;

    for (const char *at = text->data; (at = strstr(at, part)); at++)
        count++;
    return count;
}

static void test_metric_filter__lets_all_through_when_nothing_is_asked(void **state UNUSED)
{
    struct monitor_view *view = two_services();
    struct buf text = filtered(view, "", "", 0);

    assert_true(lines_with(&text, "service=\"orders\"") > 10);
    assert_true(lines_with(&text, "service=\"carts\"") > 2);
    assert_int_equal(lines_with(&text, "\nown_seconds"), 2);
    buf_release(&text);
    view_unref(view);
}

static void test_metric_filter__narrows_by_name(void **state UNUSED)
{
    struct monitor_view *view = two_services();
    struct buf text = filtered(view, "fusebox_calls_total", "", 0);

    assert_int_equal(lines_with(&text, "# TYPE"), 1);
    assert_int_equal(lines_with(&text, "\nfusebox_calls_total{"), 2);
    buf_release(&text);
    text = filtered(view, "own_seconds_count", "", 0);
    assert_int_equal(lines_with(&text, "# TYPE own_seconds histogram"), 1);
    assert_int_equal(lines_with(&text, "\nown_seconds"), 1);
    buf_release(&text);
    text = filtered(view, "own_seconds", "", 0);
    assert_int_equal(lines_with(&text, "\nown_seconds"), 2);
    buf_release(&text);
    text = filtered(view, "own_seconds_c", "", 0);
    assert_string_equal(text.data, "");
    buf_release(&text);
    view_unref(view);
}

static void test_metric_filter__narrows_by_service(void **state UNUSED)
{
    struct monitor_view *view = two_services();
    struct buf text = filtered(view, "", "carts", 0);

    assert_true(lines_with(&text, "service=\"carts\"") > 2);
    assert_int_equal(lines_with(&text, "orders"), 0);
    assert_int_equal(lines_with(&text, "own_seconds"), 0);
    assert_int_equal(lines_with(&text, "circuit_breaker"), 0);
    buf_release(&text);
    view_unref(view);
}

static void test_metric_filter__narrows_by_when_a_service_was_heard(void **state UNUSED)
{
    struct monitor_view *view = two_services();
    struct buf text = filtered(view, "", "", T0 + 31000);

    assert_true(lines_with(&text, "service=\"orders\"") > 10);
    assert_int_equal(lines_with(&text, "service=\"carts\""), 0);
    assert_int_equal(lines_with(&text, "\nown_seconds"), 2);
    buf_release(&text);
    text = filtered(view, "fusebox_calls_total", "carts", T0 + 30000);
    assert_int_equal(lines_with(&text, "\nfusebox_calls_total{"), 1);
    buf_release(&text);
    text = filtered(view, "", "", T0 + 60001);
    assert_string_equal(text.data, "");
    buf_release(&text);
    view_unref(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_filter__lets_all_through_when_nothing_is_asked),
        cmocka_unit_test(test_metric_filter__narrows_by_name),
        cmocka_unit_test(test_metric_filter__narrows_by_service),
        cmocka_unit_test(test_metric_filter__narrows_by_when_a_service_was_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
