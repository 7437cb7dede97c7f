/*
 * Durations and sizes as people write them: "1h30m", "64MiB".
 *
 * A duration is a sequence of whole numbers with units ms, s, m, h, d, w, y in
 * falling order, each at most once, as Prometheus; "0" needs no unit. A day has
 * 24 hours, a year 365 days. A size is a whole number with B, KiB, MiB, GiB, TiB
 * or KB, MB, GB, TB (powers of 1,000), or a bare number of bytes.
 */
#ifndef FUSEBOX_MODEL_DURATION_H
#define FUSEBOX_MODEL_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { DURATION_TEXT_BYTES = 64 };

bool duration_parse(struct str text, int64_t *ret_ms); /* false: not a duration, or too large */
bool size_parse(struct str text, int64_t *ret_bytes);  /* false: not a size, or too large */

/* The shortest exact form ("1h30m", "64MiB"), with a NUL; returns `out`. Values are >= 0. */
char *duration_format(int64_t ms, char out[DURATION_TEXT_BYTES]);
char *size_format(int64_t bytes, char out[DURATION_TEXT_BYTES]);

#endif
