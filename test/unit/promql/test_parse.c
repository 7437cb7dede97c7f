#include "unit.h"

#include "base/arena.h"
#include "base/mem.h"
#include "promql/function.h"
#include "promql/parse.h"
#include "promql/print.h"

enum { ARENA_BYTES = 4 << 20 };

static const struct {
    const char *text, *printed; /* NULL: as the text */
} good[] = {
    { "1", NULL },
    { "+1", "1" },
    { "+ up", "+up" },
    { "+-+up * +up", "+-+up * +up" },
    { "+(1)", "+(1)" },
    { "100000 + 1e6 - 1234567.5", "100000 + 1e+06 - 1.2345675e+06" },
    { "0.0001 + .00001", "0.0001 + 1e-05" },
    { "up{a=\"\\xff\\u00fc\"}", "up{a=\"\\xff\\xc3\\xbc\"}" },
    { "up{a=\"\\u00fc\"}", "up{a=\"\u00fc\"}" },
    { "-1", NULL },
    { "0x1F + 010 + .5e-3", "31 + 8 + 0.0005" },
    { "Inf + -inf + NaN", "+Inf + -Inf + NaN" },
    { "\"a\\n\\u00e4\" # comment", "\"a\\nä\"" },
    { "'it\\'s'", "\"it's\"" },
    { "`raw\\n`", "\"raw\\\\n\"" },
    { "up", NULL },
    { "job:up:sum", NULL },
    { "sum", NULL }, /* keywords are names, too */
    { "by{by=\"on\"}", NULL },
    { "{job=\"a\",}", "{job=\"a\"}" },
    { "up{job=~\"a|b\",x!=\"\",y!~\".+\"}", NULL },
    { "up{__name__!=\"x\"}", NULL },
    { "up[5m]", NULL },
    { "up[1h30m] offset 5m", NULL },
    { "up[5m] @ 1.5 offset -1d", "up[5m] @ 1.500 offset -1d" },
    { "up offset 1w @ start()", "up @ start() offset 1w" },
    { "rate(up[5m])[1h:]", NULL },
    { "rate(up[5m])[1h:1m] @ end() offset 5m", NULL },
    { "sum(up)", NULL },
    { "SUM BY (a, b,) (up)", "sum by (a, b) (up)" },
    { "sum(up) without ()", "sum without () (up)" },
    { "topk(3, up) by (on)", "topk by (on) (3, up)" },
    { "count_values(\"v\", up)", NULL },
    { "a + b * c ^ d ^ e - f", NULL },
    { "-a ^ b", NULL },
    { "-(a) + b", NULL },
    { "a and b or c unless d", NULL },
    { "a == bool b", NULL },
    { "1 > bool 2", NULL },
    { "a / on (x, y) group_left (z) b", NULL },
    { "a * ignoring (x) group_right () b", NULL },
    { "a atan2 b % c", NULL },
    { "round(up)", NULL },
    { "round(up, 0.1)", NULL },
    { "hour()", NULL },
    { "label_join(up, \"a\", \",\")", NULL },
    { "label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")", NULL },
    { "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", NULL },
    { "time() - pi()", NULL },
    { "quantile_over_time(0.5, up[5m])", NULL },
};

static const struct {
    const char *text, *words;
    int line, column;
} bad[] = {
    { "", "no expression found", 1, 1 },
    { "  # only this", "no expression found", 1, 14 },
    { "a b", "unexpected \"b\"", 1, 3 },
    { "a +", "unexpected \"end of input\"", 1, 4 },
    { "(a", "unclosed left parenthesis", 1, 3 },
    { "a\n  ~ b", "unexpected character: '~'", 2, 3 },
    { "\"abc", "unterminated quoted string", 1, 1 },
    { "'a\\q'", "unknown escape", 1, 4 },
    { "5x", "bad number or duration syntax: \"5x\"", 1, 1 },
    { "up[293y]", "duration out of range", 1, 4 },
    { "up @ 1e16", "timestamp out of bounds", 1, 6 },
    { "foo(up)", "unknown function with name \"foo\"", 1, 1 },
    { "rate(up)", "expected type range vector in call to function \"rate\", got instant vector", 1,
      6 },
    { "rate(up[5m], 1)", "expected 1 argument(s) in call to \"rate\", got 2", 1, 1 },
    { "round()", "expected at least 1 argument(s) in call to \"round\", got 0", 1, 1 },
    { "hour(up, up)", "expected at most 1 argument(s)", 1, 1 },
    { "rate(up[5m],)", "unexpected \")\" in call", 1, 13 },
    { "sum(1)", "expected type instant vector in aggregation expression, got scalar", 1, 5 },
    { "sum(up, up)", "wrong number of arguments for aggregate expression provided, expected 1", 1,
      1 },
    { "topk(up)", "expected 2, got 1", 1, 1 },
    { "topk(\"a\", up)", "expected type scalar in aggregation parameter, got string", 1, 6 },
    { "sum by (a:b) (up)", "unexpected \"a:b\" in grouping opts", 1, 9 },
    { "{}", "at least one non-empty matcher", 1, 1 },
    { "{a=~\".*\"}", "at least one non-empty matcher", 1, 1 },
    { "{a!=\"x\"}", "at least one non-empty matcher", 1, 1 },
    { "up{__name__=\"x\"}", "metric name must not be set twice", 1, 1 },
    { "up{a=~\"(\"}", "regular expression is not understood", 1, 1 },
    { "up{a=b}", "unexpected \"b\" in label matching, expected string", 1, 6 },
    { "up{a:b=\"c\"}", "unexpected \":\" in label matching", 1, 5 },
    { "up{a\"c\"}", "expected label matching operator", 1, 5 },
    { "up{,}", "unexpected \",\" in label matching", 1, 4 },
    { "up[5]", "unexpected \"5\" in subquery or range, expected duration", 1, 4 },
    { "up[0s]", "duration must be greater than 0", 1, 4 },
    { "up[5m][5m]", "ranges only allowed for vector selectors", 1, 1 },
    { "sum(up)[5m]", "ranges only allowed for vector selectors", 1, 1 },
    { "up offset 5m[5m]", "no offset modifiers allowed before range", 1, 1 },
    { "up @ 1 [5m]", "no @ modifiers allowed before range", 1, 1 },
    { "up[5m][1h:]", "subquery is only allowed on instant vector, got range vector", 1, 1 },
    { "sum(up) offset 5m", "offset modifier must be preceded by", 1, 9 },
    { "up offset 5m offset 5m", "offset may not be set multiple times", 1, 14 },
    { "up @ 1 @ 2", "may not be set multiple times", 1, 8 },
    { "up @ Inf", "timestamp out of bounds", 1, 6 },
    { "up @ start", "unexpected \"end of input\" in @ modifier", 1, 11 },
    { "1 == 2", "comparisons between scalars must use BOOL modifier", 1, 1 },
    { "a + bool b", "bool modifier can only be used on comparison operators", 1, 1 },
    { "1 and 2", "set operator \"and\" not allowed in binary scalar expression", 1, 1 },
    { "a or 1", "set operator \"or\" not allowed", 1, 1 },
    { "a + on (x) 1", "vector matching only allowed between instant vectors", 1, 1 },
    { "a and on (x) group_left b", "no grouping allowed for \"and\" operation", 1, 1 },
    { "a + group_left b", "unexpected \"group_left\"", 1, 5 },
    { "a + on (x) group_left (x) b", "label \"x\" must not occur in ON and GROUP clause", 1, 1 },
    { "a + \"b\"", "binary expression must contain only scalar and instant vector types", 1, 5 },
    { "-\"a\"", "unary expression only allowed on", 1, 2 },
    { "-up[5m]", "got \"range vector\"", 1, 2 },
    { "bool", "unexpected \"bool\"", 1, 1 },
};

static void test_parse__print_and_parse_are_inverse(void **state)
{
    struct arena arena = arena_limited(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const struct promql_node *node, *again;
        struct buf out = buf_limited(1 << 16);
        struct diag diag = { 0 };

        if (promql_parse(str_of(good[i].text), &arena, &node, &diag))
            fail_msg("%s: %s", good[i].text, diag_text(&diag));
        promql_print(node, &out);
        if (!str_equals(buf_str(&out), str_of(good[i].printed ? good[i].printed : good[i].text)))
            fail_msg("%s: printed as %.*s", good[i].text, STR_ARG(buf_str(&out)));
        assert_int_equal(promql_parse(buf_str(&out), &arena, &again, &diag), ERR_OK);
        assert_true(promql_node_equals(node, again));
        assert_int_equal(node->place.end <= strlen(good[i].text), 1);
        buf_release(&out);
    }
    arena_release(&arena);
}

static void test_parse__errors_name_the_place(void **state)
{
    struct arena arena = arena_limited(ARENA_BYTES);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const struct promql_node *node;
        struct diag diag = { 0 };
        enum err err = promql_parse(str_of(bad[i].text), &arena, &node, &diag);

        if (err != ERR_INVALID || !strstr(diag_text(&diag), bad[i].words) ||
            diag.line != bad[i].line || diag.column != bad[i].column)
            fail_msg("%s: %d %s", bad[i].text, err, diag_text(&diag));
    }
    arena_release(&arena);
}

static char *repeated(struct arena *arena, const char *before, const char *part, const char *behind,
                      int times)
{
    struct buf out = buf_limited(1 << 20);
    char *text;

    for (int i = 0; i < times; i++)
        buf_append_cstr(&out, before);
    buf_append_cstr(&out, part);
    for (int i = 0; i < times; i++)
        buf_append_cstr(&out, behind);
    text = arena_copy(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void test_parse__limits_are_named(void **state)
{
    struct arena arena = arena_limited(ARENA_BYTES);
    const struct {
        const char *text, *words;
    } cases[] = {
        { repeated(&arena, "(", "a", ")", PROMQL_DEPTH_MAX), "nested more than 64 deep" },
        { repeated(&arena, "-", "a", "", PROMQL_DEPTH_MAX), "nested more than 64 deep" },
        { repeated(&arena, "a^", "a", "", PROMQL_DEPTH_MAX), "nested more than 64 deep" },
        { repeated(&arena, "a+", "a", "", PROMQL_NODES_MAX / 2), "more than 1000 parts" },
        { repeated(&arena, " ", "a", "", PROMQL_TEXT_MAX_BYTES), "longer than 16384 bytes" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct promql_node *node;
        struct diag diag = { 0 };

        assert_int_equal(promql_parse(str_of(cases[i].text), &arena, &node, &diag), ERR_LIMIT);
        if (!strstr(diag_text(&diag), cases[i].words))
            fail_msg("%s", diag_text(&diag));
    }
    arena_release(&arena);
}

static void test_parse__pretty_breaks_long_lines(void **state)
{
    static const char text[] =
        "sum by (service, environment) (rate(fusebox_calls_total{environment=\"production\"}[5m])) "
        "/ "
        "on (service) group_left () sum by (service) (rate(fusebox_retries_total[5m]))";
    static const char expected[] = "  sum by (service, environment) "
                                   "(rate(fusebox_calls_total{environment=\"production\"}[5m]))\n"
                                   "/ on (service) group_left ()\n"
                                   "  sum by (service) (rate(fusebox_retries_total[5m]))";
    struct arena arena = arena_limited(ARENA_BYTES);
    struct buf out = buf_limited(1 << 16);
    const struct promql_node *node;

    (void)state;
    assert_int_equal(promql_parse(STR(text), &arena, &node, NULL), ERR_OK);
    promql_print_pretty(node, &out);
    buf_append_byte(&out, '\0');
    assert_string_equal(out.data, expected);
    buf_release(&out);
    arena_release(&arena);
}

static void test_parse__a_selector_alone(void **state)
{
    struct arena arena = arena_limited(ARENA_BYTES);
    const struct promql_node *node;

    (void)state;
    assert_int_equal(promql_parse_selector(STR("up{a=\"b\"}"), &arena, &node, NULL), ERR_OK);
    assert_int_equal(node->selector.matcher_count, 2);
    assert_int_equal(promql_parse_selector(STR("up[5m]"), &arena, &node, NULL), ERR_INVALID);
    assert_int_equal(promql_parse_selector(STR("up offset 5m"), &arena, &node, NULL), ERR_INVALID);
    assert_int_equal(promql_parse_selector(STR("sum(up)"), &arena, &node, NULL), ERR_INVALID);
    arena_release(&arena);
}

static void test_parse__functions_stand_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < promql_function_count; i++) {
        const struct promql_function *f = &promql_functions[i];

        assert_ptr_equal(promql_function_find(str_of(f->name)), f);
        if (i)
            assert_true(strcmp(f[-1].name, f->name) < 0);
    }
    assert_null(promql_function_find(STR("Rate")));
}

static void test_parse__survives_every_failing_allocation(void **state)
{
    long n = 0;

    (void)state;
    do {
        struct arena arena = arena_limited(ARENA_BYTES);
        const struct promql_node *node;
        enum err err;

        mem_fail_nth(++n);
        err = promql_parse(STR("sum by (a) (rate(x{b=~\"c|d\"}[5m])) + on (a) {x='y\\n'}"), &arena,
                           &node, NULL);
        assert_true(err == ERR_OK || err == ERR_NOMEM);
        arena_release(&arena);
    } while (mem_fault_happened());
    mem_fail_nth(0);
    assert_true(n > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__print_and_parse_are_inverse),
        cmocka_unit_test(test_parse__errors_name_the_place),
        cmocka_unit_test(test_parse__limits_are_named),
        cmocka_unit_test(test_parse__pretty_breaks_long_lines),
        cmocka_unit_test(test_parse__a_selector_alone),
        cmocka_unit_test(test_parse__functions_stand_by_name),
        cmocka_unit_test(test_parse__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
