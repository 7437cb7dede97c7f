#include "unit.h"

#include "base/mem.h"
#include "config/load.h"
#include "config/options.h"

enum { MESSAGES_BYTES = 1 << 16, TEXT_BYTES = 1 << 16 };

/* Every place that takes a secret has one that can be told apart; none may be seen again. */
static const char file_text[] =
    "storage:\n"
    "  retention: 3d\n"
    "remote_write:\n"
    "  - {url: 'http://x', basic_auth: {password: HUSH-1}}\n"
    "global:\n"
    "  evaluation_interval: 1m\n"
    "  external_labels: {site: \"a: b\", odd_one: '#1'}\n"
    "scrape_configs:\n"
    "  - job_name: one\n"
    "    basic_auth: {username: me, password: HUSH-2}\n"
    "    proxy_url: 'http://user:HUSH-3@127.0.0.1:3128/x@y'\n"
    "    oauth2: {client_secret: HUSH-4}\n"
    "    static_configs:\n"
    "      - targets: ['127.0.0.1:1', localhost:2]\n"
    "        labels: {env: \"\"}\n"
    "      - targets: []\n"
    "  - job_name: two\n"
    "    scrape_interval: 5s\n"
    "    scrape_timeout: 1s\n"
    "    authorization: {type: Key, credentials: HUSH-5}\n"
    "    params: {module: ['a b&c', \"\\u00e4\\n\"], x: ['1']}\n"
    "  - bearer_token: 'HUSH-6'\n"
    "    job_name: three\n"
    "    proxy_url: http://proxy:3128\n"
    "    relabel_configs: [{action: drop}]\n"
    "services:\n"
    "  - name: shop\n"
    "    adaptiveBudgeting: true\n"
    "    maxRetriesPerMinute: 100\n"
    "    budgets: [{kind: ratio, max_retry_rate_percent: 10}]\n"
    "mappings:\n"
    "  - {metric: m, when: {a: [x, 'y*']}, signal: calls, service: shop}\n";

/* NULL: the load failed with `expected`. */
static struct config *load(struct str text, enum err expected)
{
    static const struct config_setting settings[] = {
        { { "http.token", 10 }, { "admin HUSH-7", 12 } },
        { { "http.basic_user", 15 }, { "me", 2 } },
        { { "http.basic_password", 19 }, { "HUSH-8", 6 } },
    };
    struct config_sources sources = { .file = "/etc/fusebox.yml",
                                      .settings = settings,
                                      .setting_count = ARRAY_LEN(settings) };
    struct config_errors errors;
    struct config *cfg = NULL;

    config_errors_init(&errors);
    assert_int_equal(config_load_text(text, &sources, &cfg, &errors), expected);
    assert_int_equal(errors.items.count, 0);
    config_errors_release(&errors);
    return cfg;
}

static bool shows(const struct config *cfg, const char *part)
{
    struct str shown = config_shown(cfg);

    return memmem(shown.ptr, shown.len, part, strlen(part));
}

static size_t count_of(const struct config *cfg, const char *part)
{
    struct str rest = config_shown(cfg);
    size_t count = 0;

    for (const char *at; (at = memmem(rest.ptr, rest.len, part, strlen(part))); count++)
        rest = (struct str){ at + 1, rest.len - (size_t)(at + 1 - rest.ptr) };
    return count;
}

static void test_shown__masks_every_secret(void **state UNUSED)
{
    struct config *cfg = load(str_of(file_text), ERR_OK);

    assert_false(shows(cfg, "HUSH"));
    assert_int_equal(count_of(cfg, "<secret>"), 6);
    assert_true(shows(cfg, "  token: <secret>\n"));
    assert_true(shows(cfg, "  basic_password: <secret>\n"));
    assert_true(shows(cfg, "      password: <secret>\n"));
    assert_true(shows(cfg, "      credentials: <secret>\n"));
    assert_true(shows(cfg, "  - bearer_token: <secret>\n    job_name: three\n"));
    assert_true(shows(cfg, "    proxy_url: \"http://<secret>@127.0.0.1:3128/x@y\"\n"));
    assert_true(shows(cfg, "    proxy_url: \"http://proxy:3128\"\n"));
    config_unref(cfg);
}

/* A new option that is secret is masked without more ado. */
static void test_shown__knows_each_option_that_is_secret(void **state UNUSED)
{
    int secrets = 0;

    for (int id = 0; id < OPT_COUNT; id++) {
        struct config_setting setting = { str_of(option_rows()[id].name), STR("HUSH") };
        struct config_sources sources = { .settings = &setting, .setting_count = 1 };
        struct config_errors errors;
        struct config *cfg = NULL;

        if (option_rows()[id].type != OPTION_SECRET)
            continue;
        config_errors_init(&errors);
        assert_int_equal(config_load_text(STR(""), &sources, &cfg, &errors), ERR_OK);
        assert_false(shows(cfg, "HUSH"));
        assert_int_equal(count_of(cfg, "<secret>"), 1);
        config_errors_release(&errors);
        config_unref(cfg);
        secrets++;
    }
    assert_true(secrets >= 2);
}

static void test_shown__has_values_from_everywhere_and_nothing_without_effect(void **state UNUSED)
{
    static const char *const there[] = { "storage:\n  durability: full\n  retention: 3d\n",
                                         "http:\n  threads: 2\n",
                                         "  basic_user: \"me\"\n",
                                         "global:\n  external_labels:\n    site: \"a: b\"\n",
                                         "      - targets: []\n",
                                         "          - \"127.0.0.1:1\"\n",
                                         "          env: \"\"\n",
                                         "    maxRetriesPerMinute: 100\n",
                                         "promql:\n  range_selectors: closed\n" };
    static const char *const gone[] = { "remote_write", "evaluation_interval", "oauth2",
                                        "relabel_configs", "adaptiveBudgeting" };
    struct config *cfg = load(str_of(file_text), ERR_OK);

    for (size_t i = 0; i < ARRAY_LEN(there); i++)
        if (!shows(cfg, there[i]))
            fail_msg("no %s in\n%.*s", there[i], STR_ARG(config_shown(cfg)));
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_false(shows(cfg, gone[i]));
    config_unref(cfg);
}

static void test_shown__loads_again_and_shows_the_same(void **state UNUSED)
{
    struct config *cfg = load(str_of(file_text), ERR_OK), *again;
    size_t jobs, jobs_again;
    const struct config_scrape *before = config_scrapes(cfg, &jobs), *after;

    again = load(config_shown(cfg), ERR_OK);
    after = config_scrapes(again, &jobs_again);
    assert_true(str_equals(config_shown(cfg), config_shown(again)));
    assert_int_equal(jobs, 3);
    assert_int_equal(jobs_again, 3);
    assert_true(str_equals(before[1].query, after[1].query));
    assert_int_equal(before[0].target_count, after[0].target_count);
    assert_true(labels_equals(config_external_labels(cfg), config_external_labels(again)));
    assert_true(config_mappings_equal(cfg, again));
    config_unref(cfg);
    config_unref(again);
}

static void test_shown__survives_the_fault_sweep(void **state UNUSED)
{
    struct config *cfg = NULL;

    for (long n = 1; !cfg; n++) {
        struct config_sources sources = { .file = "f" };
        struct config_errors errors;
        enum err err;

        config_errors_init(&errors);
        mem_fail_nth(n);
        err = config_load_text(str_of(file_text), &sources, &cfg, &errors);
        assert_int_equal(err, mem_fault_happened() ? ERR_NOMEM : ERR_OK);
        mem_fail_nth(0);
        config_errors_release(&errors);
    }
    assert_true(shows(cfg, "job_name"));
    config_unref(cfg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown__masks_every_secret),
        cmocka_unit_test(test_shown__knows_each_option_that_is_secret),
        cmocka_unit_test(test_shown__has_values_from_everywhere_and_nothing_without_effect),
        cmocka_unit_test(test_shown__loads_again_and_shows_the_same),
        cmocka_unit_test(test_shown__survives_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
