/*
 * The answer to a query, from its evaluation until its last byte is read (api/long_answer.h).
 *
 *   promql_answer_new -> fill in node and options -> promql_answer_give
 *
 * Memory    The query's arena, which is booked in the memory budget, and the expression's.
 * Threads   One after the other: the query thread, then the http thread of its connection.
 */
#ifndef FUSEBOX_API_PROMQL_ANSWER_H
#define FUSEBOX_API_PROMQL_ANSWER_H

#include "api/long_answer.h"
#include "api/promql_json.h"

struct promql_answer {
    struct long_answer answer;
    struct arena tree; /* of the expression; texts of the result may stand there */
    const struct promql_node *node;
    struct promql_options options;
    struct promql_query query;
    struct promql_result result;
    struct promql_json writer;
    struct json json;
};

struct promql_answer *promql_answer_new(struct api *api); /* NULL: no memory */
/* Evaluates and answers. Takes the answer. What is returned goes to http_request_finish. */
enum err promql_answer_give(struct promql_answer *a, struct http_request *req,
                            struct http_reply *reply) MUST_CHECK;
void promql_answer_free(struct promql_answer *a); /* NULL is allowed */

#endif
