/*
 * Text: a pointer and a length, borrowed. Not NUL-terminated unless said.
 *
 *   struct str name = STR("payments");
 *
 * Memory    A value that borrows; str_copy gives a terminated copy in an arena.
 * Threads   Value.
 */
#ifndef FUSEBOX_BASE_STR_H
#define FUSEBOX_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })
#define STR_ARG(s)   (int)(s).len, (s).ptr /* for "%.*s" */

static inline struct str str_of(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

static inline bool str_equals(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int str_compare(struct str a, struct str b); /* bytes, as memcmp; a shorter prefix is less */
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
bool str_equals_nocase(struct str a, struct str b); /* ASCII letters only */
struct str str_trim(struct str s);                  /* spaces, tabs, CR, LF at both ends */

/* Cuts at the first `separator`: *head is what stands before it, the result what stands behind (or
 * nothing). */
struct str str_cut(struct str s, char separator, struct str *head);

/* Index of the byte, or s.len. */
size_t str_find(struct str s, char byte);

/* True for well-formed UTF-8 without NUL. */
bool str_is_utf8(struct str s);

/* Writes a code point up to U+10FFFF as UTF-8 (RFC 3629); the bytes written, 1 to 4. */
size_t str_put_utf8(char *out, uint32_t code);

/* Whole text must be a decimal integer in range; false leaves *ret alone. */
bool str_parse_i64(struct str s, int64_t *ret);

/* Edit distance (Levenshtein) of short names, at most 64 bytes each; for "did you mean". */
size_t str_distance(struct str a, struct str b);

#endif
