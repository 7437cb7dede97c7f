/*
 * RE2 in C. Only base/regex.c includes it.
 */
#ifndef FUSEBOX_BASE_REGEX_RE2_H
#define FUSEBOX_BASE_REGEX_RE2_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RE2_PROGRAM_MAX_BYTES = 1 << 20, RE2_GROUPS_MAX = 32 };

struct re2_span {
    const char *ptr; /* NULL: the group took no part */
    size_t len;
};

/* NULL: `message` says why; *ret_too_large when the pattern is right but large. */
void *re2_shim_new(const char *pattern, size_t len, char *message, size_t message_bytes,
                   bool *ret_too_large);
void re2_shim_free(void *re2);
bool re2_shim_matches(const void *re2, const char *text, size_t len);
/* The whole match and up to RE2_GROUPS_MAX - 1 groups; false: no match. */
bool re2_shim_groups(const void *re2, const char *text, size_t len,
                     struct re2_span spans[RE2_GROUPS_MAX], int *ret_count);
/* The number of a named group; -1: there is none. */
int re2_shim_group(const void *re2, const char *name, size_t len);

#ifdef __cplusplus
}
#endif

#endif
