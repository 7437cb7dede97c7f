/*
 * Metrics on their way out: a family with its samples, told to whoever listens
 * (the text of /metrics, the store of our own series).
 *
 *   out->family(ctx, "fusebox_…_total", METRIC_COUNTER, "What it counts.")
 *   out->sample(ctx, "", labels, count, value)          any number
 *
 * All samples of a family follow its family call. `suffix` is "", "_bucket",
 * "_sum" or "_count".
 */
#ifndef FUSEBOX_TELEMETRY_METRIC_H
#define FUSEBOX_TELEMETRY_METRIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_label {
    const char *name;
    struct str value;
};

struct metric_out {
    void (*family)(void *ctx, const char *name, enum metric_kind kind, const char *help);
    void (*sample)(void *ctx, const char *suffix, const struct metric_label *labels, size_t count,
                   double value);
    void *ctx;
};

/* Writes Prometheus text 0.0.4 into `text`. The state lives in *writer. */
struct metric_text {
    struct buf *text;
    const char *family;
};

struct metric_out metric_text_out(struct metric_text *writer, struct buf *text);

/* Pieces of the text formats. */
const char *metric_kind_name(enum metric_kind kind);
/* Backslash and line end are escaped, quotes when they are to be. */
void metric_append_escaped(struct buf *out, struct str s, bool quotes);
void metric_append_labels(struct buf *out, const struct metric_label *labels, size_t count);
/* One line, with its end. */
void metric_append_sample(struct buf *out, const char *family, const char *suffix,
                          const struct metric_label *labels, size_t count, double value);

#endif
