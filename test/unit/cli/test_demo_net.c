#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "cli/demo_net.h"

static void test_demo_net__reads_addresses(void **state)
{
    struct demo_address a = { .port = 0 };

    (void)state;
    assert_int_equal(demo_address_parse("127.0.0.1:8080", &a, NULL), ERR_OK);
    assert_string_equal(a.host, "127.0.0.1");
    assert_int_equal(a.port, 8080);
    assert_int_equal(demo_address_parse("[::1]:0", &a, NULL), ERR_OK);
    assert_string_equal(a.host, "::1");
    assert_true(a.is_v6);
}

static void test_demo_net__refuses_what_is_no_address(void **state)
{
    static const char *const wrong[] = {
        "",           "8080",        ":8080",           "127.0.0.1",
        "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "a.example:1",
        "::1:80",     "[::1]",       "[127.0.0.1]:1",   "1.2.3.4:-1"
    };
    struct diag diag = { .code = ERR_OK };
    struct demo_address a = { .port = 7 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(demo_address_parse(wrong[i], &a, &diag), ERR_INVALID);
    assert_int_equal(a.port, 7);
    assert_non_null(strstr(diag.message, "127.0.0.1:8080"));
}

static void test_demo_net__finds_ports_that_differ_and_are_free(void **state)
{
    int ports[11] = { 0 };

    (void)state;
    assert_int_equal(demo_ports_find(ports, 11, NULL), ERR_OK);
    for (size_t i = 0; i < 11; i++) {
        struct demo_address a = { .host = "127.0.0.1", .port = ports[i] };

        assert_true(demo_address_is_free(&a));
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(ports[i], ports[j]);
    }
}

static void test_demo_net__knows_a_port_that_is_taken(void **state)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    struct demo_address a = { .host = "127.0.0.1" };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    a.port = ntohs(at.sin_port);
    assert_false(demo_address_is_free(&a));
    close(fd);
    assert_int_equal(demo_http_status(&a, "/"), 0); /* nobody answers now */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo_net__reads_addresses),
        cmocka_unit_test(test_demo_net__refuses_what_is_no_address),
        cmocka_unit_test(test_demo_net__finds_ports_that_differ_and_are_free),
        cmocka_unit_test(test_demo_net__knows_a_port_that_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
