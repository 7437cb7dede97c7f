#include "api/promql_answer.h"

#include "api/promql_args.h"
#include "base/mem.h"

struct promql_answer *promql_answer_new(struct api *api)
{
    struct promql_answer *a = mem_alloc_zero(1, sizeof *a);

    if (!a)
        return NULL;
    a->api = api;
    a->tree = arena_limited(PROMQL_TREE_MAX_BYTES);
    return a;
}

void promql_answer_free(struct promql_answer *a)
{
    if (!a)
        return;
    promql_query_release(&a->query);
    arena_release(&a->tree);
    mem_free(a);
}

/* --- what has more than one piece --- */

static bool fill(void *ctx, struct buf *out)
{
    struct promql_answer *a = ctx;

    a->json.out = out;
    if (promql_json_write(&a->writer, &a->json, PROMQL_PIECE_BYTES))
        return true;
    json_close_object(&a->json);
    return false;
}

static void release(void *ctx, bool was_sent)
{
    struct promql_answer *a = ctx;
    struct own_queries *own = &a->api->own.queries;

    atomic_fetch_sub(&own->unread, 1);
    atomic_fetch_sub(&own->unread_bytes, a->unread_bytes);
    atomic_fetch_add(&own->cancelled, !was_sent);
    promql_answer_free(a);
}

/* May what the query holds be held until the client has read it? */
static bool has_room(const struct promql_answer *a)
{
    const struct own_queries *own = &a->api->own.queries;
    size_t limit_bytes = a->api->budget ? a->api->budget->limit_bytes / PROMQL_UNREAD_PART : 0;
    size_t unread_bytes = own->unread_bytes;

    if (own->unread >= PROMQL_UNREAD_MAX_COUNT)
        return false;
    return unread_bytes == 0 || limit_bytes == 0 ||
           unread_bytes + a->query.arena.used_bytes <= limit_bytes;
}

static enum err refuse(struct promql_answer *a, struct http_reply *reply)
{
    atomic_fetch_add(&a->api->own.queries.refused, 1);
    promql_answer_free(a);
    return prometheus_error(reply, ERR_OVERLOADED, NULL,
                            "too many long answers are being read; try again in a second");
}

static enum err give_in_pieces(struct promql_answer *a, struct http_request *req,
                               struct http_reply *reply)
{
    struct own_queries *own = &a->api->own.queries;
    const struct http_source source = { fill, release, a };

    if (!has_room(a))
        return refuse(a, reply);
    a->unread_bytes = a->query.arena.used_bytes;
    atomic_fetch_add(&own->unread, 1);
    atomic_fetch_add(&own->unread_bytes, a->unread_bytes);
    if (http_reply_in_pieces(req, reply, &source))
        return prometheus_error(reply, ERR_NOMEM, NULL, err_text(ERR_NOMEM));
    return ERR_OK;
}

/* --- all of them --- */

static enum err write_first(struct promql_answer *a, struct http_request *req,
                            struct http_reply *reply)
{
    bool has_more;
    enum err err;

    a->writer = promql_json_of(&a->options, &a->result);
    a->json = prometheus_open(reply);
    has_more = promql_json_write(&a->writer, &a->json, PROMQL_PIECE_BYTES);
    if (has_more && !buf_error(&reply->body))
        return give_in_pieces(a, req, reply);
    err = prometheus_close(&a->json, reply);
    promql_answer_free(a);
    return err;
}

enum err promql_answer_give(struct promql_answer *a, struct http_request *req,
                            struct http_reply *reply)
{
    struct diag diag = { 0 };
    enum err err = a->options.go_on(a->options.ctx);

    promql_query_init(&a->query, &a->options);
    if (!err)
        err = promql_run(&a->query, a->node, &a->result, &diag);
    atomic_fetch_add(&a->api->own.queries.samples_read, a->query.samples_read_count);
    if (!err)
        return write_first(a, req, reply);
    promql_answer_free(a);
    return prometheus_error(reply, err, NULL, diag.code ? diag_text(&diag) : err_text(err));
}
