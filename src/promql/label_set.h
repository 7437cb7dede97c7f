/*
 * Label sets made from others: the result's labels stand in `space`, its strings
 * are borrowed.
 */
#ifndef FUSEBOX_PROMQL_LABEL_SET_H
#define FUSEBOX_PROMQL_LABEL_SET_H

#include "promql/ast.h"

struct labels label_set_without_name(struct labels labels, struct label space[LABELS_MAX]);
/* Only the names, or all but the names; `and_name`: also without the metric's name. */
struct labels label_set_keep(struct labels labels, const struct promql_names *names,
                             struct label space[LABELS_MAX]);
struct labels label_set_drop(struct labels labels, const struct promql_names *names, bool and_name,
                             struct label space[LABELS_MAX]);
/* With another value of one label; an empty one takes it away. `labels` may stand in `space`.
 * False: too many labels. */
bool label_set_put(struct labels labels, struct str name, struct str value,
                   struct label space[LABELS_MAX], struct labels *ret);

#endif
