/*
 * The answer to a query for a terminal, as a table, and for a file, as CSV.
 *
 * Source    RFC 4180, by way of base/csv.h.
 */
#ifndef FUSEBOX_CLI_QUERY_PRINT_H
#define FUSEBOX_CLI_QUERY_PRINT_H

#include <stdio.h>

#include "base/buf.h"
#include "cli/query_answer.h"

enum { QUERY_NUMBER_BYTES = 48 };

/* "48,120", "1,234.5", "0.2513", "NaN": four digits or more, with a NUL; returns `out`. */
char *query_number(double value, char out[QUERY_NUMBER_BYTES]);

/* Labels in columns, values on the right; a row for each point. */
void query_print_table(FILE *out, const struct query_answer *answer);

/* The labels, "timestamp" and "value", a row for each point; numbers in full. */
void query_print_csv(struct buf *out, const struct query_answer *answer);

/* An expression's line, and a caret under the column (in bytes, from 1). */
void query_print_caret(FILE *out, struct str expression, int line, int column);

#endif
