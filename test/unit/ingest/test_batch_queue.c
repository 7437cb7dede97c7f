#include "unit.h"

#include "base/attr.h"
#include "ingest/batch_queue.h"

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

static void test_batch_queue__books_what_waits_and_gives_it_back(void **state UNUSED)
{
    struct budget budget;
    struct queue queue;
    void *popped;

    budget_init(&budget, 0);
    assert_int_equal(queue_init(&queue, 4, QUEUE_REFUSE, drop_batch), ERR_OK);
    assert_int_equal(batch_queue_push(&queue, &budget, sample_batch_new(10)), ERR_OK);
    assert_int_equal(batch_queue_push(&queue, &budget, sample_batch_new(20)), ERR_OK);
    assert_int_equal(budget_used_bytes(&budget),
                     2 * sizeof(struct sample_batch) + 30 * sizeof(struct series_sample));
    while (!queue_pop(&queue, 0, &popped)) {
        batch_queue_note_gone(&budget, popped);
        sample_batch_free(popped);
    }
    assert_int_equal(budget_used_bytes(&budget), 0);
    queue_release(&queue);
}

static void test_batch_queue__a_refused_batch_stays_the_callers(void **state UNUSED)
{
    struct sample_batch *batch = sample_batch_new(10);
    struct budget budget;
    struct queue queue;

    budget_init(&budget, 1000);
    assert_int_equal(queue_init(&queue, 1, QUEUE_REFUSE, drop_batch), ERR_OK);
    assert_int_equal(batch_queue_push(&queue, &budget, sample_batch_new(1)), ERR_OK);
    assert_int_equal(batch_queue_push(&queue, &budget, batch), ERR_OVERLOADED);
    assert_int_equal(budget.used_bytes[BUDGET_INGEST],
                     sizeof(struct sample_batch) + sizeof(struct series_sample));
    budget_set(&budget, BUDGET_INDEX, 1000);
    assert_int_equal(batch_queue_push(&queue, &budget, batch), ERR_LIMIT);
    sample_batch_free(batch);
    queue_release(&queue);
}

static void test_batch_queue__works_without_a_budget(void **state UNUSED)
{
    struct queue queue;

    assert_int_equal(queue_init(&queue, 1, QUEUE_REFUSE, drop_batch), ERR_OK);
    assert_int_equal(batch_queue_push(&queue, NULL, sample_batch_new(1)), ERR_OK);
    queue_release(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_queue__books_what_waits_and_gives_it_back),
        cmocka_unit_test(test_batch_queue__a_refused_batch_stays_the_callers),
        cmocka_unit_test(test_batch_queue__works_without_a_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
