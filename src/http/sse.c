/*
 * The hub. Each topic has a ring of the last frames, numbered from 0; each stream has the number
 * of the next frame it will send:
 *
 *        first        cursor of a stream          next
 *          v                v                       v
 *        [ 12 ][ 13 ][ 14 ][ 15 ][ 16 ][ 17 ][ 18 ]
 *
 * A cursor below `first` has fallen behind. The frame being sent is held by the stream itself, so
 * the ring may drop it meanwhile. Locks: the hub's, held for pointers only, never for copying.
 */
#include "http/sse.h"

#include "base/lock.h"
#include "base/mem.h"
#include "http/conn.h"
#include "http/request.h"
#include "http/sse_frame.h"
#include "http/stream.h"

enum { RING_MAX_BYTES = 8 << 20, TOPIC_NAME_MAX_BYTES = 2304, PEER_CHECK_MS = 1000 };

struct sse_topic_ring {
    struct str name;
    struct sse_frame *frames[SSE_RING_FRAMES];
    uint64_t first, next;
    size_t ring_bytes;
    struct sse_stream *streams;
    size_t stream_count;
};

struct sse_stream {
    struct sse_hub *hub;
    struct sse_topic_ring *topic;
    struct sse_stream *before, *after; /* in topic->streams */
    struct http_conn *conn;            /* NULL until started */
    struct sse_frame *current;         /* the http thread's, as is sent_bytes */
    size_t sent_bytes;
    size_t hello_bytes; /* booked for the first frame, until it is sent */
    uint64_t cursor;
    int64_t last_sent_ns;
    bool suspended;
    bool heartbeat_due;
    bool said_bye;
    bool peer_gone;
};

struct sse_hub {
    struct lock lock;
    struct sse_topic_ring *topics; /* topic id - 1 is the index */
    size_t topic_count, max_topics;
    size_t stream_count, max_streams;
    int64_t heartbeat_ns, stall_ns;
    int64_t peers_checked_ns;
    bool stopped;
    struct sse_frame *resync, *heartbeat, *bye;
    struct http_stats *stats;
    struct budget *budget; /* NULL: nothing is booked */
};

static void book(struct sse_hub *hub, size_t bytes)
{
    if (hub->budget)
        budget_add(hub->budget, BUDGET_STREAM, bytes);
}

static void give_back(struct sse_hub *hub, size_t bytes)
{
    if (hub->budget)
        budget_give(hub->budget, BUDGET_STREAM, bytes);
}

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
    hub->resync = fixed_frame("event: resync\ndata: {}\n\n");
    hub->heartbeat = fixed_frame(": hb\n\n");
    hub->bye = fixed_frame("event: bye\ndata: {}\n\n");
    if (hub->topics && hub->resync && hub->heartbeat && hub->bye)
        return hub;
    sse_hub_free(hub);
    return NULL;
}

static void drop_oldest(struct sse_hub *hub, struct sse_topic_ring *topic)
{
    struct sse_frame **slot = &topic->frames[topic->first % SSE_RING_FRAMES];

    give_back(hub, sse_frame_text(*slot).len);
    topic->ring_bytes -= sse_frame_text(*slot).len;
    sse_frame_unref(*slot);
    *slot = NULL;
    topic->first++;
}

static void empty_ring(struct sse_hub *hub, struct sse_topic_ring *topic)
{
    while (topic->first < topic->next)
        drop_oldest(hub, topic);
}

void sse_hub_free(struct sse_hub *hub)
{
    if (!hub)
        return;
    for (size_t i = 0; i < hub->topic_count; i++) {
        empty_ring(hub, &hub->topics[i]);
        mem_free((void *)(uintptr_t)hub->topics[i].name.ptr);
    }
    mem_free(hub->topics);
    sse_frame_unref(hub->resync);
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
        if (str_equals(hub->topics[i].name, name))
            return (uint32_t)(i + 1);
    }
    return 0;
}

uint32_t sse_topic(struct sse_hub *hub, struct str name)
{
    uint32_t id;
    char *copy;

    lock_take(&hub->lock);
    id = find_topic_locked(hub, name);
    if (!id && hub->topic_count < hub->max_topics && name.len <= TOPIC_NAME_MAX_BYTES) {
        copy = mem_copy(name.ptr, name.len);
        if (copy) {
            hub->topics[hub->topic_count++].name = (struct str){ copy, name.len };
            id = (uint32_t)hub->topic_count;
        }
    }
    lock_drop(&hub->lock);
    return id;
}

/* NULL for an id that was never given. */
static struct sse_topic_ring *topic_of_locked(struct sse_hub *hub, uint32_t topic)
{
    return topic == 0 || topic > hub->topic_count ? NULL : &hub->topics[topic - 1];
}

size_t sse_topic_clients(struct sse_hub *hub, uint32_t topic)
{
    const struct sse_topic_ring *ring;
    size_t count;

    lock_take(&hub->lock);
    ring = topic_of_locked(hub, topic);
    count = ring ? ring->stream_count : 0;
    lock_drop(&hub->lock);
    return count;
}

void sse_for_each_active_topic(struct sse_hub *hub,
                               void (*visit)(void *ctx, uint32_t topic, struct str name), void *ctx)
{
    struct sse_topic_ring *ring;
    struct str name = STR_NONE;
    bool more = true, active;

    for (uint32_t id = 1; more; id++) {
        lock_take(&hub->lock);
        ring = topic_of_locked(hub, id);
        more = ring;
        active = ring && ring->stream_count > 0;
        if (ring)
            name = ring->name;
        lock_drop(&hub->lock);
        if (active)
            visit(ctx, id, name);
    }
}

static enum err admit_locked(struct sse_hub *hub, uint32_t topic, struct sse_stream *stream)
{
    struct sse_topic_ring *ring = topic_of_locked(hub, topic);

    if (!ring)
        return ERR_NOT_FOUND;
    if (hub->stopped)
        return ERR_CANCELLED;
    if (hub->stream_count >= hub->max_streams)
        return ERR_OVERLOADED;
    stream->topic = ring;
    stream->cursor = ring->next;
    stream->after = ring->streams;
    if (ring->streams)
        ring->streams->before = stream;
    ring->streams = stream;
    ring->stream_count++;
    hub->stream_count++;
    return ERR_OK;
}

static enum err admit(struct sse_hub *hub, uint32_t topic, struct sse_stream *stream)
{
    enum err err;

    lock_take(&hub->lock);
    err = admit_locked(hub, topic, stream);
    lock_drop(&hub->lock);
    if (hub->stats && !err)
        atomic_fetch_add(&hub->stats->streams_open, 1);
    if (hub->stats && err == ERR_OVERLOADED)
        atomic_fetch_add(&hub->stats->rejected_limit, 1);
    return err;
}

/* The reconnection time first, then the caller's frame. */
static struct sse_frame *first_frame(const struct buf *hello)
{
    struct buf text = buf_limited(SSE_HELLO_MAX_BYTES);

    buf_append_cstr(&text, "retry: 1000\n\n");
    if (hello)
        buf_append_str(&text, buf_str(hello));
    if (buf_error(&text)) {
        buf_release(&text);
        return NULL;
    }
    return sse_frame_new(&text);
}

static enum err book_hello(struct sse_stream *stream)
{
    size_t bytes = sse_frame_text(stream->current).len;

    if (stream->hub->budget && !budget_take_assured(stream->hub->budget, BUDGET_STREAM, bytes))
        return ERR_OVERLOADED;
    stream->hello_bytes = bytes;
    return ERR_OK;
}

static void hello_is_sent(struct sse_stream *stream)
{
    give_back(stream->hub, stream->hello_bytes);
    stream->hello_bytes = 0;
}

static enum err stream_new(struct sse_hub *hub, uint32_t topic, const struct buf *hello,
                           struct sse_stream **ret)
{
    struct sse_stream *stream = mem_alloc_zero(1, sizeof *stream);
    enum err err = ERR_NOMEM;

    if (!stream)
        return err;
    stream->hub = hub;
    stream->current = first_frame(hello);
    if (stream->current)
        err = book_hello(stream);
    if (!err) {
        err = admit(hub, topic, stream);
        if (err)
            hello_is_sent(stream);
    }
    if (err) {
        sse_frame_unref(stream->current);
        mem_free(stream);
        return err;
    }
    *ret = stream;
    return ERR_OK;
}

enum err sse_open(struct http_request *req, struct http_reply *reply, struct sse_hub *hub,
                  uint32_t topic, struct buf *hello)
{
    enum err err = hello ? buf_error(hello) : ERR_OK;

    if (!err && !req->head)
        err = stream_new(hub, topic, hello, &req->stream);
    if (hello)
        buf_release(hello);
    if (err)
        return diag_set(&reply->diag, err, "the stream cannot be opened: %s", err_text(err));
    reply->content_type = "text/event-stream";
    reply->stream = hub;
    reply->stream_topic = topic;
    return ERR_OK;
}

void stream_start(struct sse_stream *stream, struct http_conn *conn)
{
    lock_take(&stream->hub->lock);
    stream->conn = conn;
    stream->last_sent_ns = conn_now_ns(conn);
    lock_drop(&stream->hub->lock);
}

void stream_free(struct sse_stream *stream)
{
    struct sse_topic_ring *topic;
    struct sse_hub *hub;

    if (!stream)
        return;
    topic = stream->topic;
    hub = stream->hub;
    lock_take(&hub->lock);
    if (stream->before)
        stream->before->after = stream->after;
    else
        topic->streams = stream->after;
    if (stream->after)
        stream->after->before = stream->before;
    topic->stream_count--;
    hub->stream_count--;
    if (topic->stream_count == 0)
        empty_ring(hub, topic);
    lock_drop(&hub->lock);
    if (hub->stats)
        atomic_fetch_sub(&hub->stats->streams_open, 1);
    hello_is_sent(stream);
    sse_frame_unref(stream->current);
    mem_free(stream);
}

/* The frame to send after the current one; NULL when there is none now. */
static struct sse_frame *next_frame_locked(struct sse_stream *s)
{
    struct sse_topic_ring *topic = s->topic;

    if (s->hub->stopped) {
        s->said_bye = true;
        return sse_frame_ref(s->hub->bye);
    }
    if (s->cursor < topic->first) {
        s->cursor = topic->next > topic->first ? topic->next - 1 : topic->next;
        return sse_frame_ref(s->hub->resync);
    }
    if (s->cursor < topic->next)
        return sse_frame_ref(topic->frames[s->cursor++ % SSE_RING_FRAMES]);
    if (s->heartbeat_due) {
        s->heartbeat_due = false;
        return sse_frame_ref(s->hub->heartbeat);
    }
    return NULL;
}

/* Makes the next frame current, or suspends the connection, or finds the end. */
static bool advance(struct sse_stream *s, int64_t mono_ns, bool *ret_ended)
{
    struct sse_hub *hub = s->hub;

    lock_take(&hub->lock);
    *ret_ended = s->said_bye || s->peer_gone;
    if (!*ret_ended)
        s->current = next_frame_locked(s);
    if (s->current) {
        s->sent_bytes = 0;
        s->last_sent_ns = mono_ns;
    } else if (!*ret_ended) {
        s->suspended = true;
        conn_enter(s->conn, CONN_STREAM, mono_ns, CONN_NO_DEADLINE);
        conn_suspend(s->conn);
    }
    lock_drop(&hub->lock);
    return s->current;
}

int64_t stream_pull(struct sse_stream *s, char *out, size_t max_bytes)
{
    int64_t mono_ns = conn_now_ns(s->conn);
    struct str text;
    bool ended;
    size_t len;

    if (!s->current && !advance(s, mono_ns, &ended))
        return ended ? STREAM_ENDED : 0;
    text = sse_frame_text(s->current);
    len = text.len - s->sent_bytes < max_bytes ? text.len - s->sent_bytes : max_bytes;
    memcpy(out, text.ptr + s->sent_bytes, len);
    s->sent_bytes += len;
    if (s->sent_bytes == text.len) {
        hello_is_sent(s);
        sse_frame_unref(s->current);
        s->current = NULL;
    }
    conn_enter(s->conn, CONN_STREAM, mono_ns, mono_ns + s->hub->stall_ns);
    return (int64_t)len;
}

static void wake_locked(struct sse_stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    conn_resume(s->conn);
}

static void append_locked(struct sse_hub *hub, struct sse_topic_ring *topic,
                          struct sse_frame *frame)
{
    size_t len = sse_frame_text(frame).len;

    while (topic->first < topic->next && (topic->next - topic->first == SSE_RING_FRAMES ||
                                          topic->ring_bytes + len > RING_MAX_BYTES))
        drop_oldest(hub, topic);
    topic->frames[topic->next++ % SSE_RING_FRAMES] = sse_frame_ref(frame);
    topic->ring_bytes += len;
    book(hub, len);
    for (struct sse_stream *s = topic->streams; s; s = s->after)
        wake_locked(s);
}

enum err sse_publish(struct sse_hub *hub, uint32_t topic, const char *event, uint64_t id,
                     struct str data)
{
    struct buf text = buf_limited(SSE_FRAME_MAX_BYTES);
    struct sse_topic_ring *ring;
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
    ring = topic_of_locked(hub, topic);
    if (ring && ring->stream_count > 0)
        append_locked(hub, ring, frame);
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
    for (size_t i = 0; i < hub->topic_count; i++) {
        for (struct sse_stream *s = hub->topics[i].streams; s; s = s->after)
            sweep_stream(hub, s, mono_ns, check_peer);
    }
    lock_drop(&hub->lock);
}

void sse_hub_stop(struct sse_hub *hub)
{
    lock_take(&hub->lock);
    hub->stopped = true;
    for (size_t i = 0; i < hub->topic_count; i++) {
        for (struct sse_stream *s = hub->topics[i].streams; s; s = s->after)
            wake_locked(s);
    }
    lock_drop(&hub->lock);
}
