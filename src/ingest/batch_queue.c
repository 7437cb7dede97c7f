#include "ingest/batch_queue.h"

static size_t bytes_of(const struct sample_batch *batch)
{
    return sizeof *batch + batch->capacity_count * sizeof batch->items[0];
}

enum err batch_queue_push(struct queue *queue, struct budget *budget, struct sample_batch *batch)
{
    size_t bytes = bytes_of(batch); /* once pushed it may be gone */
    enum err err;

    if (budget && !budget_take_assured(budget, BUDGET_INGEST, bytes))
        return ERR_LIMIT;
    err = queue_push(queue, batch);
    if (err && budget)
        budget_give(budget, BUDGET_INGEST, bytes);
    return err;
}

void batch_queue_note_gone(struct budget *budget, const struct sample_batch *batch)
{
    if (budget)
        budget_give(budget, BUDGET_INGEST, bytes_of(batch));
}
