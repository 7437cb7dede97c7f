#include "unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "head/slots.h"

enum { NUMBERS = 3000, STEPS = 100000 };

/* Some share their hash, some crowd at the end of the table, so that runs go around it. */
static uint32_t hash_of(uint32_t number)
{
    if (number % 7 == 0)
        return UINT32_MAX - number % 5;
    return number % 11 == 0 ? 77 : number * 2654435761U;
}

static bool has(const struct slots *s, uint32_t number)
{
    uint32_t hash = hash_of(number), found;
    size_t at = slots_home(s, hash);

    while ((found = slots_next(s, hash, &at)))
        if (found == number)
            return true;
    return false;
}

static void test_slots__agree_with_a_list(void **state)
{
    bool *there = calloc(NUMBERS + 1, sizeof *there);
    struct rng rng = rng_seeded(11);
    struct slots s = { 0 };
    size_t count = 0;

    (void)state;
    assert_false(has(&s, 1));
    for (int i = 0; i < STEPS; i++) {
        uint32_t number = 1 + (uint32_t)rng_below(&rng, NUMBERS);

        assert_int_equal(has(&s, number), there[number]);
        if (there[number]) {
            slots_remove(&s, hash_of(number), number);
        } else {
            assert_true(slots_reserve(&s));
            slots_add(&s, hash_of(number), number);
        }
        there[number] = !there[number];
        count = there[number] ? count + 1 : count - 1;
        assert_int_equal(s.count, count);
        if (i % 10000 == 0) {
            slots_trim(&s);
            for (uint32_t k = 1; k <= NUMBERS; k++)
                assert_int_equal(has(&s, k), there[k]);
        }
    }
    slots_release(&s);
    free(there);
}

static void test_slots__stay_between_half_and_three_quarters_full(void **state)
{
    struct slots s = { 0 };

    (void)state;
    for (uint32_t number = 1; number <= 100000; number++) {
        assert_true(slots_reserve(&s));
        slots_add(&s, number * 2654435761U, number);
        assert_true(s.count * 4 <= s.slot_count * 3);
        assert_true(number < 1000 || s.count * 100 >= s.slot_count * 59);
    }
    for (uint32_t number = 1; number <= 99000; number++)
        slots_remove(&s, number * 2654435761U, number);
    slots_trim(&s);
    assert_true(s.slot_count < 2000);
    assert_int_equal(slots_bytes(&s), s.slot_count * sizeof(struct slot));
    slots_release(&s);
}

static void test_slots__survive_every_failed_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct slots s = { 0 };
        size_t count = 0;

        mem_fail_nth(n);
        for (uint32_t number = 1; number <= 500; number++) {
            if (!slots_reserve(&s))
                continue;
            slots_add(&s, hash_of(number), number);
            count++;
        }
        for (uint32_t number = 1; number <= 500; number++)
            if (has(&s, number)) {
                slots_remove(&s, hash_of(number), number);
                count--;
            }
        slots_trim(&s);
        assert_int_equal(count, 0);
        assert_int_equal(s.count, 0);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        slots_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slots__agree_with_a_list),
        cmocka_unit_test(test_slots__stay_between_half_and_three_quarters_full),
        cmocka_unit_test(test_slots__survive_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
