#include "unit.h"

#include "base/attr.h"
#include "base/mem.h"
#include "base/thread.h"
#include "monitor/publication.h"

enum { READERS = 3, VIEWS = 20000 };

static struct monitor_view *view_new(uint64_t seq)
{
    struct monitor_view *view = mem_alloc_zero(1, sizeof *view);

    assert_non_null(view);
    atomic_init(&view->references, 1);
    view->arena = arena_limited(1024);
    view->seq = seq;
    return view;
}

static void test_publication__has_none_before_the_first(void **state UNUSED)
{
    struct publication p;

    publication_init(&p);
    assert_null(publication_get(&p));
    publication_release(&p);
}

static void test_publication__a_taken_view_outlives_its_successor(void **state UNUSED)
{
    struct publication p;
    struct monitor_view *taken;

    publication_init(&p);
    publication_set(&p, view_new(1));
    taken = publication_get(&p);
    publication_set(&p, view_new(2));
    assert_int_equal(taken->seq, 1);
    view_unref(taken);
    taken = publication_get(&p);
    publication_release(&p);
    assert_int_equal(taken->seq, 2);
    view_unref(taken);
    view_unref(NULL);
}

static void *read_on(void *arg)
{
    uint64_t before = 0;

    while (before < VIEWS) {
        struct monitor_view *view = publication_get(arg);

        if (view->seq < before)
            break;
        before = view->seq;
        view_unref(view);
    }
    return NULL;
}

static void test_publication__readers_see_views_in_order(void **state UNUSED)
{
    struct thread readers[READERS] = { 0 };
    struct publication p;

    publication_init(&p);
    publication_set(&p, view_new(1));
    for (int i = 0; i < READERS; i++)
        assert_int_equal(thread_start(&readers[i], "reader", read_on, &p), ERR_OK);
    for (uint64_t seq = 2; seq <= VIEWS; seq++)
        publication_set(&p, view_new(seq));
    for (int i = 0; i < READERS; i++)
        thread_stop(&readers[i]);
    assert_int_equal(atomic_load(&p.view->references), 1);
    publication_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publication__has_none_before_the_first),
        cmocka_unit_test(test_publication__a_taken_view_outlives_its_successor),
        cmocka_unit_test(test_publication__readers_see_views_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
