/*
 * A viewer of an event stream that reads as fast as it can, on a thread of its own.
 */
#ifndef FUSEBOX_BENCH_STREAM_CLIENT_H
#define FUSEBOX_BENCH_STREAM_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct stream_client {
    pthread_t thread;
    int fd;
    uint64_t bytes;
    uint64_t frame_bytes, largest_bytes; /* of frames behind the first */
    uint64_t frames;
};

/* Subscribes to the view; false when it cannot. */
bool stream_client_start(struct stream_client *c, uint16_t port, const char *view);
/* Once the server has ended the stream; gives the bytes that came. */
uint64_t stream_client_stop(struct stream_client *c);

#endif
