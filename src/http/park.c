#include "http/park.h"

#include "base/lock.h"
#include "base/mem.h"
#include "http/conn.h"
#include "http/reply.h"

enum state { NEW, WAITING, FINISHED, ABANDONED };

struct http_parked {
    atomic_int refs;
    enum state state;
    enum err err; /* FINISHED: the handler's; ABANDONED: why */
    struct park *park;
    struct http_request *req;
    struct http_conn *conn; /* while WAITING */
    struct http_reply reply;
    struct http_parked *before, *after; /* in park->first */
};

struct park {
    atomic_int refs;
    struct lock lock;
    struct http_parked *first;
    size_t count;
    size_t max_count;
    int64_t timeout_ns;
    bool stopped;
    struct http_stats *stats; /* NULL after park_stop */
};

struct park *park_new(size_t max_parked, int64_t timeout_ms, struct http_stats *stats)
{
    struct park *park = mem_alloc_zero(1, sizeof *park);

    if (!park)
        return NULL;
    atomic_init(&park->refs, 1);
    lock_init(&park->lock, (enum lock_rank)(LOCK_RANK_HTTP + 1));
    park->max_count = max_parked;
    park->timeout_ns = timeout_ms * 1000000;
    park->stats = stats;
    return park;
}

void park_unref(struct park *park)
{
    if (!park || atomic_fetch_sub(&park->refs, 1) != 1)
        return;
    lock_release(&park->lock);
    mem_free(park);
}

static void parked_unref(struct http_parked *parked)
{
    struct park *park = parked->park;

    if (atomic_fetch_sub(&parked->refs, 1) != 1)
        return;
    reply_release(&parked->reply);
    request_unref(parked->req);
    mem_free(parked);
    park_unref(park);
}

/* A slot is held until the finisher is done, for until then its work is under way. */
static bool link_parked(struct park *park, struct http_parked *parked)
{
    bool room;

    lock_take(&park->lock);
    room = !park->stopped && park->count < park->max_count;
    if (room) {
        parked->after = park->first;
        if (park->first)
            park->first->before = parked;
        park->first = parked;
        park->count++;
        if (park->stats)
            atomic_fetch_add(&park->stats->parked_now, 1);
    }
    lock_drop(&park->lock);
    return room;
}

static void unlink_locked(struct park *park, struct http_parked *parked)
{
    if (parked->before)
        parked->before->after = parked->after;
    else
        park->first = parked->after;
    if (parked->after)
        parked->after->before = parked->before;
    park->count--;
    if (park->stats)
        atomic_fetch_sub(&park->stats->parked_now, 1);
}

struct http_parked *http_request_park(struct http_request *req)
{
    struct http_parked *parked;

    if (req->parked || !request_keep(req))
        return NULL;
    parked = mem_alloc_zero(1, sizeof *parked);
    if (!parked)
        return NULL;
    atomic_init(&parked->refs, 2);
    parked->park = req->park;
    parked->req = req;
    if (!link_parked(req->park, parked)) {
        mem_free(parked);
        return NULL;
    }
    atomic_fetch_add(&req->park->refs, 1);
    request_ref(req);
    req->parked = parked;
    return parked;
}

struct http_request *http_parked_request(struct http_parked *parked)
{
    return parked->req;
}

static bool is_wanted(struct http_parked *parked)
{
    bool wanted;

    lock_take(&parked->park->lock);
    wanted = parked->state != ABANDONED;
    lock_drop(&parked->park->lock);
    return wanted;
}

bool http_parked_is_wanted(struct http_parked *parked)
{
    bool wanted;

    lock_take(&parked->park->lock);
    wanted = parked->state != ABANDONED &&
             (parked->state != WAITING || !conn_is_half_closed(parked->conn));
    lock_drop(&parked->park->lock);
    return wanted;
}

void http_request_finish(struct http_parked *parked, enum err err, struct http_reply *reply)
{
    struct park *park = parked->park;

    if (is_wanted(parked))
        reply_complete(parked->req, err, reply);
    parked->reply = reply_take(reply);
    lock_take(&park->lock);
    unlink_locked(park, parked);
    if (parked->state == WAITING)
        conn_resume(parked->conn);
    if (parked->state != ABANDONED)
        parked->state = FINISHED;
    lock_drop(&park->lock);
    parked_unref(parked);
}

bool park_suspend(struct http_parked *parked, struct http_conn *conn)
{
    struct park *park = parked->park;
    bool waits;

    lock_take(&park->lock);
    if (parked->state == NEW && park->stopped) {
        parked->state = ABANDONED;
        parked->err = ERR_CANCELLED;
    }
    waits = parked->state == NEW;
    if (waits) {
        parked->state = WAITING;
        parked->conn = conn;
        conn_suspend(conn);
    }
    lock_drop(&park->lock);
    return waits;
}

enum err park_take(struct http_parked *parked, struct http_reply *ret_reply)
{
    struct park *park = parked->park;
    enum err err = ERR_OK;

    lock_take(&park->lock);
    if (parked->state != FINISHED) {
        err = parked->state == ABANDONED ? parked->err : ERR_CANCELLED;
        parked->state = ABANDONED;
        *ret_reply = (struct http_reply){ 0 };
    } else {
        *ret_reply = reply_take(&parked->reply);
    }
    lock_drop(&park->lock);
    parked_unref(parked);
    return err;
}

static void abandon_locked(struct http_parked *parked, enum err why)
{
    parked->state = ABANDONED;
    parked->err = why;
    conn_resume(parked->conn);
}

void park_sweep(struct park *park, int64_t mono_ns)
{
    lock_take(&park->lock);
    for (struct http_parked *p = park->first; p; p = p->after) {
        if (p->state == WAITING && park->timeout_ns > 0 &&
            mono_ns - p->req->received_mono_ns >= park->timeout_ns)
            abandon_locked(p, ERR_TIMEOUT);
    }
    lock_drop(&park->lock);
}

void park_stop(struct park *park)
{
    lock_take(&park->lock);
    park->stopped = true;
    for (struct http_parked *p = park->first; p; p = p->after) {
        if (p->state == WAITING)
            abandon_locked(p, ERR_CANCELLED);
    }
    if (park->stats)
        atomic_fetch_sub(&park->stats->parked_now, park->count);
    park->stats = NULL;
    lock_drop(&park->lock);
}
