/*
 * What a query gave, as "data" of Prometheus' answers: resultType and result.
 *
 * Results may be far longer than memory should hold as text, so they are written piece by
 * piece: the caller empties the buffer between two calls, or lets it grow.
 *
 *   struct promql_json p = promql_json_of(&options, &result);
 *   while (promql_json_write(&p, &j, enough_bytes))
 *       { send what j.out holds; buf_clear(j.out); }
 *
 * Numbers are texts, the shortest that read back equal; times are Unix seconds.
 *
 * Limits    A piece passes `enough_bytes` by a set of labels or one text at most.
 * Threads   Value.
 * Source    Prometheus 2.42, HTTP API: expression query result formats.
 */
#ifndef FUSEBOX_API_PROMQL_JSON_H
#define FUSEBOX_API_PROMQL_JSON_H

#include "base/json.h"
#include "promql/query.h"

struct promql_json {
    const struct promql_options *options;
    const struct promql_result *result;
    size_t series;   /* the one that is being written */
    size_t point;    /* of it: the next one */
    bool has_begun;  /* resultType is there */
    bool has_labels; /* those of the series are there */
};

struct promql_json promql_json_of(const struct promql_options *options,
                                  const struct promql_result *result); /* both outlive it */
/* Writes on until the buffer holds enough; false: the value is complete. */
bool promql_json_write(struct promql_json *p, struct json *j, size_t enough_bytes);

void promql_json_labels(struct json *j, struct labels labels);
void promql_json_time(struct json *j, int64_t ms);

#endif
