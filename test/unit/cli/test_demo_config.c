#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/file.h"
#include "base/mem.h"
#include "cli/demo_config.h"
#include "config/config.h"

static const struct demo_ports ports = {
    .shop = 1001, .exporter = 1002, .servers = { { 11, 12, 13 }, { 21, 22, 23 }, { 31, 32, 33 } }
};

static const char *text_of(struct buf *b)
{
    buf_append_byte(b, '\0');
    assert_int_equal(buf_error(b), ERR_OK);
    return b->data;
}

static void test_demo_config__haproxy_has_every_server_of_every_service(void **state)
{
    struct buf b = buf_limited(DEMO_CONFIG_MAX_BYTES);
    const char *text;

    (void)state;
    demo_config_haproxy(&b, &ports);
    text = text_of(&b);
    assert_non_null(strstr(text, "backend orders\n"));
    assert_non_null(strstr(text, "backend payments\n"));
    assert_non_null(strstr(text, "backend catalog\n"));
    assert_non_null(strstr(text, "server nginx-a 127.0.0.1:11 check\n"));
    assert_non_null(strstr(text, "server nginx-c 127.0.0.1:33 check\n"));
    assert_non_null(strstr(text, "use_backend %[path,field(2,/)]\n"));
    buf_release(&b);
}

static void test_demo_config__nginx_fails_in_the_failing_service_alone(void **state)
{
    const struct demo_tier_state trouble = { .fail_percent = 25, .slow_percent = 33 };
    struct buf b = buf_limited(DEMO_CONFIG_MAX_BYTES);
    const char *text, *found;

    (void)state;
    demo_config_nginx(&b, &ports, 1, &trouble, "nobody", "nogroup");
    text = text_of(&b);
    assert_non_null(strstr(text, "user nobody nogroup;\n"));
    found = strstr(text, "$fail_payments {\n        25.00% 1;");
    assert_non_null(found);
    assert_null(strstr(strchr(found, ';'), "25.00% 1;"));
    assert_non_null(strstr(text, "$slow_payments {\n        33.00% 1;"));
    assert_non_null(strstr(text, "$fail_orders {\n        0.50% 1;"));
    assert_non_null(strstr(text, "$slow_orders {\n        * 0;"));
    assert_non_null(strstr(text, "listen 127.0.0.1:22;"));
    buf_release(&b);
}

static void test_demo_config__without_root_nginx_keeps_its_user(void **state)
{
    const struct demo_tier_state healthy = { .fail_percent = 0 };
    struct buf b = buf_limited(DEMO_CONFIG_MAX_BYTES);

    (void)state;
    demo_config_nginx(&b, &ports, 0, &healthy, NULL, NULL);
    assert_null(strstr(text_of(&b), "user "));
    buf_release(&b);
}

static void test_demo_config__fusebox_takes_its_file(void **state)
{
    struct buf b = buf_limited(DEMO_CONFIG_MAX_BYTES);
    char path[] = "/tmp/fusebox-test-XXXXXX";
    struct config_sources sources = { .file = path };
    struct config_errors errors;
    struct config *cfg = NULL;
    size_t count = 0;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    demo_config_fusebox(&b, &ports, 60);
    assert_int_equal(file_write_atomic(path, buf_str(&b), NULL), ERR_OK);
    config_errors_init(&errors);
    assert_int_equal(config_load(&sources, &cfg, &errors), ERR_OK);
    assert_int_equal(errors.warnings.count, 0);
    assert_int_equal(config_scrapes(cfg, &count)->interval_ms, 1000);
    assert_int_equal(count, 1);
    assert_int_equal(config_services(cfg, &count)[1].max_retries_per_minute, 600);
    assert_int_equal(count, 2);
    config_unref(cfg);
    config_errors_release(&errors);
    unlink(path);
    buf_release(&b);
}

static void test_demo_config__says_when_memory_is_missing(void **state)
{
    struct buf b = buf_limited(DEMO_CONFIG_MAX_BYTES);

    (void)state;
    mem_fail_nth(1);
    demo_config_haproxy(&b, &ports);
    mem_fail_nth(0);
    assert_int_equal(buf_error(&b), ERR_NOMEM);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo_config__haproxy_has_every_server_of_every_service),
        cmocka_unit_test(test_demo_config__nginx_fails_in_the_failing_service_alone),
        cmocka_unit_test(test_demo_config__without_root_nginx_keeps_its_user),
        cmocka_unit_test(test_demo_config__fusebox_takes_its_file),
        cmocka_unit_test(test_demo_config__says_when_memory_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
