#include "http/sse_ring.h"

#include "base/json.h"
#include "base/mem.h"

static struct sse_frame *resync_frame(struct str name)
{
    struct buf data = buf_limited(SSE_FRAME_MAX_BYTES), text = buf_limited(SSE_FRAME_MAX_BYTES);
    struct json j = json_to(&data);

    json_open_object(&j);
    json_member_string(&j, "view", name);
    json_close_object(&j);
    sse_format(&text, "resync", 0, buf_str(&data));
    if (buf_error(&data) || buf_error(&text)) {
        buf_release(&data);
        buf_release(&text);
        return NULL;
    }
    buf_release(&data);
    return sse_frame_new(&text);
}

bool sse_ring_init(struct sse_ring *ring, struct str name)
{
    char *copy = mem_copy(name.ptr, name.len);
    struct sse_frame *resync = copy ? resync_frame(name) : NULL;

    if (!resync) {
        mem_free(copy);
        return false;
    }
    *ring = (struct sse_ring){ .name = { copy, name.len }, .resync = resync };
    return true;
}

void sse_ring_release(struct sse_ring *ring, struct budget *budget)
{
    sse_ring_clear(ring, budget);
    sse_frame_unref(ring->resync);
    mem_free((void *)(uintptr_t)ring->name.ptr);
    *ring = (struct sse_ring){ 0 };
}

static void drop_oldest(struct sse_ring *ring, struct budget *budget)
{
    struct sse_frame **slot = &ring->frames[ring->first % SSE_RING_FRAMES];
    size_t len = sse_frame_text(*slot).len;

    if (budget)
        budget_give(budget, BUDGET_STREAM, len);
    ring->bytes -= len;
    sse_frame_unref(*slot);
    *slot = NULL;
    ring->first++;
}

void sse_ring_clear(struct sse_ring *ring, struct budget *budget)
{
    while (ring->first < ring->next)
        drop_oldest(ring, budget);
}

void sse_ring_append(struct sse_ring *ring, struct sse_frame *frame, struct budget *budget)
{
    size_t len = sse_frame_text(frame).len;

    while (ring->first < ring->next &&
           (ring->next - ring->first == SSE_RING_FRAMES || ring->bytes + len > SSE_RING_MAX_BYTES))
        drop_oldest(ring, budget);
    ring->frames[ring->next++ % SSE_RING_FRAMES] = sse_frame_ref(frame);
    ring->bytes += len;
    if (budget)
        budget_add(budget, BUDGET_STREAM, len);
}

struct sse_frame *sse_ring_read(const struct sse_ring *ring, uint64_t *cursor)
{
    if (*cursor < ring->first) {
        *cursor = ring->next > ring->first ? ring->next - 1 : ring->next;
        return sse_frame_ref(ring->resync);
    }
    if (*cursor < ring->next)
        return sse_frame_ref(ring->frames[(*cursor)++ % SSE_RING_FRAMES]);
    return NULL;
}
