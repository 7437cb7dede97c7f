/*
 * JSON reader: small documents of others, checked whole and then looked into.
 *
 *   json_read(text, &root, diag)
 *   json_read_at(root, "memory.used.head")      a value that is not there has kind JSON_ABSENT
 *   struct json_value item = { 0 };
 *   while (json_read_next(list, &item)) ...     items of an array, members of an object
 *
 * A value is the place where it stands in the text; nothing is copied until a
 * string is asked for.
 *
 * Memory    Values borrow from the text. Strings go into the caller's arena.
 * Threads   Value.
 * Limits    JSON_READ_DEPTH_MAX levels.
 * Source    RFC 8259; NUL, a byte order mark and text that is not UTF-8 are refused.
 */
#ifndef FUSEBOX_BASE_JSON_READ_H
#define FUSEBOX_BASE_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/str.h"

enum { JSON_READ_DEPTH_MAX = 32 };

enum json_kind {
    JSON_ABSENT,
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_value {
    enum json_kind kind;
    struct str text; /* as it stands in the document, brackets and quotes included */
    struct str
        key; /* of a member, as json_read_next found it: without quotes, escapes as written */
};

/* Checks the whole document. ERR_INVALID: diag has line and column. */
enum err json_read(struct str text, struct json_value *ret, struct diag *diag) MUST_CHECK;

/* The member at a path of keys, as "a.b"; keys are compared as they are written. */
struct json_value json_read_at(struct json_value value, const char *path);

/* Steps through what the parent holds, beginning with an all-zero item; false behind the last. */
bool json_read_next(struct json_value parent, struct json_value *item);

/* A string's text without escapes; false: no string, or the arena refuses (arena_error). */
bool json_read_str(struct json_value value, struct arena *arena, struct str *ret) MUST_CHECK;

/* What the value says, or `otherwise` when it is of another kind or does not fit. */
int64_t json_read_i64(struct json_value value, int64_t otherwise);
double json_read_double(struct json_value value, double otherwise);
bool json_read_bool(struct json_value value, bool otherwise);

#endif
