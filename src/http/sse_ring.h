/*
 * The last frames of one topic, numbered from 0. Who reads them keeps the number of the next one:
 *
 *        first         a reader's cursor         next
 *          v                v                      v
 *        [ 12 ][ 13 ][ 14 ][ 15 ][ 16 ][ 17 ][ 18 ]
 *
 * A cursor below `first` has fallen behind.
 *
 *   sse_ring_init -> { sse_ring_append | sse_ring_read | sse_ring_clear }* -> sse_ring_release
 *
 * Threads   Value; the hub's lock is around it.
 * Memory    Frames are shared and counted; their bytes are booked to the budget that is passed in.
 * Limits    SSE_RING_FRAMES frames of SSE_RING_MAX_BYTES together.
 */
#ifndef FUSEBOX_HTTP_SSE_RING_H
#define FUSEBOX_HTTP_SSE_RING_H

#include "http/sse_frame.h"

enum { SSE_RING_MAX_BYTES = 8 << 20 };

struct sse_ring {
    struct str name;
    struct sse_frame *resync; /* what a reader gets that has fallen behind */
    struct sse_frame *frames[SSE_RING_FRAMES];
    uint64_t first, next;
    size_t bytes;
};

/* Copies the name. False, with nothing to release: no memory. */
bool sse_ring_init(struct sse_ring *ring, struct str name);
void sse_ring_release(struct sse_ring *ring, struct budget *budget);

/* Shares the frame; the oldest ones go. */
void sse_ring_append(struct sse_ring *ring, struct sse_frame *frame, struct budget *budget);
void sse_ring_clear(struct sse_ring *ring, struct budget *budget);

/*
 * The next frame for a cursor, which moves on; gives a reference. One that has fallen behind gets
 * `resync` and goes on with the newest frame. NULL: nothing is new.
 */
struct sse_frame *sse_ring_read(const struct sse_ring *ring, uint64_t *cursor);

#endif
