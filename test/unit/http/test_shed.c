#include "unit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "http/shed.h"

enum { FILES_MAX = 256 };

/* Takes all descriptors that are left below the limit. */
static int take_all(int taken[FILES_MAX])
{
    int count = 0;

    while (count < FILES_MAX && (taken[count] = dup(0)) >= 0)
        count++;
    assert_true(count < FILES_MAX);
    return count;
}

/* How many descriptors the process could still open. */
static int free_files(void)
{
    int taken[FILES_MAX], count = take_all(taken);

    for (int i = 0; i < count; i++)
        close(taken[i]);
    return count;
}

static void test_shed__sets_a_descriptor_free_when_there_is_none(void **state)
{
    struct rlimit before, low = { .rlim_cur = FILES_MAX };
    int taken[FILES_MAX], count, all;
    struct shed shed;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    all = free_files();
    shed_init(&shed, 0);
    assert_int_equal(free_files(), all - SHED_SPARES);
    shed_look(&shed);
    assert_false(shed.out);

    count = take_all(taken);
    shed_look(&shed);
    assert_true(shed.out);
    assert_int_equal(free_files(), 1);
    shed_look(&shed); /* nobody took it: nothing changes */
    assert_true(shed.out);
    assert_int_equal(free_files(), 1);

    close(taken[--count]);
    shed_look(&shed);
    assert_false(shed.out);
    assert_int_equal(shed.spare_count, SHED_SPARES);
    while (count)
        close(taken[--count]);
    shed_release(&shed);
    assert_int_equal(free_files(), all);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void test_shed__has_some_for_when_others_take_them(void **state)
{
    struct rlimit before, low = { .rlim_cur = FILES_MAX };
    int taken[FILES_MAX], count;
    struct shed shed;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    low.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    shed_init(&shed, 0);
    count = take_all(taken);
    for (size_t left = SHED_SPARES; left > 0; left--) {
        shed_look(&shed);
        assert_int_equal(shed.spare_count, left - 1);
        taken[count++] = dup(0);
        assert_true(taken[count - 1] >= 0);
    }
    shed_look(&shed);
    assert_true(shed.out);
    while (count)
        close(taken[--count]);
    shed_look(&shed);
    assert_false(shed.out);
    assert_int_equal(shed.spare_count, SHED_SPARES);
    shed_release(&shed);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shed__sets_a_descriptor_free_when_there_is_none),
        cmocka_unit_test(test_shed__has_some_for_when_others_take_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
