#include "http/hubs.h"

#include <string.h>

#include "http/stream.h"

void hubs_init(struct hubs *h)
{
    *h = (struct hubs){ .count = 0 };
    lock_init(&h->lock, LOCK_RANK_HTTP);
}

void hubs_release(struct hubs *h)
{
    lock_release(&h->lock);
}

void hubs_note(struct hubs *h, struct sse_hub *hub)
{
    bool known = false, stopped;

    lock_take(&h->lock);
    for (size_t i = 0; i < h->count; i++)
        known = known || h->list[i] == hub;
    if (!known && h->count < HTTP_HUBS_MAX)
        h->list[h->count++] = hub;
    stopped = h->stopped;
    lock_drop(&h->lock);
    if (stopped)
        sse_hub_stop(hub);
}

/* A hub is not called with the lock held, so the list is copied. */
static size_t copy_list(struct hubs *h, struct sse_hub *out[HTTP_HUBS_MAX])
{
    size_t count;

    lock_take(&h->lock);
    count = h->count;
    memcpy(out, h->list, count * sizeof out[0]);
    lock_drop(&h->lock);
    return count;
}

void hubs_sweep(struct hubs *h, int64_t mono_ns)
{
    struct sse_hub *list[HTTP_HUBS_MAX];
    size_t count = copy_list(h, list);

    for (size_t i = 0; i < count; i++)
        sse_hub_sweep(list[i], mono_ns);
}

void hubs_stop(struct hubs *h)
{
    struct sse_hub *list[HTTP_HUBS_MAX];
    size_t count;

    lock_take(&h->lock);
    h->stopped = true;
    lock_drop(&h->lock);
    count = copy_list(h, list);
    for (size_t i = 0; i < count; i++)
        sse_hub_stop(list[i]);
}
