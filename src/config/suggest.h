/*
 * "Did you mean": the name nearest to one that nobody knows.
 *
 *   struct suggestion s = suggestion_for(key);
 *   suggestion_offer(&s, STR("scrape_interval")) ...
 *   report_error(…, "unknown key \"%s\"%s", …, suggestion_text(&s, out));
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_CONFIG_SUGGEST_H
#define FUSEBOX_CONFIG_SUGGEST_H

#include "base/str.h"

enum { SUGGESTION_BYTES = 96 };

struct suggestion {
    struct str name;
    struct str nearest;
    size_t distance;
};

struct suggestion suggestion_for(struct str name);
void suggestion_offer(struct suggestion *s, struct str candidate);
/* `; did you mean "x"?`, or nothing when no name is near. Returns `out`. */
const char *suggestion_text(const struct suggestion *s, char out[SUGGESTION_BYTES]);

#endif
