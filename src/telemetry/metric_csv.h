/*
 * Metrics as CSV: a struct metric_out over a buffer, one row per sample under the
 * header "timestamp,name,type,service,labels,value". `labels` are all of the
 * sample's, as Prometheus writes them: {service="orders",name="db"}.
 */
#ifndef FUSEBOX_TELEMETRY_METRIC_CSV_H
#define FUSEBOX_TELEMETRY_METRIC_CSV_H

#include "base/csv.h"
#include "telemetry/metric.h"

enum { METRIC_CSV_LABELS_MAX_BYTES = 64 << 10 }; /* longer ones are left empty */

struct metric_csv {
    struct csv csv;
    int64_t now_ms; /* stands in each row */
    const char *family;
    enum metric_kind kind;
    struct buf scratch;
};

/* Writes the header at once. */
struct metric_out metric_csv_out(struct metric_csv *writer, struct buf *text, int64_t now_ms);
void metric_csv_release(struct metric_csv *writer);

#endif
