#include "unit.h"

#include "api/promql_json.h"
#include "base/mem.h"
#include "json_check.h"

enum { TEXT_MAX_BYTES = 1 << 20, STEPS = 5 };

/* Writes in pieces; joined they are the whole. */
static void write_all(const struct promql_options *o, const struct promql_result *r,
                      size_t enough_bytes, struct buf *all)
{
    struct promql_json p = promql_json_of(o, r);
    struct buf piece = buf_limited(TEXT_MAX_BYTES);
    struct json j = json_to(&piece);
    bool more;

    do {
        buf_clear(&piece);
        more = promql_json_write(&p, &j, enough_bytes);
        buf_append_str(all, buf_str(&piece));
        if (more)
            assert_true(piece.len >= enough_bytes);
    } while (more);
    assert_int_equal(j.depth, 0);
    assert_int_equal(buf_error(&piece), ERR_OK);
    assert_int_equal(buf_error(all), ERR_OK);
    buf_release(&piece);
}

/* The same text, whatever the pieces. */
static void assert_text(const struct promql_options *o, const struct promql_result *r,
                        const char *expected)
{
    for (size_t enough_bytes = 1; enough_bytes < strlen(expected) + 3; enough_bytes++) {
        struct buf all = buf_limited(TEXT_MAX_BYTES);

        write_all(o, r, enough_bytes, &all);
        buf_append_byte(&all, '\0');
        assert_string_equal(all.data, expected);
        buf_release(&all);
    }
}

static struct label shop[] = { { { "__name__", 8 }, { "up", 2 } },
                               { { "job", 3 }, { "a\"b", 3 } } };
static double some[STEPS] = { 1, 0, 2.5, 0, -3 }, none[STEPS];

static double absent(void)
{
    uint64_t bits = SAMPLE_STALE_BITS;
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static struct promql_series two_series[] = {
    { .labels = { shop, 2 }, .values = some },
    { .values = none },
};

static const struct promql_options range = {
    .is_range = true, .start_ms = 1000, .end_ms = 3000, .step_ms = 500
};
static const struct promql_options instant = { .start_ms = 1500, .end_ms = 1500, .step_ms = 1 };

static int prepare(void **state UNUSED)
{
    some[1] = absent();
    for (size_t i = 0; i < STEPS; i++)
        none[i] = absent();
    return 0;
}

static void test_promql_json__writes_a_range(void **state UNUSED)
{
    struct promql_result r = { .type = PROMQL_VECTOR,
                               .is_range = true,
                               .step_count = STEPS,
                               .series = two_series,
                               .series_count = 2 };

    assert_text(&range, &r,
                "{\"resultType\":\"matrix\",\"result\":["
                "{\"metric\":{\"__name__\":\"up\",\"job\":\"a\\\"b\"},\"values\":"
                "[[1,\"1\"],[2,\"2.5\"],[2.5,\"0\"],[3,\"-3\"]]},"
                "{\"metric\":{},\"values\":[]}]}");
    r.series_count = 0;
    assert_text(&range, &r, "{\"resultType\":\"matrix\",\"result\":[]}");
}

static void test_promql_json__writes_a_range_of_scalars(void **state UNUSED)
{
    struct promql_result r = {
        .type = PROMQL_SCALAR, .is_range = true, .step_count = 3, .scalars = some
    };

    assert_text(&range, &r,
                "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":"
                "[[1,\"1\"],[2,\"2.5\"]]}]}");
}

static void test_promql_json__writes_an_instant(void **state UNUSED)
{
    struct promql_series series[] = { two_series[0], { .values = some + 2 } };
    struct promql_result r = {
        .type = PROMQL_VECTOR, .step_count = 1, .series = series, .series_count = 2
    };

    assert_text(&instant, &r,
                "{\"resultType\":\"vector\",\"result\":["
                "{\"metric\":{\"__name__\":\"up\",\"job\":\"a\\\"b\"},\"value\":[1.5,\"1\"]},"
                "{\"metric\":{},\"value\":[1.5,\"2.5\"]}]}");
}

static void test_promql_json__writes_samples(void **state UNUSED)
{
    static const struct sample samples[] = { { -500, 1 }, { 20, 1e21 } };
    struct promql_series series[] = { { .samples = samples, .sample_count = 2 } };
    struct promql_result r = { .type = PROMQL_MATRIX, .series = series, .series_count = 1 };

    assert_text(&instant, &r,
                "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":"
                "[[-0.5,\"1\"],[0.02,\"1e+21\"]]}]}");
}

static void test_promql_json__writes_one_value(void **state UNUSED)
{
    struct promql_result scalar = { .type = PROMQL_SCALAR, .step_count = 1, .scalars = some };
    struct promql_result string = { .type = PROMQL_STRING, .text = STR("a<b") };

    assert_text(&instant, &scalar, "{\"resultType\":\"scalar\",\"result\":[1.5,\"1\"]}");
    assert_text(&instant, &string, "{\"resultType\":\"string\",\"result\":[1.5,\"a\\u003cb\"]}");
}

/* The writer takes no memory but the buffer's, which says so. */
static void test_promql_json__without_memory_the_buffer_says_so(void **state UNUSED)
{
    struct promql_result r = { .type = PROMQL_VECTOR,
                               .is_range = true,
                               .step_count = STEPS,
                               .series = two_series,
                               .series_count = 2 };
    struct promql_json p = promql_json_of(&range, &r);
    struct buf piece = buf_limited(TEXT_MAX_BYTES);
    struct json j = json_to(&piece);

    mem_fail_nth(1);
    promql_json_write(&p, &j, 100);
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
    assert_int_equal(buf_error(&piece), ERR_NOMEM);
    buf_release(&piece);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promql_json__writes_a_range),
        cmocka_unit_test(test_promql_json__writes_a_range_of_scalars),
        cmocka_unit_test(test_promql_json__writes_an_instant),
        cmocka_unit_test(test_promql_json__writes_samples),
        cmocka_unit_test(test_promql_json__writes_one_value),
        cmocka_unit_test(test_promql_json__without_memory_the_buffer_says_so),
    };

    return cmocka_run_group_tests(tests, prepare, NULL);
}
