/*
 * Regular expressions as Prometheus has them: RE2's syntax, matched against the
 * whole text, in time linear in its length.
 *
 *   regex_new(pattern, &r, diag) -> { regex_matches(r, text) }* -> regex_free(r)
 *
 * Patterns that are no more than alternatives of plain texts (a|b|c), or a plain text
 * before or behind .* or .+, are answered without RE2.
 *
 * Errors    ERR_INVALID: the diag says what is wrong with the pattern. ERR_LIMIT: it
 *           is longer than REGEX_MAX_BYTES, or its program would be too large. ERR_NOMEM.
 * Threads   Immutable after it was made.
 * Memory    A program takes up to 1 MiB, taken by RE2 from the C++ heap.
 */
#ifndef FUSEBOX_BASE_REGEX_H
#define FUSEBOX_BASE_REGEX_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/str.h"

enum { REGEX_MAX_BYTES = 4096, REGEX_ALTERNATIVES_MAX = 256 };

struct regex;

enum err regex_new(struct str pattern, struct regex **ret, struct diag *diag) MUST_CHECK;
void regex_free(struct regex *r); /* NULL is allowed */

bool regex_matches(const struct regex *r, struct str text);

/* The plain texts whose alternatives the pattern is, each of which it matches, and nothing else;
 * NULL when it is something else. */
const struct str *regex_alternatives(const struct regex *r, size_t *ret_count);

/*
 * Puts into `ret` what stands for the text when it matches: `template_text` with $1, ${1}, $name,
 * ${name} replaced as Go's Expand does. False: it does not match. For label_replace. The result
 * lives in the arena; ERR_NOMEM and ERR_LIMIT of it are told by *ret_err.
 */
struct arena;
bool regex_expand(const struct regex *r, struct str text, struct str template_text,
                  struct arena *arena, struct str *ret, enum err *ret_err);

#endif
