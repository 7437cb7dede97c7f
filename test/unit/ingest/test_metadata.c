#include "ingest/scrape_metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

struct world {
    struct metadata *store;
    struct arena arena;
};

static void set_up(struct world *w)
{
    w->arena = arena_limited(8 << 20);
    assert_int_equal(metadata_new(&w->store), ERR_OK);
}

static void tear_down(struct world *w)
{
    metadata_free(w->store);
    arena_release(&w->arena);
}

/* What a body's reader hands over at its end. */
static void scrape(struct world *w, struct metadata_list *list, const char *body,
                   bool is_openmetrics)
{
    struct scrape_text reader;
    struct openmetrics_line it;
    uint64_t hash = 0;

    scrape_text_init(&reader, str_of(body), is_openmetrics);
    while (scrape_text_next(&reader, &it, NULL) == ERR_OK && it.line.kind != EXPOSITION_END)
        if (it.line.kind != EXPOSITION_SAMPLE)
            hash = scrape_metadata_hash(hash, &it.line);
    scrape_metadata_update(w->store, list, hash, str_of(body), is_openmetrics);
}

static const char *text_of(struct world *w, const char *metric)
{
    struct buf out = buf_limited(1 << 20);
    struct metadata_item *items = NULL;
    const char *text;
    size_t count = 0;

    assert_int_equal(metadata_read(w->store, str_of(metric), &w->arena, &items, &count), ERR_OK);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%.*s %.*s [%.*s] %.*s;", STR_ARG(items[i].metric), STR_ARG(items[i].type),
                   STR_ARG(items[i].unit), STR_ARG(items[i].help));
    text = arena_copy(&w->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void test_metadata__is_read_from_both_formats(void **state)
{
    struct metadata_list plain = { 0 }, strict = { 0 };
    struct world w;

    (void)state;
    set_up(&w);
    scrape(&w, &plain, "# HELP b a \\\\ \\n \\\"\n# TYPE b untyped\nb 1\n# TYPE a counter\n",
           false);
    assert_string_equal(text_of(&w, ""), "a counter [] ;b unknown [] a \\ \n \\\";");
    scrape(&w, &strict, "# TYPE c_s gauge\n# UNIT c_s s\n# HELP c_s \\\"\\t\nc_s 1\n# EOF\n", true);
    assert_string_equal(text_of(&w, "c_s"), "c_s gauge [s] \"\\t;");
    metadata_drop(w.store, &plain);
    metadata_drop(w.store, &strict);
    assert_int_equal(metadata_count(w.store).entries, 0);
    tear_down(&w);
}

static void test_metadata__is_told_once_where_targets_agree(void **state)
{
    struct metadata_list one = { 0 }, two = { 0 };
    struct world w;

    (void)state;
    set_up(&w);
    scrape(&w, &one, "# TYPE a gauge\n# HELP a x\n", false);
    scrape(&w, &two, "# HELP a x\n# TYPE a gauge\n", false);
    assert_string_equal(text_of(&w, "a"), "a gauge [] x;");
    scrape(&w, &two, "# HELP a y\n# TYPE a gauge\n", false);
    assert_string_equal(text_of(&w, "a"), "a gauge [] x;a gauge [] y;");
    metadata_drop(w.store, &one);
    assert_string_equal(text_of(&w, "a"), "a gauge [] y;");
    scrape(&w, &two, "a 1\n", false);
    assert_string_equal(text_of(&w, ""), "");
    metadata_drop(w.store, &two);
    tear_down(&w);
}

static void test_metadata__is_not_made_anew_when_nothing_changed(void **state)
{
    struct metadata_list list = { 0 };
    struct metadata_entry **entries;
    struct world w;

    (void)state;
    set_up(&w);
    scrape(&w, &list, "# TYPE a gauge\na 1\n", false);
    entries = list.entries;
    mem_fail_nth(1);
    scrape(&w, &list, "# TYPE a gauge\na 2\n", false);
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
    assert_ptr_equal(list.entries, entries);
    metadata_drop(w.store, &list);
    tear_down(&w);
}

static void test_metadata__cuts_a_help_between_characters(void **state)
{
    struct metadata_list list = { 0 };
    struct metadata_item item = { STR("a"), STR("gauge"), { NULL, 0 }, STR("") };
    char help[2 * METADATA_HELP_MAX_BYTES + 1];
    struct metadata_item *items = NULL;
    struct world w;
    size_t count = 0;

    (void)state;
    set_up(&w);
    help[0] = 'x';
    for (size_t i = 1; i + 1 < sizeof help; i += 2)
        memcpy(help + i, "\xc3\xbc", 2);
    item.help = (struct str){ help, sizeof help };
    assert_int_equal(metadata_replace(w.store, &list, &item, 1), ERR_OK);
    assert_int_equal(metadata_read(w.store, STR("a"), &w.arena, &items, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(items[0].help.len, METADATA_HELP_MAX_BYTES - 1);
    assert_true(str_is_utf8(items[0].help));
    metadata_drop(w.store, &list);
    tear_down(&w);
}

static void test_metadata__refuses_one_by_one_when_it_is_full(void **state)
{
    struct metadata_list list = { 0 }, late = { 0 };
    struct metadata_item *items = mem_alloc_zero(METADATA_MAX_COUNT, sizeof *items);
    struct metadata_item more[] = { { STR("m5"), STR("gauge"), STR(""), STR("") },
                                    { STR("new"), STR("gauge"), STR(""), STR("") } };
    struct world w;

    (void)state;
    set_up(&w);
    assert_non_null(items);
    for (size_t i = 0; i < METADATA_MAX_COUNT; i++) {
        const char *name = arena_printf(&w.arena, "m%zu", i);

        assert_non_null(name);
        items[i] = (struct metadata_item){ str_of(name), STR("gauge"), STR(""), STR("") };
    }
    assert_int_equal(metadata_replace(w.store, &list, items, METADATA_MAX_COUNT), ERR_OK);
    assert_int_equal(metadata_replace(w.store, &late, more, 2), ERR_OK);
    assert_int_equal(late.count, 1);
    assert_int_equal(metadata_count(w.store).entries, METADATA_MAX_COUNT);
    assert_int_equal(metadata_count(w.store).refused, 1);
    metadata_drop(w.store, &list);
    metadata_drop(w.store, &late);
    mem_free(items);
    tear_down(&w);
}

static void test_metadata__is_read_again_after_a_failed_allocation(void **state)
{
    const char *body = "# TYPE a gauge\n# HELP a x\\ny\n# TYPE b counter\n";
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct metadata_list list = { 0 };
        struct world w;

        set_up(&w);
        mem_fail_nth(n);
        scrape(&w, &list, body, false);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        scrape(&w, &list, body, false);
        assert_string_equal(text_of(&w, ""), "a gauge [] x\ny;b counter [] ;");
        metadata_drop(w.store, &list);
        assert_int_equal(metadata_count(w.store).entries, 0);
        tear_down(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata__is_read_from_both_formats),
        cmocka_unit_test(test_metadata__is_told_once_where_targets_agree),
        cmocka_unit_test(test_metadata__is_not_made_anew_when_nothing_changed),
        cmocka_unit_test(test_metadata__cuts_a_help_between_characters),
        cmocka_unit_test(test_metadata__refuses_one_by_one_when_it_is_full),
        cmocka_unit_test(test_metadata__is_read_again_after_a_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
