#include "ingest/exemplars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

struct world {
    struct exemplars *store;
    struct arena arena;
};

static void set_up(struct world *w)
{
    w->arena = arena_limited(8 << 20);
    assert_int_equal(exemplars_new(&w->store), ERR_OK);
}

static void tear_down(struct world *w)
{
    exemplars_free(w->store);
    arena_release(&w->arena);
}

static void add(struct world *w, uint32_t series, const char *labels, double value, int64_t ts_ms)
{
    struct exemplar_scraped s = {
        .series = series,
        .ts_ms = 0,
        .from = { .labels = str_of(labels), .value = value, .has_ts = true, .ts_ms = ts_ms }
    };

    exemplars_add(w->store, &s, 1);
}

/* "labels value@ts ..." of one series. */
static const char *text_of(struct world *w, uint32_t series, int64_t from_ms, int64_t to_ms)
{
    struct buf out = buf_limited(1 << 20);
    struct exemplar *list = NULL;
    const char *text;
    size_t count = 0;

    assert_int_equal(exemplars_read(w->store, series, from_ms, to_ms, &w->arena, &list, &count),
                     ERR_OK);
    for (size_t i = 0; i < count; i++) {
        labels_print_pairs(list[i].labels, &out);
        buf_printf(&out, " %g@%lld;", list[i].value, (long long)list[i].ts_ms);
    }
    text = arena_copy(&w->arena, buf_str(&out));
    buf_release(&out);
    return text;
}

static void test_exemplars__keeps_those_of_a_series_in_order_of_time(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    add(&w, 7, "{t=\"a\"}", 1, 10);
    add(&w, 8, "{t=\"other\"}", 5, 11);
    add(&w, 7, "{t=\"b\",s=\"\\\"\"}", 2, 20);
    add(&w, 7, "{}", 3, 30);
    assert_string_equal(text_of(&w, 7, 0, 100), "t=\"a\" 1@10;s=\"\\\"\",t=\"b\" 2@20; 3@30;");
    assert_string_equal(text_of(&w, 7, 11, 29), "s=\"\\\"\",t=\"b\" 2@20;");
    assert_string_equal(text_of(&w, 9, 0, 100), "");
    assert_int_equal(exemplars_count(w.store).kept, 4);
    tear_down(&w);
}

static void test_exemplars__passes_over_one_that_is_repeated(void **state)
{
    struct exemplar_scraped without_time = { .series = 1,
                                             .ts_ms = 5,
                                             .from = { .labels = STR("{t=\"a\"}"), .value = 1 } };
    struct world w;

    (void)state;
    set_up(&w);
    exemplars_add(w.store, &without_time, 1);
    without_time.ts_ms = 6;
    exemplars_add(w.store, &without_time, 1);
    without_time.from.value = 2;
    exemplars_add(w.store, &without_time, 1);
    assert_string_equal(text_of(&w, 1, 0, 100), "t=\"a\" 1@5;t=\"a\" 2@6;");
    assert_int_equal(exemplars_count(w.store).refused, 0);
    tear_down(&w);
}

static void test_exemplars__refuses_what_is_older_or_too_long(void **state)
{
    struct world w;
    char labels[300];

    (void)state;
    set_up(&w);
    add(&w, 1, "{t=\"a\"}", 1, 10);
    add(&w, 1, "{t=\"b\"}", 1, 9);
    snprintf(labels, sizeof labels, "{t=\"%0127d\"}", 1);
    add(&w, 1, labels, 1, 11);
    snprintf(labels, sizeof labels, "{t=\"%0128d\"}", 1);
    add(&w, 1, labels, 1, 12);
    add(&w, 1, "{t=\"a\",t=\"b\"}", 1, 13);
    assert_int_equal(exemplars_count(w.store).kept, 2);
    assert_int_equal(exemplars_count(w.store).refused, 3);
    tear_down(&w);
}

static void test_exemplars__let_the_oldest_make_room(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    add(&w, 1, "{t=\"first\"}", 1, 1);
    add(&w, 2, "{t=\"only\"}", 1, 1);
    add(&w, 1, "{t=\"second\"}", 2, 2);
    for (uint32_t i = 0; i < EXEMPLARS_MAX_COUNT - 3; i++)
        add(&w, 100 + i, "{}", 1, 1);
    assert_string_equal(text_of(&w, 1, 0, 9), "t=\"first\" 1@1;t=\"second\" 2@2;");
    add(&w, 3, "{}", 1, 1);
    assert_string_equal(text_of(&w, 1, 0, 9), "t=\"second\" 2@2;");
    add(&w, 1, "{t=\"third\"}", 3, 3);
    assert_string_equal(text_of(&w, 2, 0, 9), "");
    add(&w, 3, "{}", 1, 2);
    assert_string_equal(text_of(&w, 1, 0, 9), "t=\"third\" 3@3;");
    assert_int_equal(exemplars_count(w.store).kept, EXEMPLARS_MAX_COUNT);
    assert_int_equal(exemplars_count(w.store).evicted, 3);
    tear_down(&w);
}

static void test_exemplars__lose_without_memory_only_what_is_new(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct world w = { .arena = arena_limited(1 << 20) };
        enum err err;

        mem_fail_nth(n);
        err = exemplars_new(&w.store);
        if (!err) {
            add(&w, 1, "{t=\"a\"}", 1, 10);
            add(&w, 1, "{t=\"b\\n\"}", 2, 20);
            add(&w, 2, "{t=\"c\"}", 3, 30);
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
        if (!err)
            assert_true(happened == (exemplars_count(w.store).kept < 3));
        tear_down(&w);
    }
}

static void test_exemplars__forgets_series_that_left(void **state)
{
    const uint32_t gone[] = { 7, 9 };
    struct world w;

    (void)state;
    set_up(&w);
    add(&w, 7, "{t=\"a\"}", 1, 10);
    add(&w, 8, "{t=\"b\"}", 2, 11);
    add(&w, 7, "{t=\"c\"}", 3, 12);
    exemplars_forget(w.store, gone, 2);
    assert_string_equal(text_of(&w, 7, 0, 100), "");
    assert_string_equal(text_of(&w, 8, 0, 100), "t=\"b\" 2@11;");
    assert_int_equal(exemplars_count(w.store).kept, 1);
    add(&w, 7, "{t=\"d\"}", 4, 5); /* another series, under the same reference */
    assert_string_equal(text_of(&w, 7, 0, 100), "t=\"d\" 4@5;");
    for (int i = 0; i < EXEMPLARS_MAX_COUNT; i++) /* once around the ring, over the holes */
        add(&w, 8, "{}", i, 100 + i);
    assert_string_equal(text_of(&w, 7, 0, 100), "");
    assert_int_equal(exemplars_count(w.store).kept, EXEMPLARS_MAX_COUNT);
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exemplars__keeps_those_of_a_series_in_order_of_time),
        cmocka_unit_test(test_exemplars__passes_over_one_that_is_repeated),
        cmocka_unit_test(test_exemplars__refuses_what_is_older_or_too_long),
        cmocka_unit_test(test_exemplars__let_the_oldest_make_room),
        cmocka_unit_test(test_exemplars__forgets_series_that_left),
        cmocka_unit_test(test_exemplars__lose_without_memory_only_what_is_new),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
