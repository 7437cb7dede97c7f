/* Cursors of several threads on the same blocks, while others open, trim and give them back. */
#include "block_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "block/block_file.h"

enum { BLOCKS = 3, READERS = 3, ROUNDS = 40, SERIES = 300 };

struct shared {
    struct block *blocks[BLOCKS];
    const struct model *model;
    atomic_bool done;
};

static bool read_block(struct block *b, const struct model *m, struct sample_list *list)
{
    struct block_cursor *c = NULL;
    bool good = block_cursor_new(b, &c) == ERR_OK;

    for (uint32_t i = 0; i < m->count && good; i += 7) {
        struct labels labels;

        list->count = 0;
        good = block_labels(c, i, &labels, NULL) == ERR_OK &&
               labels_equals(labels, m->series[i].labels) &&
               block_samples(c, i, INT64_MIN, INT64_MAX, list, NULL) == ERR_OK &&
               samples_equal(list->items, list->count, m->series[i].samples, m->series[i].count);
    }
    block_cursor_free(c);
    return good;
}

static void *read_many(void *arg)
{
    struct shared *s = arg;
    struct sample_list list = { 0 };
    bool good = true;

    for (int round = 0; round < ROUNDS && good; round++) {
        struct block *b = block_ref(s->blocks[round % BLOCKS]);

        good = read_block(b, s->model, &list);
        block_unref(b);
    }
    mem_free(list.items);
    return good ? s : NULL;
}

static void *trim_many(void *arg)
{
    struct shared *s = arg;

    for (size_t i = 0; !atomic_load(&s->done); i++) {
        block_trim(s->blocks[i % BLOCKS]);
        if (block_bytes(s->blocks[i % BLOCKS]) == 0)
            return NULL;
    }
    return s;
}

static void test_block_threads__read_the_same_blocks(void **state)
{
    static const char *const names[BLOCKS] = { "a", "b", "c" };
    struct fixture *f = *state;
    struct shared s = { .model = &f->model };
    pthread_t readers[READERS], trimmer;
    void *result = NULL;

    for (unsigned i = 0; i < SERIES; i++) {
        struct model_series *series = model_add(&f->model, model_numbered(&f->model, i, true), 9);

        for (int k = 0; k < 9; k++)
            model_push(series, 1000 * k, i + k / 7.0);
    }
    model_sort(&f->model);
    for (size_t i = 0; i < BLOCKS; i++) {
        fixture_write(f, &f->model, names[i]);
        s.blocks[i] = fixture_open(f, names[i]);
    }
    assert_int_equal(pthread_create(&trimmer, NULL, trim_many, &s), 0);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_many, &s), 0);
    for (size_t i = 0; i < READERS; i++) {
        pthread_join(readers[i], &result);
        assert_non_null(result);
    }
    atomic_store(&s.done, true);
    pthread_join(trimmer, &result);
    assert_non_null(result);
    for (size_t i = 0; i < BLOCKS; i++)
        block_unref(s.blocks[i]);
    assert_int_equal(block_files_open_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_block_threads__read_the_same_blocks, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
