#include "ingest/discovered.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

static const struct label group[] = { { { "__own", 5 }, { "x", 1 } },
                                      { { "job", 3 }, { "g", 1 } } };

static enum err discover(const char *query, struct arena *arena, struct labels *ret)
{
    struct config_scrape scrape = { .job_name = STR("j"),
                                    .scheme = STR("https"),
                                    .metrics_path = STR("/m"),
                                    .query = str_of(query),
                                    .interval_ms = 90000,
                                    .timeout_ms = 500 };
    struct config_target target = { .address = STR("host:1"), .labels = { group, 2 } };

    return discovered_labels(&scrape, &target, arena, ret);
}

static void expect_labels(const char *query, const char *expected)
{
    struct arena arena = arena_limited(1 << 16);
    struct buf text = buf_limited(1 << 16);
    struct labels labels;

    assert_int_equal(discover(query, &arena, &labels), ERR_OK);
    labels_print_pairs(labels, &text);
    buf_append_byte(&text, '\0');
    assert_string_equal(text.data, expected);
    buf_release(&text);
    arena_release(&arena);
}

#define FIXED                                                                                      \
    "__scheme__=\"https\",__scrape_interval__=\"1m30s\",__scrape_timeout__=\"500ms\",job=\"g\""

static void test_discovered__says_all_that_the_configuration_says(void **state)
{
    (void)state;
    expect_labels("", "__address__=\"host:1\",__metrics_path__=\"/m\",__own=\"x\"," FIXED);
}

static void test_discovered__names_the_first_value_of_each_parameter(void **state)
{
    (void)state;
    expect_labels("a=b%20c%2Bd+e&a=second&match%5B%5D=up&z=%4&y",
                  "__address__=\"host:1\",__metrics_path__=\"/m\",__own=\"x\","
                  "__param_a=\"b c+d e\",__param_z=\"%4\"," FIXED);
}

static void test_discovered__fails_cleanly_without_memory(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct arena arena = arena_limited(1 << 16);
        struct labels labels;
        enum err err;

        mem_fail_nth(n);
        err = discover("a=b", &arena, &labels);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discovered__says_all_that_the_configuration_says),
        cmocka_unit_test(test_discovered__names_the_first_value_of_each_parameter),
        cmocka_unit_test(test_discovered__fails_cleanly_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
