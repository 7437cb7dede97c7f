#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/thread.h"
#include "config/snapshot.h"

enum { THREADS = 4, ROUNDS = 10000 };

static void *take_and_drop(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        config_unref(config_ref(arg));
    config_unref(arg);
    return NULL;
}

static void test_snapshot__references_are_counted_across_threads(void **state UNUSED)
{
    struct config *cfg = snapshot_new();
    struct thread threads[THREADS] = { 0 };

    assert_non_null(cfg);
    assert_non_null(arena_alloc(&cfg->arena, 1));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(thread_start(&threads[i], "ref", take_and_drop, config_ref(cfg)), ERR_OK);
    config_unref(cfg);
    for (int i = 0; i < THREADS; i++)
        thread_stop(&threads[i]);
}

static void test_snapshot__no_memory_gives_none(void **state UNUSED)
{
    mem_fail_nth(1);
    assert_null(snapshot_new());
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot__references_are_counted_across_threads),
        cmocka_unit_test(test_snapshot__no_memory_gives_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
