#include "ingest/batch_writer.h"

enum { CAPACITY_MIN_COUNT = 16 };

void batch_writer_init(struct batch_writer *w, size_t expected_count)
{
    w->batch = sample_batch_new(expected_count + CAPACITY_MIN_COUNT);
    w->failed = !w->batch;
}

void batch_writer_release(struct batch_writer *w)
{
    sample_batch_free(w->batch);
    w->batch = NULL;
}

bool batch_writer_grow(struct batch_writer *w)
{
    struct sample_batch *larger = sample_batch_new(w->batch->capacity_count * 2);

    if (!larger) {
        w->failed = true;
        return false;
    }
    memcpy(larger->items, w->batch->items, w->batch->count * sizeof larger->items[0]);
    larger->count = w->batch->count;
    sample_batch_free(w->batch);
    w->batch = larger;
    return true;
}

struct sample_batch *batch_writer_take(struct batch_writer *w)
{
    struct sample_batch *batch = w->batch;

    if (w->failed)
        return NULL;
    w->batch = NULL;
    return batch;
}
