#include "daemon/query_thread.h"

#include "api/stored_history.h"
#include "base/mem.h"

static const int64_t QUERY_DEADLINE_NS = 30000000000; /* from the request's arrival */

struct question {
    struct query_thread *asked;
    struct http_parked *parked;
    int64_t deadline_mono_ns;
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

static enum err go_on(void *ctx)
{
    const struct question *q = ctx;

    if (atomic_load(&q->asked->stopping))
        return ERR_CANCELLED;
    return clock_mono_ns(&q->asked->clock) < q->deadline_mono_ns ? ERR_OK : ERR_TIMEOUT;
}

static void answer(struct question *q)
{
    struct api *api = q->asked->api;
    struct stored_ask ask = {
        .db = api->db, .budget = api->budget, .stored_ms = q->stored_ms, .go_on = go_on, .ctx = q
    };

    api_answer_stored(api, q->parked, &ask, &q->history);
    mem_free(q);
}

static void *run(void *arg)
{
    struct query_thread *q = arg;
    void *question;

    thread_lower_priority();
    while (!queue_pop(&q->inbox, -1, &question))
        answer(question);
    return NULL;
}

enum err query_thread_start(struct query_thread *q)
{
    return thread_start(&q->thread, "query", run, q);
}

void query_thread_stop(struct query_thread *q)
{
    atomic_store(&q->stopping, true);
    if (q->inbox.items)
        queue_close(&q->inbox);
    thread_stop(&q->thread);
}

void query_thread_release(struct query_thread *q)
{
    queue_release(&q->inbox);
}

enum err query_thread_ask(struct query_thread *q, struct http_parked *parked, int64_t stored_ms,
                          const struct service_history *history)
{
    struct question *question = mem_alloc(sizeof *question);
    int64_t received_ns = http_request_received_mono_ns(http_parked_request(parked));
    enum err err;

    if (!question)
        return ERR_NOMEM;
    *question = (struct question){ .asked = q,
                                   .parked = parked,
                                   .deadline_mono_ns = received_ns + QUERY_DEADLINE_NS,
                                   .stored_ms = stored_ms,
                                   .history = *history };
    err = queue_push(&q->inbox, question);
    if (err)
        mem_free(question);
    return err;
}
