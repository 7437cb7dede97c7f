#include "unit.h"

#include <unistd.h>

#include "base/attr.h"
#include "daemon/limits.h"

static void test_limits__what_is_configured_wins(void **state UNUSED)
{
    assert_int_equal(limits_memory_bytes(1), 1);
    assert_int_equal(limits_memory_bytes(INT64_C(1) << 40), INT64_C(1) << 40);
}

static void test_limits__otherwise_it_is_at_most_half_of_the_machine(void **state UNUSED)
{
    size_t machine = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    size_t granted = limits_memory_bytes(0);

    assert_in_range(granted, 1, machine / 2);
    assert_int_equal(limits_memory_bytes(-1), granted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits__what_is_configured_wins),
        cmocka_unit_test(test_limits__otherwise_it_is_at_most_half_of_the_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
