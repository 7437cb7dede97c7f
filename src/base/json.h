/*
 * Streaming JSON writer over a buffer. Commas are its own business.
 *
 *   struct json j = json_to(&buf);
 *   json_open_object(&j);
 *     json_member_string(&j, "state", STR("open"));
 *     json_member_number(&j, "rate", 0.25);               NaN and infinities become null
 *   json_close_object(&j);
 *
 * Errors    Those of the buffer: look at buf_error once at the end.
 * Text      Bytes that are not UTF-8 become U+FFFD; <, >, & and U+2028/9 are
 *           escaped too, so that the text may stand inside a page.
 */
#ifndef FUSEBOX_BASE_JSON_H
#define FUSEBOX_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
    struct buf *out;
    int depth;
    bool after_key;
    bool after_value; /* in the same object or array: a comma comes next */
};

struct json json_to(struct buf *out);
void json_open_object(struct json *j);
void json_close_object(struct json *j);
void json_open_array(struct json *j);
void json_close_array(struct json *j);
void json_key(struct json *j, const char *key);    /* our own names: not escaped */
void json_key_str(struct json *j, struct str key); /* foreign names: escaped */
void json_string(struct json *j, struct str s);
void json_cstr(struct json *j, const char *s); /* NULL becomes null */
void json_int(struct json *j, int64_t value);
void json_number(struct json *j, double value);
/* Rounded to `decimals` (0 to 9) places, for figures that people read. */
void json_rounded(struct json *j, double value, int decimals);
void json_bool(struct json *j, bool value);
void json_null(struct json *j);
void json_time(struct json *j, int64_t wall_ms); /* RFC 3339; negative becomes null */
/* Text that is JSON already. */
void json_raw(struct json *j, struct str text);
/* The same written in place: room for so many bytes (NULL: there is none), and how many it took. */
char *json_raw_room(struct json *j, size_t max_bytes);
void json_raw_end(struct json *j, size_t len);

/* A member of an object: its key and its value, as the functions above have them. */
static inline void json_member_string(struct json *j, const char *key, struct str value)
{
    json_key(j, key);
    json_string(j, value);
}

static inline void json_member_cstr(struct json *j, const char *key, const char *value)
{
    json_key(j, key);
    json_cstr(j, value);
}

static inline void json_member_int(struct json *j, const char *key, int64_t value)
{
    json_key(j, key);
    json_int(j, value);
}

static inline void json_member_number(struct json *j, const char *key, double value)
{
    json_key(j, key);
    json_number(j, value);
}

static inline void json_member_bool(struct json *j, const char *key, bool value)
{
    json_key(j, key);
    json_bool(j, value);
}

static inline void json_member_time(struct json *j, const char *key, int64_t wall_ms)
{
    json_key(j, key);
    json_time(j, wall_ms);
}

static inline void json_member_rounded(struct json *j, const char *key, double value, int decimals)
{
    json_key(j, key);
    json_rounded(j, value, decimals);
}

#endif
