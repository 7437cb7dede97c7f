#include "raw.h"

#include "http/match.h"

static enum err nothing(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)reply;
    (void)ctx;
    return ERR_OK;
}

static const struct http_route routes[] = {
    { HTTP_GET, "/", nothing, "root", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/api/v1/things", nothing, "list", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/api/v1/things", nothing, "make", 100, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/api/v1/things/{id}", nothing, "one", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_DELETE, "/api/v1/things/{id}", nothing, "drop", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_POST, "/api/v1/things/search", nothing, "search", 100, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/api/v1/{kind}/{id}/parts", nothing, "parts", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/ui/{file*}", nothing, "files", 0, false, HTTP_NEED_BY_METHOD },
    { HTTP_GET, "/ui/{file}", nothing, "file", 0, false, HTTP_NEED_BY_METHOD },
};

static struct router *table(void)
{
    struct router *r = NULL;

    assert_int_equal(router_new(routes, ARRAY_LEN(routes), &r, NULL), ERR_OK);
    return r;
}

static const char *found(const struct router *r, enum http_method method, const char *path,
                         struct route_match *m)
{
    router_find(r, method, str_of(path), m);
    return m->route ? m->route->summary : "none";
}

static void test_match__finds_literal_parameter_and_rest(void **state)
{
    struct router *r = table();
    struct route_match m;

    (void)state;
    assert_string_equal(found(r, HTTP_GET, "/", &m), "root");
    assert_string_equal(found(r, HTTP_GET, "/api/v1/things", &m), "list");
    assert_string_equal(found(r, HTTP_POST, "/api/v1/things", &m), "make");
    assert_string_equal(found(r, HTTP_GET, "/api/v1/things/7", &m), "one");
    assert_int_equal(m.param_count, 1);
    assert_true(str_equals(m.params[0].name, STR("id")));
    assert_true(str_equals(m.params[0].value, STR("7")));
    assert_string_equal(found(r, HTTP_GET, "/api/v1/x/y/parts", &m), "parts");
    assert_int_equal(m.param_count, 2);
    assert_true(str_equals(m.params[1].value, STR("y")));
    assert_string_equal(found(r, HTTP_GET, "/ui/a/b.js", &m), "files");
    assert_true(str_equals(m.params[0].value, STR("a/b.js")));
    assert_string_equal(found(r, HTTP_GET, "/ui/b.js", &m), "file");
    router_free(r);
}

static void test_match__a_literal_without_the_method_gives_way_to_a_parameter(void **state)
{
    struct router *r = table();
    struct route_match m;

    (void)state;
    assert_string_equal(found(r, HTTP_POST, "/api/v1/things/search", &m), "search");
    assert_string_equal(found(r, HTTP_GET, "/api/v1/things/search", &m), "one");
    router_free(r);
}

static void test_match__tells_the_methods_of_a_path(void **state)
{
    struct router *r = table();
    char text[HTTP_ALLOW_BYTES];
    struct route_match m;

    (void)state;
    assert_string_equal(found(r, HTTP_PUT, "/api/v1/things", &m), "none");
    assert_string_equal(router_allow_text(m.allowed, text), "GET, HEAD, POST");
    assert_string_equal(found(r, HTTP_PUT, "/api/v1/things/1", &m), "none");
    assert_string_equal(router_allow_text(m.allowed, text), "GET, HEAD, DELETE");
    assert_string_equal(found(r, HTTP_PUT, "/nowhere", &m), "none");
    assert_int_equal(m.allowed, 0);
    router_free(r);
}

static void test_match__slashes_and_empty_segments_do_not_match(void **state)
{
    static const char *const paths[] = {
        "/api/v1/things/",  "/api/v1//things",    "//",  "/ui/", "/ui",
        "/api/v1/things//", "/api/v1/things/1/2", "/api"
    };
    struct router *r = table();
    struct route_match m;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        assert_string_equal(found(r, HTTP_GET, paths[i], &m), "none");
    router_free(r);
}

static void test_match__nearest_path_within_three_edits(void **state)
{
    struct router *r = table();

    (void)state;
    assert_true(str_equals(router_nearest(r, STR("/api/v1/thing")), STR("/api/v1/things")));
    assert_int_equal(router_nearest(r, STR("/completely/else")).len, 0);
    assert_int_equal(router_nearest(r, STR("/a")).len, 0);
    router_free(r);
}

static void test_match__refuses_rows_that_are_malformed_or_double(void **state)
{
    static const struct http_route bad[][2] = {
        { { .path = "no-slash", .handler = nothing }, { 0 } },
        { { .path = "/a{b}", .handler = nothing }, { 0 } },
        { { .path = "/{a*}/b", .handler = nothing }, { 0 } },
        { { .path = "/{}", .handler = nothing }, { 0 } },
        { { .path = "/x", .handler = NULL }, { 0 } },
        { { .path = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", .handler = nothing }, { 0 } },
        { { .path = "/x", .handler = nothing }, { .path = "/x", .handler = nothing } },
    };
    struct router *r = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct diag diag = { 0 };
        size_t count = bad[i][1].path ? 2 : 1;

        assert_int_equal(router_new(bad[i], count, &r, &diag), ERR_INVALID);
        assert_true(diag.message[0]);
        assert_null(r);
    }
}

static void test_match__survives_every_failing_allocation(void **state)
{
    struct router *r = NULL;
    bool failed = true;

    (void)state;
    for (long n = 1; failed; n++) {
        enum err err;

        mem_fail_nth(n);
        err = router_new(routes, ARRAY_LEN(routes), &r, NULL);
        failed = mem_fault_happened();
        assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
    }
    mem_fail_nth(0);
    router_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match__finds_literal_parameter_and_rest),
        cmocka_unit_test(test_match__a_literal_without_the_method_gives_way_to_a_parameter),
        cmocka_unit_test(test_match__tells_the_methods_of_a_path),
        cmocka_unit_test(test_match__slashes_and_empty_segments_do_not_match),
        cmocka_unit_test(test_match__nearest_path_within_three_edits),
        cmocka_unit_test(test_match__refuses_rows_that_are_malformed_or_double),
        cmocka_unit_test(test_match__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
