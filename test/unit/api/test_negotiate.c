#include "unit.h"

#include "api/negotiate.h"
#include "base/attr.h"
#include "http/request.h"

static struct http_request *request_with(const char *accept, const char *name, const char *value)
{
    struct http_request *req = request_new();

    assert_non_null(req);
    if (accept)
        req->headers[req->header_count++] = (struct http_field){ STR("Accept"), str_of(accept) };
    if (name)
        req->args[req->arg_count++] = (struct http_field){ str_of(name), str_of(value) };
    return req;
}

static enum api_format preferred(const char *accept, enum api_format preset)
{
    struct http_request *req = request_with(accept, NULL, NULL);
    struct http_reply reply = { 0 };
    enum api_format format;

    assert_int_equal(api_negotiate(req, API_FORMATS_ALL, preset, &format, &reply), ERR_OK);
    request_unref(req);
    return format;
}

static void test_negotiate__takes_what_accept_prefers(void **state UNUSED)
{
    static const struct {
        const char *accept;
        enum api_format format; /* with text as the route's own */
    } rows[] = {
        { NULL, API_FORMAT_PROMETHEUS },
        { "", API_FORMAT_PROMETHEUS },
        { "*/*", API_FORMAT_PROMETHEUS },
        { "application/json", API_FORMAT_JSON },
        { "Application/JSON; charset=utf-8", API_FORMAT_JSON },
        { "text/csv", API_FORMAT_CSV },
        { "text/plain;version=0.0.4", API_FORMAT_PROMETHEUS },
        { "text/html,application/xhtml+xml,*/*;q=0.8", API_FORMAT_PROMETHEUS },
        { "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          API_FORMAT_OPENMETRICS },
        { "text/csv;q=0.2, application/json;q=0.7", API_FORMAT_JSON },
        { "application/json;q=0, */*;q=0.1", API_FORMAT_PROMETHEUS },
        { "application/json;q=x, text/csv;q=0.1", API_FORMAT_CSV },
        { "application/json, text/csv", API_FORMAT_JSON },
        { "image/png", API_FORMAT_PROMETHEUS },
        { ",;,q=1", API_FORMAT_PROMETHEUS },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (preferred(rows[i].accept, API_FORMAT_PROMETHEUS) != rows[i].format)
            fail_msg("%s", rows[i].accept);
    assert_int_equal(preferred("*/*", API_FORMAT_JSON), API_FORMAT_JSON);
}

static void test_negotiate__format_wins_over_accept(void **state UNUSED)
{
    for (int f = 0; f < API_FORMAT_COUNT; f++) {
        struct http_request *req = request_with("text/csv", "format",
                                                api_format_name((enum api_format)f));
        struct http_reply reply = { 0 };
        enum api_format format;
        enum err err = api_negotiate(req, API_FORMATS_ALL, API_FORMAT_JSON, &format, &reply);

        assert_int_equal(err, ERR_OK);
        assert_int_equal(format, f);
        err = api_negotiate(req, API_FORMATS_DOCUMENT, API_FORMAT_JSON, &format, &reply);
        assert_int_equal(err == ERR_OK, f == API_FORMAT_JSON || f == API_FORMAT_CSV);
        request_unref(req);
    }
}

static void test_negotiate__names_the_formats_that_there_are(void **state UNUSED)
{
    struct http_request *req = request_with(NULL, "format", "xml");
    struct http_reply reply = { 0 };
    enum api_format format;

    assert_int_equal(api_negotiate(req, API_FORMATS_DOCUMENT, API_FORMAT_JSON, &format, &reply),
                     ERR_INVALID);
    assert_string_equal(reply.field, "format");
    assert_string_equal(reply.diag.message, "format must be one of json, csv");
    request_unref(req);
}

static enum err moment(const char *text, int64_t *ret_ms)
{
    struct http_request *req = request_with(NULL, "since", text);
    struct http_reply reply = { 0 };
    enum err err = api_time_arg(req, "since", ret_ms, &reply);

    assert_true(!err || strcmp(reply.field, "since") == 0);
    request_unref(req);
    return err;
}

static void test_negotiate__reads_moments(void **state UNUSED)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "1700000000", 1700000000000 },
        { "1700000000.5", 1700000000500 },
        { "1700000000123", 1700000000123 },
        { "0", 0 },
        { "2023-11-14T22:13:20Z", 1700000000000 },
        { "2023-11-14T22:13:20.250Z", 1700000000250 },
        { "2023-11-14T23:43:20+01:30", 1700000000000 },
        { "2023-11-14T12:13:20-10:00", 1700000000000 },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = -1;

        if (moment(rows[i].text, &ms) || ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].text, (long long)ms);
    }
}

static void test_negotiate__refuses_what_is_no_moment(void **state UNUSED)
{
    static const char *const texts[] = { "",
                                         "now",
                                         "-1",
                                         "NaN",
                                         "Inf",
                                         "1e300",
                                         "2023-11-14",
                                         "2023-11-14T22:13:20",
                                         "2023-11-14T22:13:20.Z",
                                         "2023-11-14T22:13:20.5.5Z",
                                         "2023-11-14T22:13:20+1:30",
                                         "2023-11-14T22:13:20+01-30",
                                         "2023-11-14T22:13:20Zx",
                                         "2023-11-14T22:13:20.000000000000000000000000000000Z" };
    int64_t ms = 7;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (moment(texts[i], &ms) != ERR_INVALID || ms != 7)
            fail_msg("%s", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_negotiate__takes_what_accept_prefers),
        cmocka_unit_test(test_negotiate__format_wins_over_accept),
        cmocka_unit_test(test_negotiate__names_the_formats_that_there_are),
        cmocka_unit_test(test_negotiate__reads_moments),
        cmocka_unit_test(test_negotiate__refuses_what_is_no_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
