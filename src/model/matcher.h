/*
 * Label matchers of a selector: equal and not equal (regular expressions come
 * with the query engine). A series without the label has the empty value.
 */
#ifndef FUSEBOX_MODEL_MATCHER_H
#define FUSEBOX_MODEL_MATCHER_H

#include <stdbool.h>

#include "model/labels.h"

enum matcher_kind { MATCH_EQUAL, MATCH_NOT_EQUAL };

struct matcher {
    enum matcher_kind kind;
    struct str name;
    struct str value;
};

static inline bool matcher_matches(const struct matcher *m, struct labels labels)
{
    bool equal = str_equals(labels_value(labels, m->name), m->value);

    return m->kind == MATCH_EQUAL ? equal : !equal;
}

#endif
