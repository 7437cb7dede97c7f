/* What becomes of a service when it is defined through the API, or forgotten. */
#include "monitor_script.h"

#include "base/mem.h"

static const int64_t T0 = 1700000000000;

static struct definition *definition_of(const char *json)
{
    struct config *base = config_of("");
    struct definition *d = NULL;

    assert_int_equal(definition_read(str_of(json), STR_NONE, base, &d, NULL, NULL), ERR_OK);
    d->revision = 7;
    config_unref(base);
    return d;
}

static enum err define(struct monitor *m, const char *json)
{
    struct definition *d = definition_of(json);
    enum err err = monitor_define(m, d);

    definition_unref(d);
    return err;
}

static size_t shown_count(struct monitor *m, int64_t now_ms)
{
    struct monitor_view *view = view_of(m, now_ms);
    size_t count = view->service_count;

    view_unref(view);
    return count;
}

static void test_definitions__a_defined_service_shows_before_it_is_heard(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;
    const struct service_view *s;

    assert_int_equal(
        define(m, "{\"name\":\"orders\",\"team\":\"shop\",\"maxRetriesPerMinute\":60}"), ERR_OK);
    assert_true(monitor_take_alarm(m));
    view = view_of(m, T0);
    s = view_find_service(view, STR("orders"));
    assert_non_null(s);
    assert_true(str_equals(s->team, STR("shop")));
    assert_int_equal(s->revision, 7);
    view_unref(view);
    monitor_free(m);
}

static void test_definitions__a_heard_service_gets_limits_and_loses_them(void **state UNUSED)
{
    struct monitor *m = monitor_of("");
    struct monitor_view *view;

    tell(m, "orders", T0, 10, 0, 0);
    assert_int_equal(define(m, "{\"name\":\"orders\",\"maxRetriesPerMinute\":60}"), ERR_OK);
    view = view_of(m, T0 + 1000);
    assert_int_equal(view->services[0].budget.kind, BUDGET_ABSOLUTE);
    view_unref(view);
    monitor_undefine(m, STR("orders"));
    view = view_of(m, T0 + 2000);
    assert_int_equal(view->service_count, 1);
    assert_int_equal(view->services[0].revision, 0);
    assert_int_equal(view->services[0].budget.kind, BUDGET_RATIO);
    view_unref(view);
    monitor_free(m);
}

static void test_definitions__who_was_never_heard_goes_with_its_definition(void **state UNUSED)
{
    struct monitor *m = monitor_of("");

    assert_int_equal(define(m, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(shown_count(m, T0), 1);
    monitor_undefine(m, STR("orders"));
    monitor_undefine(m, STR("nobody"));
    assert_int_equal(shown_count(m, T0), 0);
    monitor_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definitions__a_defined_service_shows_before_it_is_heard),
        cmocka_unit_test(test_definitions__a_heard_service_gets_limits_and_loses_them),
        cmocka_unit_test(test_definitions__who_was_never_heard_goes_with_its_definition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
