/* One client's stream: made by a handler, pulled by the server, freed with its connection. */
#include "base/mem.h"
#include "http/conn.h"
#include "http/request.h"
#include "http/sse_hub.h"
#include "http/stream.h"

static void give_back(struct sse_hub *hub, size_t bytes)
{
    if (hub->budget)
        budget_give(hub->budget, BUDGET_STREAM, bytes);
}

static void add_ear_locked(struct sse_stream *stream, struct topic *topic)
{
    struct ear *ear = &stream->ears[stream->ear_count++];

    *ear = (struct ear){ topic, stream, NULL, topic->ears, topic->ring.next };
    if (topic->ears)
        topic->ears->before = ear;
    topic->ears = ear;
    topic->ear_count++;
}

static void remove_ear_locked(struct sse_hub *hub, struct ear *ear)
{
    struct topic *topic = ear->topic;

    if (ear->before)
        ear->before->after = ear->after;
    else
        topic->ears = ear->after;
    if (ear->after)
        ear->after->before = ear->before;
    topic->ear_count--;
    if (topic->ear_count == 0)
        sse_ring_clear(&topic->ring, hub->budget);
}

static enum err admit_locked(struct sse_hub *hub, const struct sse_topics *topics,
                             struct sse_stream *stream)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (!sse_topic_of_locked(hub, topics->ids[i]))
            return ERR_NOT_FOUND;
    }
    if (hub->stopped)
        return ERR_CANCELLED;
    if (hub->stream_count >= hub->max_streams)
        return ERR_OVERLOADED;
    for (size_t i = 0; i < topics->count; i++)
        add_ear_locked(stream, sse_topic_of_locked(hub, topics->ids[i]));
    stream->after = hub->streams;
    if (hub->streams)
        hub->streams->before = stream;
    hub->streams = stream;
    hub->stream_count++;
    return ERR_OK;
}

static enum err admit(struct sse_hub *hub, const struct sse_topics *topics,
                      struct sse_stream *stream)
{
    enum err err;

    lock_take(&hub->lock);
    err = admit_locked(hub, topics, stream);
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

static enum err stream_new(struct sse_hub *hub, const struct sse_topics *topics,
                           const struct buf *hello, struct sse_stream **ret)
{
    struct sse_stream *stream = mem_alloc_zero(1, sizeof *stream +
                                                      topics->count * sizeof stream->ears[0]);
    enum err err = ERR_NOMEM;

    if (!stream)
        return err;
    stream->hub = hub;
    stream->current = first_frame(hello);
    if (stream->current)
        err = book_hello(stream);
    if (!err) {
        err = admit(hub, topics, stream);
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
                  const struct sse_topics *topics, struct buf *hello)
{
    enum err err = hello ? buf_error(hello) : ERR_OK;

    if (!err && !req->head)
        err = stream_new(hub, topics, hello, &req->stream);
    if (hello)
        buf_release(hello);
    if (err)
        return diag_set(&reply->diag, err, "the stream cannot be opened: %s", err_text(err));
    reply->content_type = "text/event-stream";
    reply->stream = hub;
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
    struct sse_hub *hub;

    if (!stream)
        return;
    hub = stream->hub;
    lock_take(&hub->lock);
    for (size_t i = 0; i < stream->ear_count; i++)
        remove_ear_locked(hub, &stream->ears[i]);
    if (stream->before)
        stream->before->after = stream->after;
    else
        hub->streams = stream->after;
    if (stream->after)
        stream->after->before = stream->before;
    hub->stream_count--;
    lock_drop(&hub->lock);
    if (hub->stats)
        atomic_fetch_sub(&hub->stats->streams_open, 1);
    hello_is_sent(stream);
    sse_frame_unref(stream->current);
    mem_free(stream);
}

/* From the ears in turn: who was read last is asked last. */
static struct sse_frame *read_ears_locked(struct sse_stream *s)
{
    struct sse_frame *frame = NULL;

    for (size_t i = 0; i < s->ear_count && !frame; i++) {
        struct ear *ear = &s->ears[s->next_ear];

        s->next_ear = (s->next_ear + 1) % s->ear_count;
        frame = sse_ring_read(&ear->topic->ring, &ear->cursor);
    }
    return frame;
}

/* The frame to send after the current one; NULL when there is none now. */
static struct sse_frame *next_frame_locked(struct sse_stream *s)
{
    struct sse_frame *frame;

    if (s->hub->stopped) {
        s->said_bye = true;
        return sse_frame_ref(s->hub->bye);
    }
    frame = read_ears_locked(s);
    if (!frame && s->heartbeat_due)
        frame = sse_frame_ref(s->hub->heartbeat);
    if (frame)
        s->heartbeat_due = false;
    return frame;
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
