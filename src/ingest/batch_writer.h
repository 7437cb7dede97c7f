/*
 * A sample batch that grows while it is written.
 *
 *   batch_writer_init(&w, expected) -> { batch_writer_add }* -> batch_writer_take
 *
 * A failed allocation sticks: later adds do nothing, and batch_writer_take gives
 * NULL.
 *
 * Threads   Single owner.
 * Memory    batch_writer_take gives the batch; batch_writer_release drops it.
 */
#ifndef FUSEBOX_INGEST_BATCH_WRITER_H
#define FUSEBOX_INGEST_BATCH_WRITER_H

#include "model/sample.h"

struct batch_writer {
    struct sample_batch *batch;
    bool failed;
};

void batch_writer_init(struct batch_writer *w, size_t expected_count);
void batch_writer_release(struct batch_writer *w); /* all-zero is allowed */
bool batch_writer_grow(struct batch_writer *w);
struct sample_batch *batch_writer_take(struct batch_writer *w) MUST_CHECK;

static inline void batch_writer_add(struct batch_writer *w, uint32_t series, int64_t ts_ms,
                                    double value)
{
    if (w->failed || (w->batch->count == w->batch->capacity_count && !batch_writer_grow(w)))
        return;
    w->batch->items[w->batch->count++] = (struct series_sample){ series, ts_ms, value };
}

#endif
