/*
 * OpenMetrics 1.0 text, read in the two steps of wire/exposition.h: lines are split
 * cheaply, and a series part is parsed only when nobody knows it yet.
 *
 *   openmetrics_init(&r, body)
 *   while ((err = openmetrics_next(&r, &it, diag)) == ERR_OK && it.line.kind != EXPOSITION_END)
 *       ... it.line as in exposition.h, it.exemplar when it.has_exemplar ...
 *   openmetrics_parse_series(it.line.series, &builder, diag)      on a cache miss
 *   exposition_parse_labels(it.exemplar.labels, &builder, diag)  when it is kept
 *
 * What is refused is what Prometheus 2.42 refuses: blanks other than the one
 * between two tokens, lines that are neither sample nor metadata, a trailing comma,
 * an exemplar behind a name without _bucket or _total, a unit that does not end its
 * family's name, a body that does not end with "# EOF". What it takes is taken:
 * the order of metadata and samples, names without their type's suffix, several
 * TYPE lines of one family.
 *
 * Time      Timestamps are seconds in the text and milliseconds here, cut off.
 * Errors    ERR_INVALID with line (from 1) and column; ERR_LIMIT for a line over
 *           EXPOSITION_LINE_MAX_BYTES. Nothing after an error may be used.
 * Memory    Everything points into the body.
 * Source    OpenMetrics specification 1.0.0; the golden files are held against
 *           Prometheus in test/peers/openmetrics.test.mjs.
 */
#ifndef FUSEBOX_WIRE_OPENMETRICS_H
#define FUSEBOX_WIRE_OPENMETRICS_H

#include "wire/exposition.h"

/* Further than any calendar goes; a timestamp beyond becomes this. */
#define OPENMETRICS_TS_MAX_MS INT64_C(9000000000000000)

struct openmetrics_exemplar {
    struct str labels; /* "{" to "}" as written; its grammar and UTF-8 are checked */
    double value;
    bool has_ts;
    int64_t ts_ms;
};

struct openmetrics_line {
    struct exposition_line line;
    bool has_exemplar;
    struct openmetrics_exemplar exemplar;
};

struct openmetrics_reader {
    struct str rest;
    int line;
    bool ended; /* "# EOF" was read */
};

void openmetrics_init(struct openmetrics_reader *r, struct str body);

enum err openmetrics_next(struct openmetrics_reader *r, struct openmetrics_line *ret,
                          struct diag *diag) MUST_CHECK;

/* As exposition_parse_series, in OpenMetrics' narrower grammar. */
enum err openmetrics_parse_series(struct str series, struct labels_builder *builder,
                                  struct diag *diag) MUST_CHECK;

#endif
