/*
 * What /api/v1/query and /api/v1/query_range answered, as rows and columns.
 *
 * Columns are the labels that any series has, the metric's name first, the others in
 * their order; a row is a series with its points. A scalar is a row without labels.
 *
 * Memory    All in the caller's arena; texts may borrow from the document.
 * Limits    QUERY_COLUMNS_MAX labels; the arena's.
 * Source    docs/formats/views.md, "As Prometheus has them".
 */
#ifndef FUSEBOX_CLI_QUERY_ANSWER_H
#define FUSEBOX_CLI_QUERY_ANSWER_H

#include "base/json_read.h"

enum { QUERY_COLUMNS_MAX = 256 };

struct query_point {
    int64_t ts_ms;
    double value;
};

struct query_row {
    struct str *values; /* one per column; empty: the series does not have the label */
    struct query_point *points;
    size_t point_count;
};

struct query_answer {
    bool is_text; /* the result is a string: */
    struct str text;
    bool is_scalar; /* one row, one point */
    bool is_matrix; /* any number of points in a row; else one */
    struct str names[QUERY_COLUMNS_MAX];
    size_t name_count;
    struct query_row *rows;
    size_t row_count;
};

/* ERR_INVALID: the document is none; ERR_LIMIT, ERR_NOMEM. */
enum err query_answer_read(struct json_value doc, struct arena *arena, struct query_answer *ret,
                           struct diag *diag) MUST_CHECK;

bool query_is_metric_name(struct str column); /* __name__ */

#endif
