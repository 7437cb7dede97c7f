/*
 * Streams: what the server needs to know of http/sse.h to send one.
 *
 * sse_open leaves a stream in the request; the server starts it on its connection, pulls bytes
 * whenever the socket takes some, and frees it with the connection. A stream that has nothing
 * to say suspends its connection, and a publisher resumes it.
 *
 * Threads   Locks itself (the hub's lock).
 */
#ifndef FUSEBOX_HTTP_STREAM_H
#define FUSEBOX_HTTP_STREAM_H

#include "http/sse.h"

struct http_conn;
struct sse_stream;

enum { STREAM_ENDED = -1 };

void stream_start(struct sse_stream *stream, struct http_conn *conn);
/* The next bytes; 0: the connection is suspended until there are some; STREAM_ENDED. */
int64_t stream_pull(struct sse_stream *stream, char *out, size_t max_bytes);
void stream_free(struct sse_stream *stream); /* NULL is allowed */

/* Heartbeats, and streams whose peer has gone. */
void sse_hub_sweep(struct sse_hub *hub, int64_t mono_ns);
/* Says bye on all streams and lets no new one begin. */
void sse_hub_stop(struct sse_hub *hub);

#endif
