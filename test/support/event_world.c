#include "event_world.h"

#include "unit.h"

enum { QUEUE_BATCHES = 4 };

static void drop_batch(void *batch)
{
    sample_batch_free(batch);
}

void event_world_open(struct event_world *w)
{
    *w = (struct event_world){ 0 };
    test_store_open(&w->store);
    assert_int_equal(queue_init(&w->queue, QUEUE_BATCHES, QUEUE_REFUSE, drop_batch), ERR_OK);
    events_init(&w->events, w->store.db, &w->queue, NULL, 0);
}

void event_world_close(struct event_world *w)
{
    queue_release(&w->queue);
    events_release(&w->events);
    test_store_close(&w->store);
}

void event_world_restart(struct event_world *w, int64_t now_ms)
{
    events_release(&w->events);
    events_init(&w->events, w->store.db, &w->queue, NULL, 0);
    assert_int_equal(events_recall(&w->events, w->store.db, now_ms), ERR_OK);
}

static void on_done(void *ctx, const struct event_counts *counts, enum err err)
{
    assert_int_equal(err, ERR_OK);
    ((struct event_world *)ctx)->counts = *counts;
}

void event_world_tell(struct event_world *w, const char *body, int64_t now_ms)
{
    struct event_delivery *d;
    struct sample_batch *batch;
    void *popped;

    assert_int_equal(events_read(&w->events, str_of(body), false, now_ms, &d, NULL), ERR_OK);
    assert_int_equal(events_submit(&w->events, d, 1, on_done, w), ERR_OK);
    assert_int_equal(queue_pop(&w->queue, 0, &popped), ERR_OK);
    batch = popped;
    assert_int_equal(tsdb_commit(w->store.db, &batch, 1, now_ms), ERR_OK);
    batch->cargo->settle(batch->cargo, &batch->left_out, ERR_OK);
    sample_batch_free(batch);
}
