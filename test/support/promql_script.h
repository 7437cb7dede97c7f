/*
 * Scripts in the language that Prometheus' own query tests are written in:
 *
 *   load 30s                                  the distance of samples; each series on a line:
 *     calls{job="a"} 0+10x5 _ 3 stale NaN     from the time 0 on: 0 10 20 30 40 50, a gap, ...
 *   eval instant at 2m sum(calls)             then the expected, in any order
 *     {} 40
 *   eval_ordered instant at 2m sort(calls)    in this order
 *   eval range from 0 to 2m step 1m calls     one value per step, _ where there is none
 *     calls{job="a"} 0 20 40
 *   eval_fail instant at 1m calls + on (x) x  ends in an error; behind it may stand
 *     expected_fail_message PART              a part of its sentence
 *   ranges left-open                          what range selectors mean from here on, or `closed`
 *   clear                                     forgets what was loaded
 *
 * Numbers are equal when they differ by less than a millionth of themselves.
 */
#ifndef FUSEBOX_TEST_PROMQL_SCRIPT_H
#define FUSEBOX_TEST_PROMQL_SCRIPT_H

#include "promql/query.h"

struct script_series {
    struct labels labels;
    struct sample *samples;
    size_t count;
};

/* What is loaded; a source of queries. */
struct script_world {
    struct arena arena;
    struct script_series *series;
    size_t count;
};

void script_world_init(struct script_world *w);
void script_world_release(struct script_world *w);
struct promql_source script_world_source(struct script_world *w);
struct promql_options script_options(struct script_world *w);

/* Runs the whole text; fails the test with file and line. Gives how many queries it asked. */
int script_run(const char *path, struct str text);

#endif
