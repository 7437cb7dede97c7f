#include <stdio.h>
#include <string.h>

#include "unit.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"

enum { KEYS = 200, STEPS = 20000 };

/* The naive model: a slot per possible key. */
struct model {
    char keys[KEYS][16];
    int *values[KEYS];
    int storage[KEYS * 2];
    size_t count;
};

static void assert_same(const struct map *m, const struct model *model)
{
    size_t cursor = 0, walked = 0;
    struct map_entry *entry;

    assert_int_equal(m->count, model->count);
    for (size_t i = 0; i < KEYS; i++)
        assert_ptr_equal(map_find(m, str_of(model->keys[i])), model->values[i]);
    while ((entry = map_next(m, &cursor))) {
        assert_ptr_equal(map_find(m, entry->key), entry->value);
        walked++;
    }
    assert_int_equal(walked, model->count);
    assert_true(m->slot_count == 0 || m->count * 4 <= m->slot_count * 3);
}

static void step(struct map *m, struct model *model, struct rng *rng)
{
    size_t key = rng_below(rng, KEYS);
    struct str name = str_of(model->keys[key]);

    if (rng_below(rng, 100) < 55) {
        int *value = &model->storage[key + (rng_next(rng) & 1) * KEYS];
        bool is_new = !model->values[key];

        assert_int_equal(map_put(m, name, value), ERR_OK);
        model->count += is_new;
        model->values[key] = value;
    } else {
        assert_ptr_equal(map_remove(m, name), model->values[key]);
        model->count -= model->values[key] != NULL;
        model->values[key] = NULL;
    }
}

static void test_map__behaves_as_the_model(void **state)
{
    static const uint64_t seed = 20261120;
    static struct model model;
    struct map m = map_limited(KEYS);
    struct rng rng = rng_seeded(seed);

    (void)state;
    for (size_t i = 0; i < KEYS; i++)
        snprintf(model.keys[i], sizeof model.keys[i], "key-%zu", i);
    for (int i = 0; i < STEPS; i++) {
        step(&m, &model, &rng);
        if (i % 50 == 0)
            assert_same(&m, &model);
    }
    assert_same(&m, &model);
    map_release(&m);
}

static void test_map__an_empty_map_answers(void **state)
{
    struct map m = map_limited(10);
    size_t cursor = 0;

    (void)state;
    assert_null(map_find(&m, STR("x")));
    assert_null(map_remove(&m, STR("x")));
    assert_null(map_next(&m, &cursor));
    map_release(&m);
    map_release(&m);
}

static void test_map__full_refuses_new_keys_and_replaces_old_ones(void **state)
{
    struct map m = map_limited(2);
    int a, b, c;

    (void)state;
    assert_int_equal(map_put(&m, STR("a"), &a), ERR_OK);
    assert_int_equal(map_put(&m, STR(""), &b), ERR_OK);
    assert_int_equal(map_put(&m, STR("c"), &c), ERR_LIMIT);
    assert_int_equal(map_put(&m, STR("a"), &c), ERR_OK);
    assert_ptr_equal(map_find(&m, STR("a")), &c);
    assert_ptr_equal(map_find(&m, STR("")), &b);
    assert_null(map_find(&m, STR("c")));
    map_release(&m);
}

static void test_map__survives_every_failing_allocation(void **state)
{
    static char keys[100][8];
    bool happened = true;

    (void)state;
    for (size_t i = 0; i < 100; i++)
        snprintf(keys[i], sizeof keys[i], "%zu", i);
    for (long n = 1; happened; n++) {
        struct map m = map_limited(100);
        size_t refused = 0;

        mem_fail_nth(n);
        for (size_t i = 0; i < 100; i++) {
            enum err err = map_put(&m, str_of(keys[i]), keys[i]);

            assert_true(err == ERR_OK || err == ERR_NOMEM);
            refused += err == ERR_NOMEM;
        }
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(refused, happened ? 1 : 0);
        assert_int_equal(m.count, 100 - refused);
        for (size_t i = 0, found = 0; i < 100; i++)
            assert_true((found += map_find(&m, str_of(keys[i])) != NULL) + refused >= i);
        map_release(&m);
        assert_true(n < 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__behaves_as_the_model),
        cmocka_unit_test(test_map__an_empty_map_answers),
        cmocka_unit_test(test_map__full_refuses_new_keys_and_replaces_old_ones),
        cmocka_unit_test(test_map__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
