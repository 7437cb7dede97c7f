#include "unit.h"

#include "base/mem.h"
#include "config/load.h"

static const char everything[] =
    "mappings:\n"
    "  - metric: shop_calls_total\n"
    "    when: {job: shop, code: ['5*', 429], shadow: ''}\n"
    "    signal: errors\n"
    "    service_label: target\n"
    "    caller_label: job\n"
    "  - {metric: fuse, signal: breaker_state, service: stock, breaker_label: circuit, "
    "endpoint_label: path, caller: web, encoding: closed-open}\n";

static enum err load(const char *text, struct config **ret)
{
    struct config_sources sources = { 0 };
    struct config_errors errors;
    enum err err;

    config_errors_init(&errors);
    err = config_load_text(str_of(text), &sources, ret, &errors);
    config_errors_release(&errors);
    return err;
}

#define ASSERT_STR(s, literal) assert_true(str_equals((s), STR(literal)))

static void test_mapping__items_are_complete(void **state UNUSED)
{
    const struct config_mapping *m;
    struct config *cfg = NULL;
    size_t count;

    assert_int_equal(load(everything, &cfg), ERR_OK);
    m = config_mappings(cfg, &count);
    assert_int_equal(count, 2);
    ASSERT_STR(m[0].metric, "shop_calls_total");
    assert_int_equal(m[0].signal, SIGNAL_ERRORS);
    ASSERT_STR(m[0].service_label, "target");
    ASSERT_STR(m[0].caller_label, "job");
    assert_int_equal(m[0].condition_count, 3);
    ASSERT_STR(m[0].conditions[1].label, "code");
    assert_int_equal(m[0].conditions[1].value_count, 2);
    ASSERT_STR(m[0].conditions[1].values[0], "5*");
    ASSERT_STR(m[0].conditions[1].values[1], "429");
    assert_int_equal(m[0].conditions[2].value_count, 1);
    ASSERT_STR(m[0].conditions[2].values[0], "");
    assert_int_equal(m[1].signal, SIGNAL_BREAKER_STATE);
    ASSERT_STR(m[1].service, "stock");
    ASSERT_STR(m[1].breaker_label, "circuit");
    ASSERT_STR(m[1].endpoint_label, "path");
    ASSERT_STR(m[1].caller, "web");
    ASSERT_STR(m[1].encoding, "closed-open");
    config_unref(cfg);
}

static void test_mapping__every_signal_has_its_name(void **state UNUSED)
{
    static const char *const names[] = {
        "calls",
        "errors",
        "retries",
        "retries_denied",
        "timed_calls",
        "timed_seconds",
        "timed_bucket",
        "first_calls",
        "first_errors",
        "breaker_state",
        "breaker_calls",
        "breaker_errors",
        "breaker_blocked",
        "breaker_consecutive",
        "breaker_failure_rate",
        "breaker_last_failure",
        "breaker_forced",
    };

    assert_int_equal(ARRAY_LEN(names), SIGNAL_GONE);
    for (int kind = SIGNAL_CALLS; kind < SIGNAL_GONE; kind++) {
        struct arena arena = arena_limited(4096);
        struct config *cfg = NULL;
        size_t count;

        assert_int_equal(
            load(arena_printf(&arena, "mappings: [{metric: m, service: s, signal: %s}]",
                              names[kind]),
                 &cfg),
            ERR_OK);
        assert_int_equal(config_mappings(cfg, &count)[0].signal, kind);
        config_unref(cfg);
        arena_release(&arena);
    }
}

static void test_mapping__comparison_sees_every_difference(void **state UNUSED)
{
    static const char *const texts[] = {
        "",
        everything,
        "mappings: [{metric: m, signal: calls, service: s}]",
        "mappings: [{metric: n, signal: calls, service: s}]",
        "mappings: [{metric: m, signal: errors, service: s}]",
        "mappings: [{metric: m, signal: calls, service: t}]",
        "mappings: [{metric: m, signal: calls, service_label: s}]",
        "mappings: [{metric: m, signal: calls, service: s, caller: s}]",
        "mappings: [{metric: m, signal: calls, service: s, caller_label: s}]",
        "mappings: [{metric: m, signal: calls, service: s, when: {a: b}}]",
        "mappings: [{metric: m, signal: calls, service: s, when: {a: c}}]",
        "mappings: [{metric: m, signal: calls, service: s, when: {a: [b, c]}}]",
        "mappings: [{metric: m, signal: calls, service: s, when: {b: b}}]",
        "mappings: [{metric: m, signal: timed_seconds, service: s}]",
        "mappings: [{metric: m, signal: timed_seconds, service: s, unit: milliseconds}]",
        "mappings: [{metric: m, signal: breaker_failure_rate, service: s}]",
        "mappings: [{metric: m, signal: breaker_failure_rate, service: s, unit: percent}]",
        "mappings: [{metric: m, signal: breaker_state, service: s}]",
        "mappings: [{metric: m, signal: breaker_state, service: s, breaker_label: b}]",
        "mappings: [{metric: m, signal: breaker_state, service: s, endpoint_label: b}]",
        "mappings: [{metric: m, signal: breaker_state, service: s, encoding: open}]",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (size_t j = 0; j < ARRAY_LEN(texts); j++) {
            struct config *a = NULL, *b = NULL;

            assert_int_equal(load(texts[i], &a), ERR_OK);
            assert_int_equal(load(texts[j], &b), ERR_OK);
            assert_int_equal(config_mappings_equal(a, b), i == j);
            config_unref(a);
            config_unref(b);
        }
}

static void test_mapping__limits_hold(void **state UNUSED)
{
    struct buf text = buf_limited(CONFIG_FILE_MAX_BYTES);
    struct config *cfg = NULL;

    buf_append_cstr(&text, "mappings:\n");
    for (int i = 0; i <= CONFIG_MAPPINGS_MAX; i++) {
        if (i == CONFIG_MAPPINGS_MAX) {
            buf_append_byte(&text, '\0');
            assert_int_equal(load(text.data, &cfg), ERR_OK);
            config_unref(cfg);
            text.len--;
        }
        buf_append_cstr(&text, " - {metric: m, signal: calls, service: s}\n");
    }
    buf_append_byte(&text, '\0');
    assert_int_equal(load(text.data, &cfg), ERR_INVALID);
    buf_release(&text);
}

static void test_mapping__survives_the_fault_sweep(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct config *cfg = NULL;
        enum err err;

        mem_fail_nth(n);
        err = load(everything, &cfg);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        config_unref(cfg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping__items_are_complete),
        cmocka_unit_test(test_mapping__every_signal_has_its_name),
        cmocka_unit_test(test_mapping__comparison_sees_every_difference),
        cmocka_unit_test(test_mapping__limits_hold),
        cmocka_unit_test(test_mapping__survives_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
