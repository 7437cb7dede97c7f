#include "model/sample.h"

#include "base/mem.h"
#include "base/size.h"

struct sample_batch *sample_batch_new(size_t capacity_count)
{
    size_t bytes = add_size(sizeof(struct sample_batch),
                            mul_size(capacity_count, sizeof(struct series_sample)));
    struct sample_batch *batch = mem_alloc(bytes);

    if (!batch)
        return NULL;
    *batch = (struct sample_batch){ .capacity_count = capacity_count };
    return batch;
}

void sample_batch_free(struct sample_batch *batch)
{
    mem_free(batch);
}
