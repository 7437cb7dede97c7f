/*
 * Strict reader of JSON for tests: is a text well formed, and what stands at a path?
 *
 *   json_check(text)                                fails the test when it is not JSON
 *   json_at(text, "services.0.budget.risk")         the raw text of that value: "\"low\"", "null",
 * "3"
 *
 * Source    RFC 8259. Keys are compared as they are written.
 */
#ifndef FUSEBOX_TEST_JSON_CHECK_H
#define FUSEBOX_TEST_JSON_CHECK_H

#include "base/str.h"

void json_check(struct str text);

/* Empty when there is no such member or item. */
struct str json_at(struct str text, const char *path);
bool json_has(struct str text, const char *path);

/* Fails the test unless the value's text is exactly `expected`. */
void json_expect(struct str text, const char *path, const char *expected);

/* Items of the array, or members of the object, at the path. */
size_t json_count(struct str text, const char *path);

#endif
