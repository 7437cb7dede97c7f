/*
 * One formatted frame of server-sent events, shared by all who still have to send it.
 *
 *   id: 7\nevent: state\ndata: {"a":1}\n\n
 *
 * Threads   The count is atomic, the bytes are immutable.
 * Source    HTML standard, 9.2 Server-sent events.
 */
#ifndef FUSEBOX_HTTP_SSE_FRAME_H
#define FUSEBOX_HTTP_SSE_FRAME_H

#include "http/sse.h"

struct sse_frame;

/* Takes the buffer's bytes. NULL: no memory (the buffer is released). */
struct sse_frame *sse_frame_new(struct buf *text);
struct sse_frame *sse_frame_ref(struct sse_frame *frame);
void sse_frame_unref(struct sse_frame *frame); /* NULL is allowed */
struct str sse_frame_text(const struct sse_frame *frame);

#endif
