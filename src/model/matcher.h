/*
 * Label matchers of a selector. A series without the label has the empty value.
 *
 * Memory    A matcher borrows: its texts, and the regular expression that belongs to
 *           the last two kinds (base/regex.h), which matcher_matches needs.
 * Threads   Value.
 */
#ifndef FUSEBOX_MODEL_MATCHER_H
#define FUSEBOX_MODEL_MATCHER_H

#include <stdbool.h>

#include "base/regex.h"
#include "model/labels.h"

enum matcher_kind { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher {
    enum matcher_kind kind;
    struct str name;
    struct str value; /* the text, or the pattern */
    const struct regex *regex;
};

static inline bool matcher_accepts(const struct matcher *m, struct str value)
{
    switch (m->kind) {
    case MATCH_EQUAL:
        return str_equals(value, m->value);
    case MATCH_NOT_EQUAL:
        return !str_equals(value, m->value);
    case MATCH_REGEX:
        return regex_matches(m->regex, value);
    case MATCH_NOT_REGEX:
        return !regex_matches(m->regex, value);
    }
    return false;
}

static inline bool matcher_matches(const struct matcher *m, struct labels labels)
{
    return matcher_accepts(m, labels_value(labels, m->name));
}

#endif
