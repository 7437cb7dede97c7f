#include "daemon/query_thread.h"

#include "api/stored_history.h"
#include "base/mem.h"

static const int64_t QUERY_DEADLINE_NS = 30000000000; /* from the request's arrival */
static const int64_t LOOK_INTERVAL_NS = 50000000;     /* is the client still there? */

struct question {
    struct query_thread *asked;
    struct http_parked *parked;
    int64_t arrived_mono_ns;
    int64_t deadline_mono_ns;
    int64_t look_mono_ns; /* when to look at the client next */
    enum err given_up;    /* why go_on said so, or ERR_OK */
    api_answer *answer;   /* NULL: a history */
    int64_t stored_ms;
    struct service_history history;
};

static void drop_question(void *ptr)
{
    struct question *q = ptr;
    struct http_reply none = { 0 };

    http_request_finish(q->parked, ERR_CANCELLED, &none);
    mem_free(q);
}

enum err query_thread_init(struct query_thread *q)
{
    return queue_init(&q->inbox, QUERY_ASKS_MAX, QUEUE_REFUSE, drop_question);
}

static enum err why_give_up(struct question *q, int64_t mono_ns)
{
    if (atomic_load(&q->asked->stopping))
        return ERR_CANCELLED;
    if (mono_ns >= q->deadline_mono_ns)
        return ERR_TIMEOUT;
    if (mono_ns < q->look_mono_ns)
        return ERR_OK;
    q->look_mono_ns = mono_ns + LOOK_INTERVAL_NS;
    return http_parked_is_wanted(q->parked) ? ERR_OK : ERR_CANCELLED;
}

static enum err go_on(void *ctx)
{
    struct question *q = ctx;

    if (!q->given_up)
        q->given_up = why_give_up(q, clock_mono_ns(&q->asked->clock));
    return q->given_up;
}

static void answer_history(struct question *q)
{
    struct api *api = q->asked->api;
    struct stored_ask ask = {
        .db = api->db, .budget = api->budget, .stored_ms = q->stored_ms, .go_on = go_on, .ctx = q
    };

    api_answer_stored(api, q->parked, &ask, &q->history);
}

static void answer(struct question *q)
{
    struct own_queries *own = &q->asked->api->own.queries;

    atomic_fetch_add(&own->running, 1);
    if (q->answer)
        q->answer(q->asked->api, q->parked, go_on, q);
    else
        answer_history(q);
    atomic_fetch_sub(&own->running, 1);
    atomic_fetch_add(&own->cancelled, q->given_up == ERR_CANCELLED);
    atomic_fetch_add(&own->timed_out, q->given_up == ERR_TIMEOUT);
    histogram_observe(&own->duration, clock_mono_ns(&q->asked->clock) - q->arrived_mono_ns);
}

static void *run(void *arg)
{
    struct query_thread *q = arg;
    void *item;

    thread_lower_priority();
    while (!queue_pop(&q->inbox, -1, &item)) {
        answer(item);
        mem_free(item);
    }
    return NULL;
}

enum err query_thread_start(struct query_thread *q)
{
    enum err err = ERR_OK;

    for (int i = 0; i < QUERY_THREADS && !err; i++)
        err = thread_start(&q->threads[i], "query", run, q);
    return err;
}

void query_thread_stop(struct query_thread *q)
{
    atomic_store(&q->stopping, true);
    if (q->inbox.items)
        queue_close(&q->inbox);
    for (int i = 0; i < QUERY_THREADS; i++)
        thread_stop(&q->threads[i]);
}

void query_thread_release(struct query_thread *q)
{
    queue_release(&q->inbox);
}

static struct question *new_question(struct query_thread *q, struct http_parked *parked,
                                     api_answer *answer_it)
{
    struct question *question = mem_alloc_zero(1, sizeof *question);

    if (!question)
        return NULL;
    question->asked = q;
    question->parked = parked;
    question->answer = answer_it;
    question->arrived_mono_ns = http_request_received_mono_ns(http_parked_request(parked));
    question->deadline_mono_ns = question->arrived_mono_ns + QUERY_DEADLINE_NS;
    return question;
}

static enum err push(struct query_thread *q, struct question *question)
{
    enum err err = question ? queue_push(&q->inbox, question) : ERR_NOMEM;

    if (err)
        mem_free(question);
    atomic_fetch_add(&q->api->own.queries.refused, err == ERR_OVERLOADED);
    return err;
}

enum err query_thread_ask_history(struct query_thread *q, struct http_parked *parked,
                                  int64_t stored_ms, const struct service_history *history)
{
    struct question *question = new_question(q, parked, NULL);

    if (question) {
        question->stored_ms = stored_ms;
        question->history = *history;
    }
    return push(q, question);
}

enum err query_thread_ask(struct query_thread *q, struct http_parked *parked, api_answer *answer_it)
{
    return push(q, new_question(q, parked, answer_it));
}
