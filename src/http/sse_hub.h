/*
 * The hub from within, for sse.c (topics, publishing) and sse_stream.c (one client).
 *
 * A topic has the ring of its last frames, a stream one ear for each topic that it listens
 * to; the ear keeps the place in the ring:
 *
 *   topic "overview" ---- ear ------- ear            read in turn, so that no topic
 *   topic "orders"   ------|-- ear     |             of a stream waits for another
 *                          |    |      |
 *                        stream 1   stream 2
 *
 * The frame being sent is held by the stream itself, so the ring may drop it meanwhile.
 *
 * Threads   The hub's lock is around all of it but what is said to be the http thread's; it is held
 *           for pointers only, never for copying.
 */
#ifndef FUSEBOX_HTTP_SSE_HUB_H
#define FUSEBOX_HTTP_SSE_HUB_H

#include "base/lock.h"
#include "http/sse_ring.h"

struct topic {
    struct sse_ring ring;
    struct ear *ears;
    size_t ear_count;
};

struct ear {
    struct topic *topic;
    struct sse_stream *stream;
    struct ear *before, *after; /* in topic->ears */
    uint64_t cursor;
};

struct sse_stream {
    struct sse_hub *hub;
    struct sse_stream *before, *after; /* in hub->streams */
    struct http_conn *conn;            /* NULL until started */
    struct sse_frame *current;         /* the http thread's, as is sent_bytes */
    size_t sent_bytes;
    size_t hello_bytes; /* booked for the first frame, until it is sent */
    int64_t last_sent_ns;
    bool suspended;
    bool heartbeat_due;
    bool said_bye;
    bool peer_gone;
    size_t next_ear; /* which is read first */
    size_t ear_count;
    struct ear ears[];
};

struct sse_hub {
    struct lock lock;
    struct topic *topics; /* topic id - 1 is the index */
    size_t topic_count, max_topics;
    struct sse_stream *streams;
    size_t stream_count, max_streams;
    int64_t heartbeat_ns, stall_ns;
    int64_t peers_checked_ns;
    bool stopped;
    struct sse_frame *heartbeat, *bye;
    struct http_stats *stats;
    struct budget *budget; /* NULL: nothing is booked */
};

/* NULL for an id that was never given. */
struct topic *sse_topic_of_locked(struct sse_hub *hub, uint32_t topic);

#endif
