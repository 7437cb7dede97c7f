/*
 * Label sets: what names a series. Sorted by name (bytes), names unique, the
 * metric's own name under "__name__", no empty values.
 *
 *   struct labels_builder b;
 *   labels_builder_init(&b, &arena);
 *   labels_builder_add(&b, STR("__name__"), STR("up"));      any order
 *   labels_builder_finish(&b, &labels, diag);                sorted, checked
 *
 * Memory    A label set borrows; the builder copies nothing but keeps its list in
 *           the arena, so names and values must live as long as the result.
 * Limits    LABELS_MAX labels; name LABEL_NAME_MAX_BYTES; value
 *           LABEL_VALUE_MAX_BYTES; all of it LABELS_MAX_BYTES: ERR_LIMIT.
 * Threads   Value.
 */
#ifndef FUSEBOX_MODEL_LABELS_H
#define FUSEBOX_MODEL_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

enum {
    LABELS_MAX = 64,
    LABEL_NAME_MAX_BYTES = 128,
    LABEL_VALUE_MAX_BYTES = 2048,
    LABELS_MAX_BYTES = 8192,
};

#define LABEL_METRIC_NAME STR("__name__")

struct label {
    struct str name;
    struct str value;
};

struct labels {
    const struct label *items;
    size_t count;
};

struct labels_builder {
    struct arena *arena;
    struct label items[LABELS_MAX];
    size_t count;
    bool overflow;
};

void labels_builder_init(struct labels_builder *b, struct arena *arena);
/* Adds a pair; an empty value is the same as no label. Too many are reported by finish. */
void labels_builder_add(struct labels_builder *b, struct str name, struct str value);
/* Replaces the value of a name that may be there, or adds it. */
void labels_builder_set(struct labels_builder *b, struct str name, struct str value);
/* Sorts and checks: ERR_INVALID (name twice, not UTF-8, bad name), ERR_LIMIT, ERR_NOMEM. */
enum err labels_builder_finish(struct labels_builder *b, struct labels *ret, struct diag *diag);

struct str labels_value(struct labels labels, struct str name); /* empty when absent */
bool labels_equals(struct labels a, struct labels b);
/* Pair by pair, name before value, as bytes; a shorter prefix is less. Negative, 0 or positive. */
int labels_compare(struct labels a, struct labels b);
uint64_t labels_hash(struct labels labels); /* equal sets have equal hashes; not kept on disk */

/*
 * The one byte form of a label set: for each label, LEB128 length and bytes of
 * the name, then of the value. Equal sets have equal bytes; used as map key and
 * on disk (docs/formats/log.md).
 */
void labels_encode(struct labels labels, struct buf *out);
/* Reads that form; the result points into `bytes`. ERR_CORRUPT, ERR_LIMIT, ERR_NOMEM. */
enum err labels_decode(struct str bytes, struct arena *arena, struct labels *ret);

/* name{a="b",c="d"} with exposition escapes. */
void labels_print(struct labels labels, struct buf *out);
/* Only the inside of the braces, without the metric's name; `"` `\` and newline escaped. */
void labels_print_pairs(struct labels labels, struct buf *out);

bool label_name_is_valid(struct str name);  /* [a-zA-Z_][a-zA-Z0-9_]* */
bool metric_name_is_valid(struct str name); /* [a-zA-Z_:][a-zA-Z0-9_:]* */

#endif
