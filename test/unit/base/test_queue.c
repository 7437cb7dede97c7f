#include "unit.h"

#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"

enum { PRODUCERS = 3, CONSUMERS = 2, ITEMS_EACH = 5000 };

static size_t dropped;
static uintptr_t last_dropped;

static void count_drop(void *item)
{
    dropped++;
    last_dropped = (uintptr_t)item;
}

static void *item(uintptr_t number)
{
    return (void *)number; /* the queue never looks inside */
}

static void open_queue(struct queue *q, size_t capacity, enum queue_when_full when_full)
{
    dropped = 0;
    assert_int_equal(queue_init(q, capacity, when_full, count_drop), ERR_OK);
}

static void assert_pops(struct queue *q, uintptr_t number)
{
    void *got = NULL;

    assert_int_equal(queue_pop(q, 0, &got), ERR_OK);
    assert_int_equal((uintptr_t)got, number);
}

static void test_queue__gives_in_the_order_of_taking(void **state)
{
    struct queue q;

    (void)state;
    open_queue(&q, 3, QUEUE_REFUSE);
    for (uintptr_t i = 1; i <= 20; i++) { /* around the ring */
        assert_int_equal(queue_push(&q, item(i)), ERR_OK);
        assert_int_equal(queue_push(&q, item(i + 100)), ERR_OK);
        assert_int_equal(queue_count(&q), 2);
        assert_pops(&q, i);
        assert_pops(&q, i + 100);
    }
    queue_release(&q);
    assert_int_equal(dropped, 0);
}

static void test_queue__refuses_when_full_if_told_so(void **state)
{
    struct queue q;

    (void)state;
    open_queue(&q, 1, QUEUE_REFUSE);
    assert_int_equal(queue_push(&q, item(1)), ERR_OK);
    assert_int_equal(queue_push(&q, item(2)), ERR_OVERLOADED);
    assert_int_equal(queue_count(&q), 1);
    assert_pops(&q, 1);
    assert_int_equal(queue_push(&q, item(3)), ERR_OK);
    queue_release(&q);
    assert_int_equal(dropped, 1); /* what was left */
    assert_int_equal(last_dropped, 3);
}

static void test_queue__drops_the_oldest_if_told_so(void **state)
{
    struct queue q;

    (void)state;
    open_queue(&q, 2, QUEUE_DROP_OLDEST);
    for (uintptr_t i = 1; i <= 5; i++)
        assert_int_equal(queue_push(&q, item(i)), ERR_OK);
    assert_int_equal(dropped, 3);
    assert_int_equal(last_dropped, 3);
    assert_int_equal(q.dropped_count, 3);
    assert_pops(&q, 4);
    assert_pops(&q, 5);
    queue_release(&q);
}

static void test_queue__an_empty_one_times_out(void **state)
{
    struct queue q;
    void *got = NULL;

    (void)state;
    open_queue(&q, 2, QUEUE_REFUSE);
    assert_int_equal(queue_pop(&q, 0, &got), ERR_TIMEOUT);
    assert_int_equal(queue_pop(&q, 1000, &got), ERR_TIMEOUT);
    assert_null(got);
    assert_int_equal(queue_push(&q, item(1)), ERR_OK);
    assert_int_equal(queue_pop(&q, INT64_MAX, &got), ERR_OK);
    queue_release(&q);
}

static void test_queue__closed_gives_what_is_left_and_takes_no_more(void **state)
{
    struct queue q;
    void *got = NULL;

    (void)state;
    open_queue(&q, 2, QUEUE_BLOCK);
    assert_int_equal(queue_push(&q, item(1)), ERR_OK);
    queue_close(&q);
    assert_int_equal(queue_push(&q, item(2)), ERR_CANCELLED);
    assert_pops(&q, 1);
    assert_int_equal(queue_pop(&q, -1, &got), ERR_CANCELLED);
    queue_release(&q);
}

static void *push_one_more(void *arg)
{
    struct queue *q = arg;

    return queue_push(q, item(2)) == ERR_CANCELLED ? q : NULL;
}

static void *pop_for_ever(void *arg)
{
    struct queue *q = arg;
    void *got = NULL;

    return queue_pop(q, -1, &got) == ERR_CANCELLED ? q : NULL;
}

/* Whether the thread waits already or comes later, closing answers it. */
static void assert_close_wakes(struct queue *q, void *(*run)(void *))
{
    struct thread t = { .running = false };
    void *result = NULL;

    assert_int_equal(thread_start(&t, "waits", run, q), ERR_OK);
    queue_close(q);
    pthread_join(t.id, &result);
    assert_ptr_equal(result, q);
}

static void test_queue__close_wakes_who_waits(void **state)
{
    struct queue full, empty;

    (void)state;
    open_queue(&full, 1, QUEUE_BLOCK);
    open_queue(&empty, 1, QUEUE_BLOCK);
    assert_int_equal(queue_push(&full, item(1)), ERR_OK);
    assert_close_wakes(&full, push_one_more);
    assert_close_wakes(&empty, pop_for_ever);
    queue_release(&full);
    queue_release(&empty);
}

struct traffic {
    struct queue *q;
    uintptr_t first; /* of a producer */
    uint64_t sum;    /* of a consumer */
    uint64_t count;
    bool in_order;
};

static void *produce(void *arg)
{
    struct traffic *t = arg;

    for (uintptr_t i = 0; i < ITEMS_EACH; i++)
        if (queue_push(t->q, item(t->first + i)) != ERR_OK)
            return NULL;
    return t;
}

static void *consume(void *arg)
{
    struct traffic *t = arg;
    uintptr_t last[PRODUCERS] = { 0 };
    void *got = NULL;

    t->in_order = true;
    while (queue_pop(t->q, -1, &got) == ERR_OK) {
        uintptr_t number = (uintptr_t)got;
        size_t producer = number / 1000000 - 1;

        t->in_order = t->in_order && number > last[producer];
        last[producer] = number;
        t->sum += number;
        t->count++;
    }
    return t;
}

static void test_queue__many_threads_lose_nothing_and_keep_each_order(void **state)
{
    struct traffic from[PRODUCERS], to[CONSUMERS] = { 0 };
    struct thread producers[PRODUCERS], consumers[CONSUMERS];
    uint64_t expected = 0, sum = 0, count = 0;
    struct queue q;

    (void)state;
    open_queue(&q, 7, QUEUE_BLOCK);
    for (size_t i = 0; i < CONSUMERS; i++) {
        to[i].q = &q;
        assert_int_equal(thread_start(&consumers[i], "consumer", consume, &to[i]), ERR_OK);
    }
    for (size_t i = 0; i < PRODUCERS; i++) {
        from[i] = (struct traffic){ .q = &q, .first = (i + 1) * 1000000 };
        assert_int_equal(thread_start(&producers[i], "producer", produce, &from[i]), ERR_OK);
        for (uintptr_t k = 0; k < ITEMS_EACH; k++)
            expected += from[i].first + k;
    }
    for (size_t i = 0; i < PRODUCERS; i++)
        thread_stop(&producers[i]);
    queue_close(&q);
    for (size_t i = 0; i < CONSUMERS; i++) {
        thread_stop(&consumers[i]);
        assert_true(to[i].in_order);
        sum += to[i].sum;
        count += to[i].count;
    }
    assert_int_equal(count, PRODUCERS * ITEMS_EACH);
    assert_int_equal(sum, expected);
    assert_int_equal(dropped, 0);
    queue_release(&q);
    queue_release(&q);
}

static void test_queue__survives_every_failing_allocation(void **state)
{
    bool happened = true;

    (void)state;
    for (long n = 1; happened; n++) {
        struct queue q;
        enum err err;

        mem_fail_nth(n);
        err = queue_init(&q, 4, QUEUE_REFUSE, count_drop);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        queue_release(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue__gives_in_the_order_of_taking),
        cmocka_unit_test(test_queue__refuses_when_full_if_told_so),
        cmocka_unit_test(test_queue__drops_the_oldest_if_told_so),
        cmocka_unit_test(test_queue__an_empty_one_times_out),
        cmocka_unit_test(test_queue__closed_gives_what_is_left_and_takes_no_more),
        cmocka_unit_test(test_queue__close_wakes_who_waits),
        cmocka_unit_test(test_queue__many_threads_lose_nothing_and_keep_each_order),
        cmocka_unit_test(test_queue__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
