/*
 * Streaming CSV writer over a buffer: RFC 4180, with a header row and CRLF.
 *
 *   struct csv c = csv_to(&buf);
 *   csv_text(&c, STR("service")); csv_number(&c, 0.5);  csv_end_row(&c);
 *
 * A number that is not known is an empty cell. A text that a spreadsheet would take
 * for a formula (it begins with =, +, -, @, a tab or CR) gets an apostrophe in
 * front, as spreadsheets themselves write it.
 *
 * Errors    Those of the buffer: look at buf_error once at the end.
 */
#ifndef FUSEBOX_BASE_CSV_H
#define FUSEBOX_BASE_CSV_H

#include <stdint.h>

#include "base/buf.h"

struct csv {
    struct buf *out;
    bool has_cell; /* in this row */
};

struct csv csv_to(struct buf *out);
void csv_text(struct csv *c, struct str text);
void csv_cstr(struct csv *c, const char *text); /* NULL: an empty cell */
void csv_number(struct csv *c, double value);   /* NaN: an empty cell */
void csv_rounded(struct csv *c, double value, int decimals);
void csv_int(struct csv *c, int64_t value);
void csv_time(struct csv *c, int64_t wall_ms); /* RFC 3339; negative: an empty cell */
void csv_end_row(struct csv *c);

#endif
