/*
 * Prometheus text exposition 0.0.4, read in two steps: lines are split cheaply,
 * and the series part of a line is parsed only when nobody knows it yet.
 *
 *   exposition_init(&r, body)
 *   while ((err = exposition_next(&r, &line, diag)) == ERR_OK && line.kind != EXPOSITION_END)
 *       if (line.kind == EXPOSITION_SAMPLE) ... line.series, line.value ...
 *   exposition_parse_series(line.series, &builder, diag)     on a cache miss
 *
 * Errors    ERR_INVALID with line (from 1) and column; ERR_LIMIT for a line over
 *           EXPOSITION_LINE_MAX_BYTES. Nothing after an error may be used: a
 *           scrape counts whole or not at all.
 * Memory    Everything points into the body.
 * Source    docs: Prometheus exposition formats, text 0.0.4.
 */
#ifndef FUSEBOX_WIRE_EXPOSITION_H
#define FUSEBOX_WIRE_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "model/labels.h"

enum { EXPOSITION_LINE_MAX_BYTES = 65536 };

enum exposition_kind {
    EXPOSITION_END,
    EXPOSITION_SAMPLE,
    EXPOSITION_TYPE,
    EXPOSITION_HELP,
    EXPOSITION_UNIT, /* OpenMetrics alone has it */
};

struct exposition_line {
    enum exposition_kind kind;
    struct str series; /* SAMPLE: name and braces as written; TYPE, HELP, UNIT: the name */
    struct str text;   /* TYPE: its word; HELP: the text, still escaped; UNIT: the unit */
    double value;
    bool has_ts;
    int64_t ts_ms;
};

struct exposition_reader {
    struct str rest;
    int line;
};

void exposition_init(struct exposition_reader *r, struct str body);

/* The next sample or metadata line; comments and blank lines are passed over. */
enum err exposition_next(struct exposition_reader *r, struct exposition_line *ret,
                         struct diag *diag) MUST_CHECK;

/*
 * Adds the metric's name (as __name__) and the labels to the builder; escapes in
 * values are resolved into the builder's arena. diag->column counts from the
 * start of `series`. ERR_INVALID, ERR_LIMIT, ERR_NOMEM.
 */
enum err exposition_parse_series(struct str series, struct labels_builder *builder,
                                 struct diag *diag) MUST_CHECK;

/* The same for labels alone, "{" to "}"; for exemplars. */
enum err exposition_parse_labels(struct str braces, struct labels_builder *builder,
                                 struct diag *diag) MUST_CHECK;

#endif
