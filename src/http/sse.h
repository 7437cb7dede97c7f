/*
 * Server-sent events: a hub with topics, each a bounded ring of frames shared by
 * all its clients. A client listens to one topic or to some.
 *
 *   hub = sse_hub_new(max_streams, max_topics, stats)
 *   handler:  return sse_open(req, reply, hub, &topics, hello)
 *   publisher (one thread per topic at a time):  sse_publish(hub, topic, event, id, data)
 *
 * A client that falls behind a topic's ring gets `event: resync` with the topic's name as
 * {"view": NAME} and goes on with its newest frames; one that does not read for SSE_STALL_MS is
 * closed. Topics of a client take turns. A comment line is sent after SSE_HEARTBEAT_MS of silence,
 * which also finds dead peers.
 *
 * Threads   Locks itself. Publishing never waits for a client.
 * Memory    Frames are shared and counted; a topic keeps SSE_RING_FRAMES.
 * Limits    The budget (sse_hub_set_budget), max_streams (sse_open answers ERR_OVERLOADED),
 * max_topics.
 */
#ifndef FUSEBOX_HTTP_SSE_H
#define FUSEBOX_HTTP_SSE_H

#include "base/budget.h"
#include "http/server.h"

enum {
    SSE_RING_FRAMES = 64,
    SSE_STREAM_TOPICS_MAX = 16,
    SSE_HEARTBEAT_MS = 10000,
    SSE_STALL_MS = 30000,
    SSE_FRAME_MAX_BYTES = 4 << 20,
    SSE_HELLO_MAX_BYTES = 64 << 20, /* a whole view; the client's own, not in the ring */
};

struct sse_hub;

/* Which topics a client listens to, by their ids; each once. */
struct sse_topics {
    uint32_t ids[SSE_STREAM_TOPICS_MAX];
    size_t count;
};

struct sse_hub *sse_hub_new(int max_streams, int max_topics,
                            struct http_stats *stats); /* NULL: no memory */
void sse_hub_free(struct sse_hub *hub);                /* after the server has stopped */
/* Books what waits for its clients; before the first stream. The budget outlives the hub. Without
 * room a new stream is refused; frames are bounded by their rings. */
void sse_hub_set_budget(struct sse_hub *hub, struct budget *budget);
/* Other times than SSE_HEARTBEAT_MS and SSE_STALL_MS; before the first stream. */
void sse_hub_set_times(struct sse_hub *hub, int64_t heartbeat_ms, int64_t stall_ms);

/* The topic's id by its name, made when new and still under max_topics; 0 when refused. */
uint32_t sse_topic(struct sse_hub *hub, struct str name);
/* Clients that listen to it now: nobody, no frame needs to be made. */
size_t sse_topic_clients(struct sse_hub *hub, uint32_t topic);
/* Calls visit for every topic that has clients. No sse_ call inside but sse_publish afterwards. */
void sse_for_each_active_topic(struct sse_hub *hub,
                               void (*visit)(void *ctx, uint32_t topic, struct str name),
                               void *ctx);

/*
 * Turns the request into a stream of the topics (of none: of heartbeats). `hello` (frames, made
 * with sse_format; may be empty) is sent first.
 */
enum err sse_open(struct http_request *req, struct http_reply *reply, struct sse_hub *hub,
                  const struct sse_topics *topics, struct buf *hello);

/* Formats one frame; newlines in data become several data lines. */
void sse_format(struct buf *out, const char *event, uint64_t id, struct str data);

/* Sends to all clients of the topic, at once. ERR_NOMEM, ERR_LIMIT (frame too large). */
enum err sse_publish(struct sse_hub *hub, uint32_t topic, const char *event, uint64_t id,
                     struct str data);

#endif
