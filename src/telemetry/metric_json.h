/*
 * Metrics as JSON: a struct metric_out that writes into an array which the caller
 * opened, one object per family:
 *
 *   {"name":"x_total","type":"counter","help":"…",
 *    "samples":[{"name":"x_total","labels":{"service":"orders"},"value":3}]}
 *
 *   struct metric_json w;
 *   struct metric_out out = metric_json_out(&w, &json);
 *   ... families and samples ...
 *   metric_json_finish(&w);                     closes the last family
 */
#ifndef FUSEBOX_TELEMETRY_METRIC_JSON_H
#define FUSEBOX_TELEMETRY_METRIC_JSON_H

#include "base/json.h"
#include "telemetry/metric.h"

struct metric_json {
    struct json *json;
    const char *family; /* NULL: none is open */
};

struct metric_out metric_json_out(struct metric_json *writer, struct json *json);
void metric_json_finish(struct metric_json *writer);

#endif
