#include "unit.h"

#include "base/attr.h"
#include "daemon/listen_address.h"

static void test_listen_address__takes_loopback_addresses(void **state UNUSED)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = { { "127.0.0.1:8080", "127.0.0.1", 8080 },
                 { "[::1]:0", "::1", 0 },
                 { "localhost:65535", "127.0.0.1", 65535 } };
    struct listen_address a;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(listen_address_parse(str_of(rows[i].text), &a, NULL), ERR_OK);
        assert_string_equal(a.host, rows[i].host);
        assert_int_equal(a.port, rows[i].port);
    }
}

static void test_listen_address__refuses_nonsense(void **state UNUSED)
{
    static const char *const nonsense[] = {
        "", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:-1", "127.0.0.1:65536"
    };
    struct listen_address a;
    struct diag diag = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(nonsense); i++)
        assert_int_equal(listen_address_parse(str_of(nonsense[i]), &a, NULL), ERR_INVALID);
    assert_int_equal(listen_address_parse(STR("x"), &a, &diag), ERR_INVALID);
    assert_non_null(strstr(diag.message, "ADDRESS:PORT"));
}

static void test_listen_address__knows_what_others_can_reach(void **state UNUSED)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } rows[] = { { "127.0.0.1:1", true }, { "127.9.9.9:1", true },          { "[::1]:1", true },
                 { "localhost:1", true }, { "0.0.0.0:1", false },           { "[::]:1", false },
                 { "10.1.2.3:1", false }, { "[::ffff:127.0.0.1]:1", false } };
    struct listen_address a;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(listen_address_parse(str_of(rows[i].text), &a, NULL), ERR_OK);
        assert_int_equal(a.is_loopback, rows[i].is_loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listen_address__takes_loopback_addresses),
        cmocka_unit_test(test_listen_address__refuses_nonsense),
        cmocka_unit_test(test_listen_address__knows_what_others_can_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
