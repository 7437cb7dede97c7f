#include "unit.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/rng.h"
#include "head/symbols.h"

enum { NAMES = 5, VALUES = 200, STEPS = 20000 };

/* Names and values overlap: a symbol may be both. */
static struct str text(char out[16], unsigned number)
{
    snprintf(out, 16, "t%u", number);
    return str_of(out);
}

static void check(const struct symbols *s, unsigned name, unsigned value, uint32_t number)
{
    char a[16], b[16];
    struct str name_text = text(a, name), value_text = text(b, value);
    struct label label;

    assert_int_equal(symbols_find_pair(s, name_text, value_text), number);
    if (!number)
        return;
    label = symbols_label(s, number);
    assert_true(str_equals(label.name, name_text));
    assert_true(str_equals(label.value, value_text));
}

static void test_symbols__keep_only_what_is_used(void **state)
{
    static uint32_t numbers[NAMES][VALUES];
    struct rng rng = rng_seeded(2);
    struct symbols s;

    (void)state;
    assert_int_equal(symbols_init(&s), ERR_OK);
    for (int i = 0; i < STEPS; i++) {
        unsigned name = (unsigned)rng_below(&rng, NAMES), value = (unsigned)rng_below(&rng, VALUES);
        uint32_t *number = &numbers[name][value];
        char a[16], b[16];

        check(&s, name, value, *number);
        if (*number && rng_below(&rng, 2)) {
            symbols_drop_pair(&s, *number);
            *number = 0;
        } else {
            uint32_t before = *number;

            *number = symbols_pair(&s, text(a, name), text(b, value));
            assert_true(*number && (!before || before == *number));
        }
        if (i % 4000 == 0)
            symbols_trim(&s);
    }
    for (unsigned name = 0; name < NAMES; name++)
        for (unsigned value = 0; value < VALUES; value++) {
            check(&s, name, value, numbers[name][value]);
            if (numbers[name][value])
                symbols_drop_pair(&s, numbers[name][value]);
        }
    assert_int_equal(s.symbols.count, 0);
    assert_int_equal(s.pairs.count, 0);
    assert_int_equal(s.pool.used_bytes, 0);
    symbols_trim(&s);
    assert_true(symbols_bytes(&s) < 4096);
    symbols_release(&s);
}

static void test_symbols__leave_nothing_behind_without_memory(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct symbols s;
        size_t count = 0;
        char a[16], b[16];

        mem_fail_nth(n);
        if (symbols_init(&s) == ERR_OK) {
            for (unsigned i = 0; i < 100; i++)
                count += symbols_pair(&s, text(a, i % 3), text(b, i)) != 0;
            assert_int_equal(s.pairs.count, count);
            for (unsigned i = 0; i < 100; i++) {
                uint32_t number = symbols_find_pair(&s, text(a, i % 3), text(b, i));

                if (number)
                    symbols_drop_pair(&s, number);
            }
            assert_int_equal(s.symbols.count, 0);
            assert_int_equal(s.pool.used_bytes, 0);
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        symbols_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_symbols__keep_only_what_is_used),
        cmocka_unit_test(test_symbols__leave_nothing_behind_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
