#include "unit.h"

#include "api/promql_tree.h"
#include "promql/parse.h"

enum { TREE_BYTES = 4 << 20 };

static void assert_tree(const char *expression, const char *expected)
{
    struct arena arena = arena_limited(TREE_BYTES);
    struct buf out = buf_limited(TREE_BYTES);
    struct json j = json_to(&out);
    const struct promql_node *node;
    struct diag diag = { 0 };

    if (promql_parse(str_of(expression), &arena, &node, &diag))
        fail_msg("%s: %s", expression, diag_text(&diag));
    promql_json_tree(&j, node);
    buf_append_byte(&out, '\0');
    assert_int_equal(buf_error(&out), ERR_OK);
    if (strcmp(out.data, expected) != 0)
        fail_msg("%s\n%s\nexpected\n%s", expression, out.data, expected);
    buf_release(&out);
    arena_release(&arena);
}

static void test_promql_tree__writes_leaves(void **state UNUSED)
{
    assert_tree("1e21", "{\"type\":\"numberLiteral\",\"val\":\"1000000000000000000000\"}");
    assert_tree("-Inf", "{\"type\":\"numberLiteral\",\"val\":\"-Inf\"}");
    assert_tree("'a\"b'", "{\"type\":\"stringLiteral\",\"val\":\"a\\\"b\"}");
    assert_tree("up{job!~\"x\"} @ 1.5 offset -1m",
                "{\"type\":\"vectorSelector\",\"name\":\"up\",\"matchers\":["
                "{\"name\":\"job\",\"value\":\"x\",\"type\":\"!~\"},"
                "{\"name\":\"__name__\",\"value\":\"up\",\"type\":\"=\"}],"
                "\"offset\":-60000,\"timestamp\":1500,\"startOrEnd\":null}");
    assert_tree("{a=\"b\"}[5m] @ end()",
                "{\"type\":\"matrixSelector\",\"name\":\"\",\"range\":300000,\"matchers\":["
                "{\"name\":\"a\",\"value\":\"b\",\"type\":\"=\"}],"
                "\"offset\":0,\"timestamp\":null,\"startOrEnd\":\"end\"}");
}

#define UP                                                                                         \
    "{\"type\":\"vectorSelector\",\"name\":\"up\",\"matchers\":["                                  \
    "{\"name\":\"__name__\",\"value\":\"up\",\"type\":\"=\"}],"                                    \
    "\"offset\":0,\"timestamp\":null,\"startOrEnd\":null}"
#define NUMBER(text) "{\"type\":\"numberLiteral\",\"val\":\"" text "\"}"

static void test_promql_tree__writes_what_stands_around_others(void **state UNUSED)
{
    assert_tree("round(up)", "{\"type\":\"call\",\"func\":{\"name\":\"round\",\"argTypes\":"
                             "[\"vector\",\"scalar\"],\"variadic\":1,\"returnType\":\"vector\"},"
                             "\"args\":[" UP "]}");
    assert_tree("topk without (a, b) (3, up)",
                "{\"type\":\"aggregation\",\"op\":\"topk\",\"expr\":" UP
                ",\"param\":" NUMBER("3") ",\"grouping\":[\"a\",\"b\"],\"without\":true}");
    assert_tree("+up", "{\"type\":\"unaryExpr\",\"op\":\"+\",\"expr\":" UP "}");
    assert_tree("-(up)", "{\"type\":\"unaryExpr\",\"op\":\"-\",\"expr\":{\"type\":\"parenExpr\","
                         "\"expr\":" UP "}}");
    assert_tree("up[1h:1m] offset 5m",
                "{\"type\":\"subquery\",\"expr\":" UP ",\"range\":3600000,\"step\":60000,"
                "\"offset\":300000,\"timestamp\":null,\"startOrEnd\":null}");
}

static void test_promql_tree__writes_how_vectors_match(void **state UNUSED)
{
    assert_tree("up + 1", "{\"type\":\"binaryExpr\",\"op\":\"+\",\"lhs\":" UP
                          ",\"rhs\":" NUMBER("1") ",\"matching\":null,\"bool\":false}");
    assert_tree("up and ignoring (a) up",
                "{\"type\":\"binaryExpr\",\"op\":\"and\",\"lhs\":" UP ",\"rhs\":" UP
                ",\"matching\":{\"card\":\"many-to-many\",\"labels\":[\"a\"],\"on\":false,"
                "\"include\":[]},\"bool\":false}");
    assert_tree("up == bool on () group_right (b) up",
                "{\"type\":\"binaryExpr\",\"op\":\"==\",\"lhs\":" UP ",\"rhs\":" UP
                ",\"matching\":{\"card\":\"one-to-many\",\"labels\":[],\"on\":true,"
                "\"include\":[\"b\"]},\"bool\":true}");
}

/* A chain of operators is the deepest tree there is. */
static void test_promql_tree__writes_the_deepest_tree(void **state UNUSED)
{
    struct arena arena = arena_limited(TREE_BYTES);
    struct buf text = buf_limited(PROMQL_TEXT_MAX_BYTES), out = buf_limited(TREE_BYTES);
    struct json j = json_to(&out);
    const struct promql_node *node;

    buf_append_cstr(&text, "1");
    for (int i = 0; i < PROMQL_NODES_MAX / 2 - 1; i++)
        buf_append_cstr(&text, "+1");
    assert_int_equal(promql_parse(buf_str(&text), &arena, &node, NULL), ERR_OK);
    promql_json_tree(&j, node);
    assert_int_equal(buf_error(&out), ERR_OK);
    assert_int_equal(j.depth, 0);
    buf_release(&text);
    buf_release(&out);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_promql_tree__writes_leaves),
        cmocka_unit_test(test_promql_tree__writes_what_stands_around_others),
        cmocka_unit_test(test_promql_tree__writes_how_vectors_match),
        cmocka_unit_test(test_promql_tree__writes_the_deepest_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
