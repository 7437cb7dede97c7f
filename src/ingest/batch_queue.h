/*
 * Batches on their way into the write queue, booked in the memory budget.
 *
 *   source:        batch_queue_push        refused when the queue or the budget is full
 *   write thread:  batch_queue_note_gone   before it gives a batch away
 *
 * Threads   Any.
 */
#ifndef FUSEBOX_INGEST_BATCH_QUEUE_H
#define FUSEBOX_INGEST_BATCH_QUEUE_H

#include "base/budget.h"
#include "base/queue.h"
#include "model/sample.h"

/* Takes the batch. ERR_LIMIT (the budget), ERR_OVERLOADED, ERR_CANCELLED: the caller keeps it.
 * Without a budget (NULL) nothing is booked. */
enum err batch_queue_push(struct queue *queue, struct budget *budget,
                          struct sample_batch *batch) MUST_CHECK;
/* The batch waits no longer. */
void batch_queue_note_gone(struct budget *budget, const struct sample_batch *batch);

#endif
