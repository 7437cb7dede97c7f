#include "api/promql_answer.h"

#include "api/prometheus_reply.h"
#include "api/promql_args.h"
#include "base/mem.h"

static bool write_more(void *ctx, struct buf *out)
{
    struct promql_answer *a = ctx;

    if (!a->writer.result) {
        a->writer = promql_json_of(&a->options, &a->result);
        a->json = prometheus_begin(out);
    }
    a->json.out = out;
    if (promql_json_write(&a->writer, &a->json, LONG_ANSWER_PIECE_BYTES))
        return true;
    json_close_object(&a->json);
    return false;
}

static void free_answer(void *ctx)
{
    promql_answer_free(ctx);
}

struct promql_answer *promql_answer_new(struct api *api)
{
    struct promql_answer *a = mem_alloc_zero(1, sizeof *a);

    if (!a)
        return NULL;
    a->answer = (struct long_answer){
        .api = api, .write = write_more, .free = free_answer, .ctx = a
    };
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

enum err promql_answer_give(struct promql_answer *a, struct http_request *req,
                            struct http_reply *reply)
{
    struct own_queries *own = &a->answer.api->own.queries;
    enum err err = a->options.go_on(a->options.ctx);

    promql_query_init(&a->query, &a->options);
    if (!err)
        err = promql_run(&a->query, a->node, &a->result, &reply->diag);
    atomic_fetch_add(&own->samples_read, a->query.samples_read_count);
    a->answer.held_bytes = a->query.arena.used_bytes;
    if (err)
        promql_answer_free(a);
    else
        err = long_answer_give(&a->answer, req, reply);
    return err ? prometheus_failed(reply, err) : ERR_OK;
}
