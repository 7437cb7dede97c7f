/* The query threads with questions that never touch a store: what is answered is what it was asked.
 */
#include "unit.h"

#include "api/stored_history.h"
#include "base/attr.h"
#include "base/mem.h"
#include "daemon/query_thread.h"

enum { ARRIVED_S = 100 };

/* In place of http/park.c, http/request.c and api/service_page.c. */
struct http_parked {
    enum err err;
    atomic_bool answered, finished;
    atomic_bool gone; /* its client */
};

static struct manual_clock hands;
static atomic_int at_work; /* questions that wait for their end, as a long one does */
static atomic_int ended;   /* and those that have come to it */
static bool is_long;
static struct service_history seen[4]; /* by what is asked for: period_s - 7200 */
static _Atomic int64_t seen_stored_ms;

struct http_request *http_parked_request(struct http_parked *parked)
{
    return (struct http_request *)(void *)parked;
}

int64_t http_request_received_mono_ns(const struct http_request *req UNUSED)
{
    return ARRIVED_S * INT64_C(1000000000);
}

bool http_parked_is_wanted(struct http_parked *parked)
{
    return !atomic_load(&parked->gone);
}

void http_request_finish(struct http_parked *parked, enum err err, struct http_reply *reply UNUSED)
{
    parked->err = err;
    parked->finished = true;
}

void api_answer_stored(struct api *api UNUSED, struct http_parked *parked, struct stored_ask *ask,
                       struct service_history *history)
{
    enum err err = ask->go_on(ask->ctx);

    if (!is_long) /* several threads work at those that are */
        seen[history->period_s - 7200] = *history;
    atomic_store(&seen_stored_ms, ask->stored_ms);
    atomic_fetch_add(&at_work, 1);
    while (is_long && !err)
        err = ask->go_on(ask->ctx);
    parked->err = err;
    parked->answered = true;
    atomic_fetch_add(&ended, 1);
}

static void answer_simply(struct api *api UNUSED, struct http_parked *parked,
                          enum err (*go_on)(void *ctx), void *ctx)
{
    parked->err = go_on(ctx);
    parked->answered = true;
    atomic_fetch_add(&at_work, 1);
}

struct stage {
    struct api api;
    struct query_thread query;
};

static void open_stage(struct stage *s)
{
    *s = (struct stage){ .query = { .clock = clock_manual(&hands) } };
    s->query.api = &s->api;
    atomic_store(&hands.mono_ns, ARRIVED_S * INT64_C(1000000000));
    atomic_store(&at_work, 0);
    atomic_store(&ended, 0);
    is_long = false;
    assert_int_equal(query_thread_init(&s->query), ERR_OK);
}

static enum err ask(struct stage *s, struct http_parked *parked, int period_s)
{
    struct service_history history = { .period_s = period_s, .count = 1 };

    history.lines[HISTORY_CALLS][0] = 7;
    return query_thread_ask_history(&s->query, parked, 10000, &history);
}

static void test_query_thread__answers_what_it_is_asked(void **state UNUSED)
{
    struct http_parked asks[3] = { { .answered = false } };
    struct stage s;

    open_stage(&s);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&s, &asks[i], 7200 + i), ERR_OK);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < 3)
        ;
    query_thread_stop(&s.query);
    for (int i = 0; i < 3; i++) {
        assert_true(asks[i].answered && !asks[i].finished);
        assert_int_equal(asks[i].err, ERR_OK);
        assert_int_equal(seen[i].period_s, 7200 + i);
        assert_float_equal(seen[i].lines[HISTORY_CALLS][0], 7, 0);
    }
    assert_int_equal(seen_stored_ms, 10000);
    query_thread_release(&s.query);
}

static void test_query_thread__other_questions_wait_among_them(void **state UNUSED)
{
    struct http_parked asks[3] = { { .answered = false } };
    struct stage s;

    open_stage(&s);
    assert_int_equal(query_thread_ask(&s.query, &asks[0], answer_simply), ERR_OK);
    assert_int_equal(ask(&s, &asks[1], 7200), ERR_OK);
    assert_int_equal(query_thread_ask(&s.query, &asks[2], answer_simply), ERR_OK);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < 3)
        ;
    query_thread_stop(&s.query);
    for (int i = 0; i < 3; i++)
        assert_true(asks[i].answered && asks[i].err == ERR_OK);
    assert_int_equal(query_thread_ask(&s.query, &asks[0], answer_simply), ERR_CANCELLED);
    query_thread_release(&s.query);
}

static void test_query_thread__refuses_when_enough_wait(void **state UNUSED)
{
    struct http_parked asks[QUERY_ASKS_MAX + 1] = { { .answered = false } };
    struct stage s;

    open_stage(&s);
    for (int i = 0; i < QUERY_ASKS_MAX; i++)
        assert_int_equal(ask(&s, &asks[i], 7200), ERR_OK);
    assert_int_equal(ask(&s, &asks[QUERY_ASKS_MAX], 7200), ERR_OVERLOADED);
    query_thread_stop(&s.query);
    query_thread_release(&s.query); /* it never ran */
    for (int i = 0; i < QUERY_ASKS_MAX; i++)
        assert_true(asks[i].finished && asks[i].err == ERR_CANCELLED);
    assert_false(asks[QUERY_ASKS_MAX].finished); /* its owner's */
}

static void test_query_thread__gives_up_at_the_deadline(void **state UNUSED)
{
    struct http_parked one = { .answered = false }, late = { .answered = false };
    struct stage s;

    open_stage(&s);
    is_long = true;
    assert_int_equal(ask(&s, &one, 7200), ERR_OK);
    assert_int_equal(ask(&s, &late, 7200), ERR_OK);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < 1)
        ;
    assert_false(one.answered || late.answered);
    manual_clock_advance(&hands, 30000);
    while (atomic_load(&ended) < 2)
        ;
    query_thread_stop(&s.query);
    assert_int_equal(one.err, ERR_TIMEOUT);
    assert_int_equal(late.err, ERR_TIMEOUT);
    assert_int_equal(s.api.own.queries.timed_out, 2);
    query_thread_release(&s.query);
}

/* Looked at now and then, for that asks the kernel. */
static void test_query_thread__gives_up_when_nobody_waits_for_it(void **state UNUSED)
{
    struct http_parked one = { .answered = false };
    struct stage s;

    open_stage(&s);
    is_long = true;
    assert_int_equal(ask(&s, &one, 7200), ERR_OK);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < 1)
        ;
    assert_int_equal(atomic_load(&s.api.own.queries.running), 1);
    atomic_store(&one.gone, true);
    assert_false(one.answered);
    manual_clock_advance(&hands, 50);
    while (atomic_load(&ended) < 1)
        ;
    query_thread_stop(&s.query);
    assert_int_equal(one.err, ERR_CANCELLED);
    assert_int_equal(s.api.own.queries.cancelled, 1);
    assert_int_equal(s.api.own.queries.timed_out, 0);
    query_thread_release(&s.query);
}

/* Each of them took a second by the clock. */
static void test_query_thread__counts_what_became_of_questions(void **state UNUSED)
{
    struct http_parked asks[QUERY_ASKS_MAX + 2] = { { .answered = false } };
    struct own_queries *own;
    int refused = 0;
    struct stage s;

    open_stage(&s);
    own = &s.api.own.queries;
    for (int i = 0; i < QUERY_ASKS_MAX + 2; i++)
        refused += query_thread_ask(&s.query, &asks[i], answer_simply) == ERR_OVERLOADED;
    assert_int_equal(refused, 2);
    assert_int_equal(own->refused, 2);
    manual_clock_advance(&hands, 1000);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < QUERY_ASKS_MAX)
        ;
    query_thread_stop(&s.query);
    assert_int_equal(own->running, 0);
    assert_int_equal(own->cancelled, 0);
    assert_int_equal(own->duration.sum_ns, QUERY_ASKS_MAX * INT64_C(1000000000));
    query_thread_release(&s.query);
}

static void test_query_thread__stopping_does_not_wait_for_questions(void **state UNUSED)
{
    struct http_parked one = { .answered = false }, next = { .answered = false };
    struct stage s;

    open_stage(&s);
    is_long = true;
    assert_int_equal(ask(&s, &one, 7200), ERR_OK);
    assert_int_equal(ask(&s, &next, 7200), ERR_OK);
    assert_int_equal(query_thread_start(&s.query), ERR_OK);
    while (atomic_load(&at_work) < 1)
        ;
    query_thread_stop(&s.query);
    assert_true(one.answered && one.err == ERR_CANCELLED);
    assert_true(next.answered && next.err == ERR_CANCELLED); /* it waited, or was worked at */
    assert_int_equal(ask(&s, &one, 7200), ERR_CANCELLED);
    query_thread_release(&s.query);
}

static void test_query_thread__without_memory_it_refuses(void **state UNUSED)
{
    struct http_parked one = { .answered = false };
    struct stage s = { .api = { .version = NULL } };

    mem_fail_nth(1);
    assert_int_equal(query_thread_init(&s.query), ERR_NOMEM);
    query_thread_stop(&s.query);
    query_thread_release(&s.query);
    open_stage(&s);
    mem_fail_nth(1);
    assert_int_equal(ask(&s, &one, 7200), ERR_NOMEM);
    mem_fail_nth(0);
    query_thread_release(&s.query);
    assert_false(one.finished);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_thread__answers_what_it_is_asked),
        cmocka_unit_test(test_query_thread__other_questions_wait_among_them),
        cmocka_unit_test(test_query_thread__refuses_when_enough_wait),
        cmocka_unit_test(test_query_thread__gives_up_at_the_deadline),
        cmocka_unit_test(test_query_thread__gives_up_when_nobody_waits_for_it),
        cmocka_unit_test(test_query_thread__counts_what_became_of_questions),
        cmocka_unit_test(test_query_thread__stopping_does_not_wait_for_questions),
        cmocka_unit_test(test_query_thread__without_memory_it_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
