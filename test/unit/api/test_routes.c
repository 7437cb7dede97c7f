#include "unit.h"

#include <string.h>

#include "api/api.h"
#include "base/attr.h"

static void test_routes__each_stands_once_and_says_what_it_is(void **state UNUSED)
{
    assert_in_range(api_route_count, 20,
                    OWN_ROUTES_MAX - 1); /* each has a histogram, one is left */
    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];

        assert_non_null(route->handler);
        assert_int_equal(route->path[0], '/');
        assert_true(route->summary && strlen(route->summary) > 4);
        assert_true(route->body_max_bytes == 0 || route->method != HTTP_GET);
        for (size_t j = 0; j < i; j++)
            assert_true(api_routes[j].method != route->method ||
                        strcmp(api_routes[j].path, route->path) != 0);
    }
}

static void test_routes__what_changes_something_is_not_for_foreign_pages(void **state UNUSED)
{
    for (size_t i = 0; i < api_route_count; i++)
        assert_true(api_routes[i].method == HTTP_GET || !api_routes[i].foreign_origin);
}

/* What anybody may ask are the probes; what stops or copies the store is for admins. */
static void test_routes__say_who_may_call_them(void **state UNUSED)
{
    static const char *const open[] = { "/health", "/ready", "/live", "/-/healthy", "/-/ready" };
    size_t found = 0;

    for (size_t i = 0; i < api_route_count; i++) {
        const struct http_route *route = &api_routes[i];
        bool is_open = false;

        for (size_t k = 0; k < ARRAY_LEN(open); k++)
            is_open |= strcmp(route->path, open[k]) == 0;
        assert_int_equal(route->need == HTTP_NEED_NOTHING, is_open);
        found += is_open;
        if (strcmp(route->path, "/-/reload") == 0)
            assert_int_equal(route->need, HTTP_NEED_ADMIN);
    }
    assert_int_equal(found, ARRAY_LEN(open));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes__each_stands_once_and_says_what_it_is),
        cmocka_unit_test(test_routes__say_who_may_call_them),
        cmocka_unit_test(test_routes__what_changes_something_is_not_for_foreign_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
