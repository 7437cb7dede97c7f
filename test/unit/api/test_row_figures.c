/* The figures of a row beside the row that they come from: the same texts, and nothing else moves.
 */
#include "monitor_script.h"

#include <math.h>
#include <stdio.h>

#include "api/row_figures.h"
#include "api/view_json.h"
#include "base/buf.h"
#include "json_check.h"

static const int64_t T0 = 1700000000000;

struct texts {
    struct buf row, columns, figures, scratch;
};

static struct texts texts_of(const struct service_view *s)
{
    struct texts t = { buf_limited(1 << 16), buf_limited(1 << 16), buf_limited(1 << 16),
                       buf_limited(1 << 16) };
    struct json row = json_to(&t.row), columns = json_to(&t.columns), figures = json_to(&t.figures);

    json_open_object(&row);
    view_json_row_members(&row, s, ROW_PLAIN);
    json_close_object(&row);
    row_figures_columns(&columns);
    row_figures(&figures, s);
    return t;
}

static void texts_release(struct texts *t)
{
    buf_release(&t->row);
    buf_release(&t->columns);
    buf_release(&t->figures);
    buf_release(&t->scratch);
}

/* A service of which everything is told, with numbers that rounding changes. */
static struct service_view told(struct monitor_view *view)
{
    struct service_view s = view->services[0];

    s.retries_per_s = 1.0 / 3;
    s.denied_per_s = 2.0 / 3;
    s.first_success_ratio = 0.98765432;
    s.response_ms = 12.3456;
    for (int i = 0; i < LATENCY_COUNT; i++)
        s.latency_s[i] = (i + 1) / 7.0;
    s.budget.remaining_minute = 99.99;
    s.budget.utilization_percent = INFINITY;
    return s;
}

static void test_row_figures__are_those_of_the_row(void **state UNUSED)
{
    struct monitor *m = monitor_of(
        "services: [{name: orders, max_retries_per_minute: 100, max_retries_per_hour: 9000}]");
    struct monitor_view *view;
    struct service_view s;
    struct texts t;

    for (int i = 0; i <= 60; i++)
        tell(m, "orders", T0 + i * 1000, 7, 1, 1);
    view = view_of(m, T0 + 60000);
    s = told(view);
    t = texts_of(&s);
    assert_int_equal(json_count(buf_str(&t.figures), ""), json_count(buf_str(&t.columns), "") + 1);
    json_expect(buf_str(&t.figures), "0", "\"orders\"");
    for (size_t i = 0; i < json_count(buf_str(&t.columns), ""); i++) {
        char at[32], path[64], expected[64];
        struct str name, value;

        snprintf(at, sizeof at, "%zu", i);
        name = json_at(buf_str(&t.columns), at);
        snprintf(path, sizeof path, "%.*s", (int)name.len - 2, name.ptr + 1);
        assert_true(json_has(buf_str(&t.row), path));
        value = json_at(buf_str(&t.row), path);
        snprintf(expected, sizeof expected, "%.*s", (int)value.len, value.ptr);
        assert_string_not_equal(expected, "null");
        snprintf(at, sizeof at, "%zu", i + 1);
        json_expect(buf_str(&t.figures), at, expected);
    }
    texts_release(&t);
    view_unref(view);
    monitor_free(m);
}

static void test_row_figures__only_state_moves_the_hash(void **state UNUSED)
{
    struct monitor *m = monitor_of("services: [{name: orders, team: a}]");
    struct monitor_view *view = view_of(m, T0);
    struct service_view s = view->services[0];
    struct buf scratch = buf_limited(1 << 16);
    uint64_t still = row_state_hash(&s, &scratch);

    s.calls_per_s = 7;
    s.last_data_ms = T0;
    s.budget.used_hour = 3;
    s.latency_s[LATENCY_P99] = 1;
    assert_true(row_state_hash(&s, &scratch) == still);
    s.calls.count = 3;
    assert_true(row_state_hash(&s, &scratch) == still);
    s.breakers.total = 1;
    assert_false(row_state_hash(&s, &scratch) == still);
    s.breakers.total = 0;
    s.reason = "another";
    assert_false(row_state_hash(&s, &scratch) == still);
    buf_release(&scratch);
    view_unref(view);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_figures__are_those_of_the_row),
        cmocka_unit_test(test_row_figures__only_state_moves_the_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
