/*
 * Diagnosis: the sentence that says what was wrong, and where.
 *
 * The last parameter of a function whose failure a person will read. NULL is
 * allowed and means that nobody reads. The first error set is kept.
 *
 * Memory    A plain value; nothing to release.
 * Threads   Value.
 */
#ifndef FUSEBOX_BASE_DIAG_H
#define FUSEBOX_BASE_DIAG_H

#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

enum { DIAG_MESSAGE_BYTES = 320 };

struct diag {
    enum err code;
    size_t position_bytes; /* offset into the input; 0 when not known */
    int line;              /* from 1; 0 when not known */
    int column;            /* from 1, in bytes; 0 when not known */
    char message[DIAG_MESSAGE_BYTES];
};

/* Fills *diag unless it already holds an error, and returns `code`, so that it can be the return
 * value. */
enum err diag_set(struct diag *diag, enum err code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with a place. */
enum err diag_set_at(struct diag *diag, enum err code, int line, int column, const char *format,
                     ...) PRINTF_LIKE(5, 6);

/* The message, or the text of the code when no message was set. */
const char *diag_text(const struct diag *diag);

#endif
