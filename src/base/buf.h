/*
 * Growable byte buffer with a maximum.
 *
 * Writers append without checking each call: the first failure (limit or heap)
 * sticks in `failed`, later appends do nothing, and the owner looks once at the
 * end with buf_error.
 *
 *   struct buf b = buf_limited(1 << 20);
 *   { buf_append | buf_printf }*  ->  buf_error(&b)  ->  buf_release(&b)
 *
 * Threads   Single owner.
 */
#ifndef FUSEBOX_BASE_BUF_H
#define FUSEBOX_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

struct buf {
    char *data;
    size_t len;
    size_t capacity_bytes;
    size_t limit_bytes;
    enum err failed;
};

struct buf buf_limited(size_t limit_bytes); /* allocates nothing yet */
void buf_release(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory, forgets a failure */

/* Makes room for `more` bytes behind len; false (and failed set) when there is none. */
bool buf_reserve(struct buf *b, size_t more_bytes);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_str(struct buf *b, struct str s);
void buf_append_cstr(struct buf *b, const char *text);
void buf_append_byte(struct buf *b, char byte);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* What was appended so far; valid until the next append. */
struct str buf_str(const struct buf *b);
enum err buf_error(const struct buf *b);

/* Gives the bytes (free with mem_free) and leaves the buffer empty. */
char *buf_take(struct buf *b, size_t *ret_len);

#endif
