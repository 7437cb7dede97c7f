#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "config/load.h"

/* An entry of the environment is not const. */
#define VARIABLE(text)                                                                             \
    (char[])                                                                                       \
    {                                                                                              \
        text                                                                                       \
    }

static const char everything[] = "listen: 127.0.0.1:0\n"
                                 "storage: {retention: 1h, memory: 64MiB, tsdb: {}}\n"
                                 "retry_budget: {max_retry_rate_percent: 30}\n"
                                 "global: {scrape_interval: 15s, external_labels: {site: home}}\n"
                                 "scrape_configs:\n"
                                 "  - job_name: a\n"
                                 "    params: {module: [x, 'y z']}\n"
                                 "    static_configs:\n"
                                 "      - targets: [one, 'two:9100']\n"
                                 "        labels: {rack: 7, __meta: gone}\n"
                                 "  - job_name: b\n"
                                 "    scheme: https\n"
                                 "    scrape_interval: 5s\n"
                                 "    static_configs: [{targets: [three]}]\n"
                                 "services:\n"
                                 "  - name: users\n"
                                 "    maxRetriesPerMinute: 100\n"
                                 "    sloTargets: {availability: 99.9, latency: 300}\n"
                                 "    dependencies: [db, cache]\n"
                                 "  - {name: db, warning_threshold_percent: 50}\n";

static struct config *load_good(const char *text, const struct config_sources *sources)
{
    struct config_errors errors;
    struct config *cfg = NULL;
    enum err err;

    config_errors_init(&errors);
    err = config_load_text(str_of(text), sources, &cfg, &errors);
    if (err)
        fail_msg("%s: %s", err_name(err),
                 errors.items.count ? ((struct config_error *)errors.items.items)->message : "");
    config_errors_release(&errors);
    return cfg;
}

static void expect_message(const char *text, const struct config_sources *sources,
                           const char *expected)
{
    struct config_errors errors;
    struct buf out = buf_limited(4096);
    struct config *cfg = NULL;

    config_errors_init(&errors);
    assert_int_equal(config_load_text(str_of(text), sources, &cfg, &errors), ERR_INVALID);
    assert_null(cfg);
    config_errors_print(&errors, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    buf_release(&out);
    config_errors_release(&errors);
}

#define ASSERT_STR(s, literal) assert_true(str_equals((s), STR(literal)))

static void test_load__empty_text_gives_the_defaults(void **state UNUSED)
{
    struct config *cfg = load_good("", &(struct config_sources){ 0 });
    size_t count;

    ASSERT_STR(config_text(cfg, OPT_LISTEN), "127.0.0.1:8080");
    ASSERT_STR(config_text(cfg, OPT_LOG_LEVEL), "info");
    assert_int_equal(config_int(cfg, OPT_STORAGE_RETENTION), 15 * 24 * 3600000);
    assert_int_equal(config_int(cfg, OPT_STORAGE_RETENTION_SIZE), 0);
    assert_int_equal(config_int(cfg, OPT_STORAGE_OUT_OF_ORDER_WINDOW), 600000);
    assert_int_equal(config_int(cfg, OPT_STORAGE_MIN_FREE), 0);
    assert_int_equal(config_int(cfg, OPT_SCRAPE_MAX_BODY), 10 << 20);
    assert_true(config_double(cfg, OPT_BUDGET_RATIO_PERCENT) == 20);
    (void)config_scrapes(cfg, &count);
    assert_int_equal(count, 0);
    (void)config_services(cfg, &count);
    assert_int_equal(count, 0);
    assert_int_equal(config_external_labels(cfg).count, 0);
    config_unref(cfg);
}

static void test_load__sources_rise_default_file_environment_setting(void **state UNUSED)
{
    char *environment[] = { VARIABLE("FUSEBOX_STORAGE_RETENTION=2h"),
                            VARIABLE("FUSEBOX_HTTP_THREADS=3"), VARIABLE("FUSEBOX_DATA="),
                            VARIABLE("PATH=/bin"), NULL };
    struct config_setting settings[] = { { STR("http.threads"), STR("4") },
                                         { STR("http.threads"), STR("5") } };
    struct config_sources sources = { .environment = environment };
    struct config *cfg = load_good("storage: {retention: 1h, max_future: 1h}\n", &sources);

    assert_int_equal(config_int(cfg, OPT_STORAGE_MAX_FUTURE), 3600000);
    assert_int_equal(config_int(cfg, OPT_STORAGE_RETENTION), 2 * 3600000);
    assert_int_equal(config_int(cfg, OPT_HTTP_THREADS), 3);
    ASSERT_STR(config_text(cfg, OPT_DATA), "./fusebox-data");
    config_unref(cfg);
    sources.settings = settings;
    sources.setting_count = 2;
    cfg = load_good("storage: {retention: 1h}\n", &sources);
    assert_int_equal(config_int(cfg, OPT_HTTP_THREADS), 5);
    config_unref(cfg);
}

static void test_load__foreign_variable_ranks_below_ours(void **state UNUSED)
{
    char *both[] = { VARIABLE("RUST_LOG=debug"), VARIABLE("FUSEBOX_LOG_LEVEL=error"), NULL };
    struct config_sources sources = { .environment = both };
    struct config *cfg = load_good("log: {level: warn}\n", &sources);

    ASSERT_STR(config_text(cfg, OPT_LOG_LEVEL), "error");
    config_unref(cfg);
    both[1] = NULL;
    cfg = load_good("log: {level: warn}\n", &sources);
    ASSERT_STR(config_text(cfg, OPT_LOG_LEVEL), "debug");
    config_unref(cfg);
}

static void test_load__useless_variables_are_warnings(void **state UNUSED)
{
    char *environment[] = { VARIABLE("RUST_LOG=hyper=trace"), VARIABLE("FUSEBOX_HTTP_THREAD=3"),
                            VARIABLE("FUSEBOX_PORT=tcp://10.0.0.1:80"), NULL };
    struct config_sources sources = { .environment = environment };
    struct config_errors errors;
    struct config *cfg = NULL;
    struct buf out = buf_limited(4096);

    config_errors_init(&errors);
    assert_int_equal(config_load_text(STR(""), &sources, &cfg, &errors), ERR_OK);
    config_errors_print(&errors, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data,
                        "warning: environment variable RUST_LOG is ignored: \"hyper=trace\" is not "
                        "one of debug, info, warn, error\n"
                        "warning: environment variable FUSEBOX_HTTP_THREAD has no effect; did you "
                        "mean \"FUSEBOX_HTTP_THREADS\"?\n");
    buf_release(&out);
    config_errors_release(&errors);
    config_unref(cfg);
}

static void test_load__errors_name_the_variable_or_the_setting(void **state UNUSED)
{
    char *environment[] = { VARIABLE("FUSEBOX_STORAGE_RETENTION=6"), NULL };
    struct config_setting settings[] = { { STR("http.threads"), STR("many") },
                                         { STR("storage.retenton"), STR("1h") } };
    struct config_sources sources = {
        .file = "f.yml", .environment = environment, .settings = settings, .setting_count = 2
    };

    expect_message(
        "log: {level: x}\n", &sources,
        "f.yml:1:14: log.level: \"x\" is not one of debug, info, warn, error\n"
        "environment variable FUSEBOX_STORAGE_RETENTION: \"6\" needs a unit: ms, s, m, h, "
        "d, w or y, as in 30s or 1h30m\n"
        "--set http.threads: \"many\" is not a whole number, or too large\n"
        "--set storage.retenton: no such option; did you mean \"storage.retention\"?\n");
}

static void test_load__scrapes_are_complete(void **state UNUSED)
{
    struct config *cfg = load_good(everything, &(struct config_sources){ 0 });
    size_t count;
    const struct config_scrape *scrapes = config_scrapes(cfg, &count);

    assert_int_equal(count, 2);
    ASSERT_STR(scrapes[0].job_name, "a");
    ASSERT_STR(scrapes[0].metrics_path, "/metrics");
    ASSERT_STR(scrapes[0].query, "module=x&module=y%20z");
    assert_int_equal(scrapes[0].interval_ms, 15000);
    assert_int_equal(scrapes[0].timeout_ms, 10000);
    assert_true(scrapes[0].honor_timestamps);
    assert_int_equal(scrapes[0].target_count, 2);
    ASSERT_STR(scrapes[0].targets[0].address, "one:80");
    ASSERT_STR(scrapes[0].targets[1].address, "two:9100");
    assert_int_equal(scrapes[0].targets[1].labels.count, 1);
    ASSERT_STR(labels_value(scrapes[0].targets[1].labels, STR("rack")), "7");
    assert_int_equal(scrapes[1].timeout_ms, 5000);
    ASSERT_STR(scrapes[1].targets[0].address, "three:443");
    ASSERT_STR(labels_value(config_external_labels(cfg), STR("site")), "home");
    config_unref(cfg);
}

static void test_load__body_size_limit_counts_as_prometheus(void **state UNUSED)
{
    struct config *cfg = load_good("scrape_configs: [{job_name: a, body_size_limit: 10MB}]",
                                   &(struct config_sources){ 0 });
    size_t count;

    assert_int_equal(config_scrapes(cfg, &count)[0].body_size_limit_bytes, 10 << 20);
    config_unref(cfg);
}

static void test_load__services_are_complete(void **state UNUSED)
{
    struct config *cfg = load_good(everything, &(struct config_sources){ 0 });
    size_t count;
    const struct config_service *services = config_services(cfg, &count);

    assert_int_equal(count, 2);
    ASSERT_STR(services[0].name, "users");
    assert_int_equal(services[0].max_retries_per_minute, 100);
    assert_int_equal(services[0].max_retries_per_hour, 0);
    assert_true(isnan(services[0].max_retry_rate_percent));
    assert_true(services[0].slo_success_rate_percent == 99.9);
    assert_true(services[0].slo_response_time_ms == 300);
    assert_true(isnan(services[0].slo_error_rate));
    assert_int_equal(services[0].dependency_count, 2);
    ASSERT_STR(services[0].dependencies[1], "cache");
    assert_int_equal(services[0].line, 16);
    assert_true(services[1].warning_threshold_percent == 50);
    assert_true(services[1].critical_threshold_percent == 85);
    config_unref(cfg);
}

static void test_load__snapshot_lives_until_the_last_reference(void **state UNUSED)
{
    struct config *cfg = load_good(everything, &(struct config_sources){ 0 });

    assert_ptr_equal(config_ref(cfg), cfg);
    config_unref(cfg);
    ASSERT_STR(config_text(cfg, OPT_LISTEN), "127.0.0.1:0");
    config_unref(cfg);
    config_unref(NULL);
}

static enum err load_file(const char *path, struct config **ret, char message[DIAG_MESSAGE_BYTES])
{
    struct config_sources sources = { .file = path };
    struct config_errors errors;
    enum err err;

    config_errors_init(&errors);
    err = config_load(&sources, ret, &errors);
    if (errors.items.count)
        snprintf(message, DIAG_MESSAGE_BYTES, "%s",
                 ((struct config_error *)errors.items.items)->message);
    config_errors_release(&errors);
    return err;
}

static void test_load__reads_a_file_or_says_why_not(void **state UNUSED)
{
    static char large[CONFIG_FILE_MAX_BYTES + 1];
    char path[] = "/tmp/fusebox-config-XXXXXX", message[DIAG_MESSAGE_BYTES] = "";
    struct config *cfg = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(file_write_atomic(path, str_of(everything), NULL), ERR_OK);
    assert_int_equal(load_file(path, &cfg, message), ERR_OK);
    config_unref(cfg);
    cfg = NULL;
    memset(large, '#', sizeof large);
    assert_int_equal(file_write_atomic(path, (struct str){ large, sizeof large }, NULL), ERR_OK);
    assert_int_equal(load_file(path, &cfg, message), ERR_LIMIT);
    assert_non_null(strstr(message, "at most"));
    unlink(path);
    assert_int_equal(load_file(path, &cfg, message), ERR_NOT_FOUND);
    assert_non_null(strstr(message, "No such file"));
    assert_null(cfg);
}

static void test_load__limits_hold(void **state UNUSED)
{
    struct buf text = buf_limited(CONFIG_FILE_MAX_BYTES);

    buf_append_cstr(&text, "scrape_configs:\n");
    for (int i = 0; i <= CONFIG_SCRAPES_MAX; i++)
        buf_printf(&text, "- job_name: j%d\n", i);
    buf_append_byte(&text, '\0');
    expect_message(text.data, &(struct config_sources){ 0 },
                   "2:1: scrape_configs has 1001 items, at most 1000\n");
    buf_clear(&text);
    buf_append_cstr(&text, "scrape_configs: [{job_name: a, static_configs: [{targets: [");
    for (int i = 0; i <= CONFIG_TARGETS_MAX; i++)
        buf_append_cstr(&text, "a,");
    buf_append_cstr(&text, "]}]}]");
    buf_append_byte(&text, '\0');
    expect_message(text.data, &(struct config_sources){ 0 },
                   "1:48: more than 10000 targets in the file\n");
    buf_release(&text);
}

static void test_load__ten_thousand_services_load(void **state UNUSED)
{
    struct buf text = buf_limited(CONFIG_FILE_MAX_BYTES);
    struct config *cfg;
    size_t count;

    buf_append_cstr(&text, "services:\n");
    for (int i = 0; i < CONFIG_SERVICES_MAX; i++)
        buf_printf(&text, "- name: s%d\n", i);
    buf_append_byte(&text, '\0');
    cfg = load_good(text.data, &(struct config_sources){ 0 });
    (void)config_services(cfg, &count);
    assert_int_equal(count, CONFIG_SERVICES_MAX);
    config_unref(cfg);
    buf_release(&text);
}

static const char with_access[] =
    "scrape_configs:\n"
    "- job_name: a\n"
    "  basic_auth: {username: u, password_file: p}\n"
    "  tls_config: {ca_file: /ca, cert_file: c, key_file: k, max_version: TLS13}\n"
    "  file_sd_configs: [{files: ['x/*.json', '/y.yml']}, {files: [z.yml], refresh_interval: 7s}]\n"
    "  follow_redirects: true\n"
    "  target_limit: 4\n"
    "- job_name: b\n"
    "  bearer_token: t\n";

static void test_load__names_of_files_start_at_the_folder_of_the_configuration(void **state UNUSED)
{
    struct config *cfg = load_good(with_access, &(struct config_sources){ .file = "etc/f.yml" });
    size_t count;
    const struct config_scrape *scrapes = config_scrapes(cfg, &count);
    const struct config_access *access = &scrapes[0].access;

    assert_int_equal(count, 2);
    assert_true(access->basic_auth && access->follow_redirects && !access->insecure_skip_verify);
    assert_true(str_equals(access->password_file, STR("etc/p")));
    assert_true(str_equals(access->ca_file, STR("/ca")));
    assert_true(str_equals(access->cert_file, STR("etc/c")));
    assert_true(str_equals(access->key_file, STR("etc/k")));
    assert_true(str_equals(access->min_version, STR("TLS12")));
    assert_int_equal(scrapes[0].target_limit_count, 4);
    assert_int_equal(scrapes[0].file_sd_count, 2);
    assert_int_equal(scrapes[0].file_sds[0].pattern_count, 2);
    assert_int_equal(scrapes[0].file_sds[0].refresh_interval_ms, 300000);
    assert_int_equal(scrapes[0].file_sds[1].refresh_interval_ms, 7000);
    assert_true(str_equals(scrapes[0].file_sds[0].patterns[0], STR("etc/x/*.json")));
    assert_true(str_equals(scrapes[0].file_sds[0].patterns[1], STR("/y.yml")));
    assert_true(str_equals(scrapes[1].access.auth_type, STR("Bearer")));
    assert_true(str_equals(scrapes[1].access.credentials, STR("t")));
    assert_false(scrapes[1].access.basic_auth || scrapes[1].access.follow_redirects);
    config_unref(cfg);
}

static bool sweep_step(const char *text, enum err expected, long n)
{
    char *environment[] = { VARIABLE("FUSEBOX_HTTP_THREADS=3"), NULL };
    struct config_setting setting = { STR("data"), STR("/var/lib/fusebox") };
    struct config_sources sources = {
        .file = "etc/f.yml", .environment = environment, .settings = &setting, .setting_count = 1
    };
    struct config_errors errors;
    struct config *cfg = NULL;
    bool happened;
    enum err err;

    config_errors_init(&errors);
    mem_fail_nth(n);
    err = config_load_text(str_of(text), &sources, &cfg, &errors);
    happened = mem_fault_happened();
    mem_fail_nth(0);
    assert_int_equal(err, happened ? ERR_NOMEM : expected);
    assert_int_equal(cfg != NULL, err == ERR_OK);
    config_unref(cfg);
    config_errors_release(&errors);
    return happened;
}

static void test_load__survives_the_fault_sweep(void **state UNUSED)
{
    long n = 1;

    while (sweep_step(everything, ERR_OK, n))
        n++;
    assert_true(n > 5);
    for (n = 1; sweep_step(with_access, ERR_OK, n); n++)
        ;
    for (n = 1; sweep_step("listen: [1]\nrule_files: []\nx: 1\n", ERR_INVALID, n); n++)
        ;
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load__empty_text_gives_the_defaults),
        cmocka_unit_test(test_load__sources_rise_default_file_environment_setting),
        cmocka_unit_test(test_load__foreign_variable_ranks_below_ours),
        cmocka_unit_test(test_load__useless_variables_are_warnings),
        cmocka_unit_test(test_load__errors_name_the_variable_or_the_setting),
        cmocka_unit_test(test_load__scrapes_are_complete),
        cmocka_unit_test(test_load__body_size_limit_counts_as_prometheus),
        cmocka_unit_test(test_load__services_are_complete),
        cmocka_unit_test(test_load__snapshot_lives_until_the_last_reference),
        cmocka_unit_test(test_load__reads_a_file_or_says_why_not),
        cmocka_unit_test(test_load__limits_hold),
        cmocka_unit_test(test_load__ten_thousand_services_load),
        cmocka_unit_test(test_load__names_of_files_start_at_the_folder_of_the_configuration),
        cmocka_unit_test(test_load__survives_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
