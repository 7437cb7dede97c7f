#include "http/sse.h"

#include "base/mem.h"
#include "http/conn.h"
#include "http/sse_hub.h"
#include "http/stream.h"

enum { TOPIC_NAME_MAX_BYTES = 3 * 2304, PEER_CHECK_MS = 1000 };

static struct sse_frame *fixed_frame(const char *text)
{
    struct buf b = buf_limited(SSE_FRAME_MAX_BYTES);

    buf_append_cstr(&b, text);
    if (buf_error(&b)) {
        buf_release(&b);
        return NULL;
    }
    return sse_frame_new(&b);
}

struct sse_hub *sse_hub_new(int max_streams, int max_topics, struct http_stats *stats)
{
    struct sse_hub *hub = mem_alloc_zero(1, sizeof *hub);

    if (!hub)
        return NULL;
    lock_init(&hub->lock, (enum lock_rank)(LOCK_RANK_HTTP + 2));
    hub->max_streams = (size_t)max_streams;
    hub->max_topics = (size_t)max_topics;
    hub->stats = stats;
    sse_hub_set_times(hub, SSE_HEARTBEAT_MS, SSE_STALL_MS);
    hub->topics = mem_alloc_zero(hub->max_topics, sizeof *hub->topics);
    hub->heartbeat = fixed_frame(": hb\n\n");
    hub->bye = fixed_frame("event: bye\ndata: {}\n\n");
    if (hub->topics && hub->heartbeat && hub->bye)
        return hub;
    sse_hub_free(hub);
    return NULL;
}

void sse_hub_free(struct sse_hub *hub)
{
    if (!hub)
        return;
    for (size_t i = 0; i < hub->topic_count; i++)
        sse_ring_release(&hub->topics[i].ring, hub->budget);
    mem_free(hub->topics);
    sse_frame_unref(hub->heartbeat);
    sse_frame_unref(hub->bye);
    lock_release(&hub->lock);
    mem_free(hub);
}

void sse_hub_set_budget(struct sse_hub *hub, struct budget *budget)
{
    hub->budget = budget;
}

void sse_hub_set_times(struct sse_hub *hub, int64_t heartbeat_ms, int64_t stall_ms)
{
    hub->heartbeat_ns = heartbeat_ms * 1000000;
    hub->stall_ns = stall_ms * 1000000;
}

static uint32_t find_topic_locked(const struct sse_hub *hub, struct str name)
{
    for (size_t i = 0; i < hub->topic_count; i++) {
        if (str_equals(hub->topics[i].ring.name, name))
            return (uint32_t)(i + 1);
    }
    return 0;
}

uint32_t sse_topic(struct sse_hub *hub, struct str name)
{
    uint32_t id;

    lock_take(&hub->lock);
    id = find_topic_locked(hub, name);
    if (!id && hub->topic_count < hub->max_topics && name.len <= TOPIC_NAME_MAX_BYTES &&
        sse_ring_init(&hub->topics[hub->topic_count].ring, name))
        id = (uint32_t)++hub->topic_count;
    lock_drop(&hub->lock);
    return id;
}

struct topic *sse_topic_of_locked(struct sse_hub *hub, uint32_t topic)
{
    return topic == 0 || topic > hub->topic_count ? NULL : &hub->topics[topic - 1];
}

size_t sse_topic_clients(struct sse_hub *hub, uint32_t topic)
{
    const struct topic *found;
    size_t count;

    lock_take(&hub->lock);
    found = sse_topic_of_locked(hub, topic);
    count = found ? found->ear_count : 0;
    lock_drop(&hub->lock);
    return count;
}

void sse_for_each_active_topic(struct sse_hub *hub,
                               void (*visit)(void *ctx, uint32_t topic, struct str name), void *ctx)
{
    const struct topic *topic;
    struct str name = STR_NONE;
    bool more = true, active;

    for (uint32_t id = 1; more; id++) {
        lock_take(&hub->lock);
        topic = sse_topic_of_locked(hub, id);
        more = topic;
        active = topic && topic->ear_count > 0;
        if (topic)
            name = topic->ring.name;
        lock_drop(&hub->lock);
        if (active)
            visit(ctx, id, name);
    }
}

static void wake_locked(struct sse_stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    conn_resume(s->conn);
}

enum err sse_publish(struct sse_hub *hub, uint32_t topic, const char *event, uint64_t id,
                     struct str data)
{
    struct buf text = buf_limited(SSE_FRAME_MAX_BYTES);
    struct topic *to;
    struct sse_frame *frame;
    enum err err;

    if (sse_topic_clients(hub, topic) == 0)
        return ERR_OK;
    sse_format(&text, event, id, data);
    err = buf_error(&text);
    if (err) {
        buf_release(&text);
        return err;
    }
    frame = sse_frame_new(&text);
    if (!frame)
        return ERR_NOMEM;
    lock_take(&hub->lock);
    to = sse_topic_of_locked(hub, topic);
    if (to && to->ears)
        sse_ring_append(&to->ring, frame, hub->budget);
    for (struct ear *ear = to ? to->ears : NULL; ear; ear = ear->after)
        wake_locked(ear->stream);
    lock_drop(&hub->lock);
    sse_frame_unref(frame);
    return ERR_OK;
}

static void sweep_stream(struct sse_hub *hub, struct sse_stream *s, int64_t mono_ns,
                         bool check_peer)
{
    if (!s->suspended)
        return;
    if (check_peer && conn_is_half_closed(s->conn))
        s->peer_gone = true;
    else if (mono_ns - s->last_sent_ns >= hub->heartbeat_ns)
        s->heartbeat_due = true;
    else
        return;
    wake_locked(s);
}

void sse_hub_sweep(struct sse_hub *hub, int64_t mono_ns)
{
    bool check_peer;

    lock_take(&hub->lock);
    check_peer = mono_ns - hub->peers_checked_ns >= (int64_t)PEER_CHECK_MS * 1000000;
    if (check_peer)
        hub->peers_checked_ns = mono_ns;
    for (struct sse_stream *s = hub->streams; s; s = s->after)
        sweep_stream(hub, s, mono_ns, check_peer);
    lock_drop(&hub->lock);
}

void sse_hub_stop(struct sse_hub *hub)
{
    lock_take(&hub->lock);
    hub->stopped = true;
    for (struct sse_stream *s = hub->streams; s; s = s->after)
        wake_locked(s);
    lock_drop(&hub->lock);
}
