#include "api/long_answer.h"

enum err long_answer_book(struct long_answer *a, size_t held_bytes, struct diag *diag)
{
    struct budget *budget = a->api->budget;

    if (budget && !budget_take_assured(budget, BUDGET_QUERY, held_bytes))
        return diag_set(diag, ERR_OVERLOADED,
                        "the memory budget is used up; ask again later, or for less at once");
    a->held_bytes = held_bytes;
    a->booked_bytes = budget ? held_bytes : 0;
    return ERR_OK;
}

static void drop(struct long_answer *a)
{
    if (a->booked_bytes)
        budget_give(a->api->budget, BUDGET_QUERY, a->booked_bytes);
    a->free(a->ctx);
}

static bool fill(void *ctx, struct buf *out)
{
    struct long_answer *a = ctx;

    return a->write(a->ctx, out);
}

static void release(void *ctx, bool was_sent)
{
    struct long_answer *a = ctx;
    struct own_queries *own = &a->api->own.queries;

    atomic_fetch_sub(&own->unread, 1);
    atomic_fetch_sub(&own->unread_bytes, a->held_bytes);
    atomic_fetch_add(&own->cancelled, !was_sent);
    drop(a);
}

/* May what the answer holds be held until the client has read it? */
static bool has_room(const struct long_answer *a)
{
    const struct own_queries *own = &a->api->own.queries;
    size_t limit_bytes = a->api->budget ? a->api->budget->limit_bytes / LONG_ANSWERS_PART : 0;
    size_t unread_bytes = own->unread_bytes;

    if (own->unread >= LONG_ANSWERS_MAX_COUNT)
        return false;
    return unread_bytes == 0 || limit_bytes == 0 || unread_bytes + a->held_bytes <= limit_bytes;
}

static enum err give_in_pieces(struct long_answer *a, struct http_request *req,
                               struct http_reply *reply)
{
    struct own_queries *own = &a->api->own.queries;
    const struct http_source source = { fill, release, a };

    if (!has_room(a)) {
        atomic_fetch_add(&own->refused, 1);
        drop(a);
        return diag_set(&reply->diag, ERR_OVERLOADED,
                        "too many long answers are being read; try again in a second");
    }
    atomic_fetch_add(&own->unread, 1);
    atomic_fetch_add(&own->unread_bytes, a->held_bytes);
    return http_reply_in_pieces(req, reply, &source);
}

enum err long_answer_give(struct long_answer *a, struct http_request *req, struct http_reply *reply)
{
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    if (a->write(a->ctx, &reply->body) && !buf_error(&reply->body))
        return give_in_pieces(a, req, reply);
    drop(a);
    return buf_error(&reply->body);
}
