/*
 * The hubs whose streams a server carries: each one that a reply named, so that
 * the server can sweep them, and end their streams when it stops.
 *
 * Threads   Locks itself.
 * Limits    HTTP_HUBS_MAX hubs; the streams of further ones end with their
 *           connections only.
 */
#ifndef FUSEBOX_HTTP_HUBS_H
#define FUSEBOX_HTTP_HUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/lock.h"

enum { HTTP_HUBS_MAX = 8 };

struct sse_hub;

struct hubs {
    struct lock lock;
    struct sse_hub *list[HTTP_HUBS_MAX];
    size_t count;
    bool stopped;
};

void hubs_init(struct hubs *h);
void hubs_release(struct hubs *h);

/* Remembers the hub; after hubs_stop its streams are ended at once. */
void hubs_note(struct hubs *h, struct sse_hub *hub);
void hubs_sweep(struct hubs *h, int64_t mono_ns);
/* Ends the streams of all, and of those that are noted later. */
void hubs_stop(struct hubs *h);

#endif
