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
    if (batch && batch->cargo)
        batch->cargo->free(batch->cargo);
    mem_free(batch);
}

bool sample_list_room(struct sample_list *list, size_t more)
{
    enum { FIRST_COUNT = 128 };
    size_t needed = add_size(list->count, more);
    size_t capacity = list->capacity_count ? list->capacity_count : FIRST_COUNT;
    struct sample *items;

    if (needed <= list->capacity_count)
        return true;
    while (capacity < needed)
        capacity = mul_size(capacity, 2);
    items = mem_realloc(list->items, mul_size(capacity, sizeof *items));
    if (!items)
        return false;
    list->items = items;
    list->capacity_count = capacity;
    return true;
}

bool sample_list_reserve(struct sample_list *list)
{
    return sample_list_room(list, 1);
}
