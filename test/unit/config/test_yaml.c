#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "config/yaml.h"

static enum err parse(struct arena *arena, const char *text, struct node **ret, struct diag *diag)
{
    return yaml_parse(str_of(text), arena, arena, ret, diag);
}

static void assert_text(const struct node *node, const char *text, int line, int column)
{
    assert_int_equal(node->kind, NODE_TEXT);
    assert_true(str_equals(node->text, str_of(text)));
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
}

static void test_yaml__nodes_know_their_places(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct node *root = NULL, *list;

    assert_int_equal(parse(&arena, "a: 1\nlist:\n  - \"x\"\n  - {k: v}\n", &root, NULL), ERR_OK);
    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(root->count, 2);
    assert_text(root->first->key, "a", 1, 1);
    assert_text(root->first, "1", 1, 4);
    list = root->first->next;
    assert_text(list->key, "list", 2, 1);
    assert_int_equal(list->kind, NODE_LIST);
    assert_int_equal(list->count, 2);
    assert_text(list->first, "x", 3, 5);
    assert_true(list->first->quoted);
    assert_null(list->first->key);
    assert_text(list->first->next->first, "v", 4, 9);
    arena_release(&arena);
}

static void test_yaml__nothing_is_told_from_an_empty_text(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct node *root = NULL;

    assert_int_equal(parse(&arena, "[ ~, null, '', \"null\" ]", &root, NULL), ERR_OK);
    assert_int_equal(root->first->kind, NODE_NULL);
    assert_int_equal(root->first->next->kind, NODE_NULL);
    assert_int_equal(root->first->next->next->kind, NODE_TEXT);
    assert_int_equal(root->last->kind, NODE_TEXT);
    assert_int_equal(parse(&arena, "# only a comment\n", &root, NULL), ERR_OK);
    assert_int_equal(root->kind, NODE_NULL);
    arena_release(&arena);
}

static void test_yaml__byte_order_mark_is_skipped(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct node *root = NULL;

    assert_int_equal(parse(&arena,
                           "\xEF\xBB\xBF"
                           "a: b\n",
                           &root, NULL),
                     ERR_OK);
    assert_true(str_equals(root->first->key->text, STR("a")));
    arena_release(&arena);
}

static void test_yaml__sixteen_levels_are_allowed(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct diag diag = { 0 };
    struct node *root = NULL;

    assert_int_equal(parse(&arena, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", &root, NULL), ERR_OK);
    assert_int_equal(parse(&arena, "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", &root, &diag),
                     ERR_INVALID);
    assert_int_equal(diag.line, 1);
    assert_int_equal(diag.column, 17);
    arena_release(&arena);
}

static void test_yaml__arena_limit_is_a_limit(void **state UNUSED)
{
    struct arena nodes = arena_limited(1024), texts = arena_limited(16);
    struct diag diag = { 0 };
    struct node *root = NULL;

    assert_int_equal(yaml_parse(STR("[1,2,3,4,5,6,7,8,9]"), &nodes, &texts, &root, &diag),
                     ERR_LIMIT);
    assert_null(root);
    assert_true(diag.message[0] != '\0');
    arena_release(&nodes);
    arena_release(&texts);
}

static void test_yaml__survives_the_fault_sweep(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct arena nodes = arena_limited(1 << 16), texts = arena_limited(1 << 16);
        struct node *root = NULL;
        enum err err;

        mem_fail_nth(n);
        err = yaml_parse(STR("a: [1, {b: c}]\n"), &nodes, &texts, &root, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&nodes);
        arena_release(&texts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml__nodes_know_their_places),
        cmocka_unit_test(test_yaml__nothing_is_told_from_an_empty_text),
        cmocka_unit_test(test_yaml__byte_order_mark_is_skipped),
        cmocka_unit_test(test_yaml__sixteen_levels_are_allowed),
        cmocka_unit_test(test_yaml__arena_limit_is_a_limit),
        cmocka_unit_test(test_yaml__survives_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
