/*
 * The answer to a query, from its evaluation until its last byte is read.
 *
 * It is written piece by piece. One that fits the first piece is an ordinary body. Of a longer
 * one the http thread writes a piece whenever the client has read the one before, from what the
 * query holds, which is booked in the memory budget until then; the query thread has gone on.
 *
 *   promql_answer_new -> fill in tree, options and node -> promql_answer_give
 *
 * Limits    PROMQL_UNREAD_MAX_COUNT answers longer than a piece are being read at once, and
 *           all but one of them hold no more than a PROMQL_UNREAD_PART of the budget.
 *           Others are refused (503) after they were evaluated. The time that a client
 *           may take to read is the server's matter (http/pieces.h).
 * Threads   One after the other: the query thread, then the http thread of its connection.
 */
#ifndef FUSEBOX_API_PROMQL_ANSWER_H
#define FUSEBOX_API_PROMQL_ANSWER_H

#include "api/prometheus_reply.h"
#include "api/promql_json.h"

enum {
    PROMQL_PIECE_BYTES = 64 << 10,
    PROMQL_UNREAD_MAX_COUNT = 64,
    PROMQL_UNREAD_PART = 4,
};

struct promql_answer {
    struct api *api;
    struct arena tree; /* of the expression; texts of the result may stand there */
    const struct promql_node *node;
    struct promql_options options;
    struct promql_query query;
    struct promql_result result;
    struct promql_json writer;
    struct json json;
    size_t unread_bytes; /* counted in own_queries */
};

struct promql_answer *promql_answer_new(struct api *api); /* NULL: no memory */
/* Evaluates and answers. Takes the answer. What is returned goes to http_request_finish. */
enum err promql_answer_give(struct promql_answer *a, struct http_request *req,
                            struct http_reply *reply) MUST_CHECK;
void promql_answer_free(struct promql_answer *a); /* NULL is allowed */

#endif
