/*
 * The answer to a query over time for a terminal: a small chart for each series, drawn
 * with braille characters, of which each has two by four dots.
 *
 *   METRIC{job="a"}  last 4
 *           9 ⡠⠊⠑⢄   the largest value
 *             ...
 *           1 ⠁  ⠈   the smallest
 *
 * Neighbouring points are joined; a gap is where steps have no value, or none that is
 * finite.
 *
 * Limits    QUERY_CHARTS_MAX series are drawn; how many more there are is told.
 */
#ifndef FUSEBOX_CLI_QUERY_CHART_H
#define FUSEBOX_CLI_QUERY_CHART_H

#include <stdio.h>

#include "cli/query_answer.h"

enum { QUERY_CHARTS_MAX = 20, QUERY_CHART_COLUMNS_MAX = 200 };

struct query_frame {
    int64_t start_ms, end_ms, step_ms;
    int width; /* of the terminal, in characters */
};

void query_chart_print(FILE *out, const struct query_answer *answer,
                       const struct query_frame *frame);

#endif
