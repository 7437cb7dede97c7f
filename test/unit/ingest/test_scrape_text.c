#include "ingest/scrape_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_scrape_text__is_chosen_by_the_content_type(void **state)
{
    (void)state;
    assert_true(scrape_text_is_openmetrics(
        STR("application/openmetrics-text; version=1.0.0; charset=utf-8")));
    assert_true(scrape_text_is_openmetrics(STR("Application/OpenMetrics-Text")));
    assert_true(scrape_text_is_openmetrics(STR(" application/openmetrics-text ;version=0.0.1")));
    assert_false(scrape_text_is_openmetrics(STR("")));
    assert_false(scrape_text_is_openmetrics(STR("text/plain; version=0.0.4")));
    assert_false(scrape_text_is_openmetrics(STR("application/openmetrics-text-2")));
    assert_false(scrape_text_is_openmetrics(STR("text/html;application/openmetrics-text")));
}

static void test_scrape_text__reads_each_format_by_its_own_rules(void **state)
{
    struct str body = STR("# a comment\na 1 2000\n");
    struct openmetrics_line it;
    struct scrape_text reader;

    (void)state;
    scrape_text_init(&reader, body, false);
    assert_int_equal(scrape_text_next(&reader, &it, NULL), ERR_OK);
    assert_int_equal(it.line.kind, EXPOSITION_SAMPLE);
    assert_int_equal(it.line.ts_ms, 2000);
    assert_false(it.has_exemplar);
    assert_int_equal(scrape_text_line(&reader), 2);
    scrape_text_init(&reader, body, true);
    assert_int_equal(scrape_text_next(&reader, &it, NULL), ERR_INVALID);
    assert_int_equal(scrape_text_line(&reader), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scrape_text__is_chosen_by_the_content_type),
        cmocka_unit_test(test_scrape_text__reads_each_format_by_its_own_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
