#include "tsdb_fixture.h"

static size_t selected(struct fixture *f, enum matcher_kind kind, const char *label,
                       const char *pattern)
{
    struct matcher m = { kind, str_of(label), str_of(pattern), NULL };
    struct regex *regex = NULL;
    struct collected got;

    assert_int_equal(regex_new(m.value, &regex, NULL), ERR_OK);
    m.regex = regex;
    assert_int_equal(fixture_select(f->db, &m, 1, 0, 900, &got), ERR_OK);
    regex_free(regex);
    return got.series_count;
}

static void check_regex_selects(struct fixture *f)
{
    assert_int_equal(selected(f, MATCH_REGEX, "even", "yes|no"), 10);
    assert_int_equal(selected(f, MATCH_REGEX, "even", "y.s"), 5);
    assert_int_equal(selected(f, MATCH_REGEX, "even", "maybe|never"), 0);
    assert_int_equal(selected(f, MATCH_NOT_REGEX, "even", "y.*"), 5);
    assert_int_equal(selected(f, MATCH_REGEX, "host", ".*"), 10);
    assert_int_equal(selected(f, MATCH_REGEX, "host", ".+"), 0);
    assert_int_equal(selected(f, MATCH_REGEX, "host", "a|"), 10);
    assert_int_equal(selected(f, MATCH_NOT_REGEX, "host", "a|"), 0);
}

static void test_select__selects_by_regular_expressions(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);

    fixture_open(f, &options);
    for (unsigned number = 0; number < 10; number++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, number), 100, 1), ERR_OK);
    check_regex_selects(f);
    fixture_seal(f, 1000);
    check_regex_selects(f);
}

static void test_select__selects_by_matchers_and_range(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct matcher even = { MATCH_EQUAL, STR("even"), STR("yes"), NULL };
    struct matcher odd = { MATCH_NOT_EQUAL, STR("even"), STR("yes"), NULL };
    struct matcher job = { MATCH_EQUAL, STR("job"), STR("test"), NULL };
    struct matcher no_such = { MATCH_EQUAL, STR("job"), STR("else"), NULL };
    struct matcher absent = { MATCH_EQUAL, STR("host"), STR(""), NULL };
    struct matcher present = { MATCH_NOT_EQUAL, STR("host"), STR(""), NULL };
    struct collected got;

    fixture_open(f, &options);
    for (unsigned number = 0; number < 10; number++)
        for (int64_t ts_ms = 0; ts_ms < 500; ts_ms++)
            assert_int_equal(
                fixture_commit_one(f->db, fixture_ref(f, number), ts_ms, (double)(ts_ms * ts_ms)),
                ERR_OK);
    assert_int_equal(fixture_select(f->db, &even, 1, 0, 9, &got), ERR_OK);
    assert_int_equal(got.series_count, 5);
    assert_int_equal(got.sample_count, 50);
    assert_int_equal(fixture_select(f->db, (struct matcher[]){ odd, job }, 2, 498, 900, &got),
                     ERR_OK);
    assert_int_equal(got.series_count, 5);
    assert_int_equal(got.sample_count, 10);
    assert_int_equal(
        fixture_select(f->db, (struct matcher[]){ even, job, absent }, 3, 200, 200, &got), ERR_OK);
    assert_int_equal(got.sample_count, 5);
    assert_true(got.first_samples[0].value == 40000);
    assert_int_equal(fixture_select(f->db, (struct matcher[]){ even, no_such }, 2, 0, 900, &got),
                     ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(fixture_select(f->db, &present, 1, 0, 900, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
    assert_int_equal(fixture_select(f->db, NULL, 0, 0, 900, &got), ERR_OK);
    assert_int_equal(got.sample_count, 5000);
    assert_int_equal(fixture_select(f->db, NULL, 0, 501, 900, &got), ERR_OK);
    assert_int_equal(got.series_count, 0);
}

static bool stop_at_once(void *ctx, const struct tsdb_series_data *data)
{
    (void)data;
    ++*(int *)ctx;
    return false;
}

static void test_select__a_visit_can_stop_and_a_long_series_is_a_limit(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    int visits = 0;

    fixture_open(f, &options);
    for (unsigned number = 0; number < 3; number++)
        for (int64_t ts_ms = 0; ts_ms < 3; ts_ms++)
            assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, number), ts_ms, 1), ERR_OK);
    assert_int_equal(tsdb_select(f->db, NULL, 0, 0, 9, 3, stop_at_once, &visits), ERR_OK);
    assert_int_equal(visits, 1);
    assert_int_equal(tsdb_select(f->db, NULL, 0, 0, 9, 2, stop_at_once, &visits), ERR_LIMIT);
    assert_int_equal(visits, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_select__selects_by_regular_expressions),
        TEST(test_select__selects_by_matchers_and_range),
        TEST(test_select__a_visit_can_stop_and_a_long_series_is_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
