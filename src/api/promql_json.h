/*
 * What a query gave, as "data" of Prometheus' answers: resultType and result.
 *
 * Numbers are texts, the shortest that read back equal; times are Unix seconds.
 *
 * Threads   Value.
 * Source    Prometheus 2.42, HTTP API: expression query result formats.
 */
#ifndef FUSEBOX_API_PROMQL_JSON_H
#define FUSEBOX_API_PROMQL_JSON_H

#include "base/json.h"
#include "promql/query.h"

void promql_json_result(struct json *j, const struct promql_options *options,
                        const struct promql_result *result);
void promql_json_labels(struct json *j, struct labels labels);
void promql_json_time(struct json *j, int64_t ms);

#endif
