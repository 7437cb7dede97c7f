#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/address.h"

static void expect(const char *text, const char *host, int port)
{
    struct address address;

    assert_true(address_parse(str_of(text), &address, NULL));
    assert_true(str_equals(address.host, str_of(host)));
    assert_int_equal(address.port, port);
}

static void test_address__splits_host_and_port(void **state UNUSED)
{
    expect("localhost:9100", "localhost", 9100);
    expect("10.0.0.1", "10.0.0.1", -1);
    expect("[::1]:0", "[::1]", 0);
    expect("[fe80::1%eth0]", "[fe80::1%eth0]", -1);
    expect("my_host.example:65535", "my_host.example", 65535);
    expect("bücher.example:80", "bücher.example", 80);
}

static void test_address__refuses_what_is_none(void **state UNUSED)
{
    static const char *const bad[] = { "",        ":80",     "a:",     "a:b",   "a:65536", "a:-1",
                                       "::1",     "[::1",    "[]",     "[]:80", "a b",     "a/b:80",
                                       "[::1]80", "a:80:90", "u@h:80", "a\n:1", "http://a" };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct address address = { .port = 7 };
        struct diag diag = { 0 };

        assert_false(address_parse(str_of(bad[i]), &address, &diag));
        assert_true(diag.message[0] != '\0');
        assert_int_equal(address.port, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address__splits_host_and_port),
        cmocka_unit_test(test_address__refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
