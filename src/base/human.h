/*
 * Figures as people read them: "48,120", "1.1 GB", "12 days".
 *
 * For sentences and tables; exact forms are in model/duration.h. A size is in
 * powers of 1,000, as disks are sold; nothing below the next unit is shown as it.
 */
#ifndef FUSEBOX_BASE_HUMAN_H
#define FUSEBOX_BASE_HUMAN_H

#include <stdint.h>

enum { HUMAN_TEXT_BYTES = 32 };

/* All write text with a NUL and return `out`. */
char *human_count(uint64_t count, char out[HUMAN_TEXT_BYTES]);
char *human_bytes(uint64_t bytes, char out[HUMAN_TEXT_BYTES]);
/* In one unit, rounded down from two hours on: "340 ms", "90 s", "12 min", "5 hours", "12 days". */
char *human_duration(int64_t ms, char out[HUMAN_TEXT_BYTES]);

#endif
