/*
 * The table of PromQL's functions: one row holds the name, the types and the code.
 *
 * A function is one of a few shapes, by which the evaluator calls it:
 *
 *   over a range    rate(v[5m])        one window of one series to one value
 *   of each value   ceil(v)            value to value, the metric's name is dropped
 *   of each series  label_replace(v)   labels to labels, values stay
 *   of a vector     histogram_quantile, absent, scalar, sort ...: has code of its own
 *   of time         hour(v = vector(time()))
 *
 * Threads   Immutable.
 * Source    Prometheus 2.42's functions, and later ones that only add.
 */
#ifndef FUSEBOX_PROMQL_FUNCTION_H
#define FUSEBOX_PROMQL_FUNCTION_H

#include "model/sample.h"
#include "promql/ast.h"

enum { PROMQL_ARGS_MAX = 32 /* of label_join */, PROMQL_SCALARS_MAX = 2 };

/* One window of one series: samples in time order, without stale markers. */
struct promql_window {
    const struct sample *samples; /* those inside, one at least */
    size_t count;
    int64_t start_ms, end_ms;           /* the window, both ends in it (left-open: start is not) */
    int64_t at_ms;                      /* the step, which an offset does not move */
    double scalars[PROMQL_SCALARS_MAX]; /* the scalar arguments at this step, in their order */
    const struct sample *const *marks;  /* what the row's mark says, behind the first sample */
    size_t mark_count;
    double *scratch; /* room for all of the series, for those that sort */
    const struct sample *sorted_from, *sorted_to; /* whose values scratch has, kept by the code */
    const char *complaint; /* set by the code: an argument is out of its range */
};

/* The value of a window; false: none (the series has no point at this step). */
typedef bool promql_range_code(struct promql_window *window, double *ret);
/*
 * Points out the samples of a series that differ from the one before them in a certain way, once
 * for all its windows; `out` has room for all. Gives how many.
 */
typedef size_t promql_mark_code(const struct sample *samples, size_t count,
                                const struct sample **out);
/* Of each value; `scalars` as above. SAMPLE_STALE_BITS: no value. */
typedef double promql_value_code(double value, const double *scalars);
/* Of a Unix time in seconds. */
typedef double promql_time_code(double unix_s);

enum promql_shape {
    PROMQL_OVER_RANGE,
    PROMQL_OF_VALUE,
    PROMQL_OF_TIME,
    PROMQL_SPECIAL, /* eval_special.c knows it by `special` */
};

enum promql_special {
    PROMQL_FN_ABSENT,
    PROMQL_FN_ABSENT_OVER_TIME,
    PROMQL_FN_HISTOGRAM_QUANTILE,
    PROMQL_FN_LABEL_JOIN,
    PROMQL_FN_LABEL_REPLACE,
    PROMQL_FN_NATIVE_HISTOGRAM, /* of samples that this store has none of: an empty vector */
    PROMQL_FN_PI,
    PROMQL_FN_SCALAR,
    PROMQL_FN_SORT,
    PROMQL_FN_SORT_DESC,
    PROMQL_FN_SORT_BY_LABEL,
    PROMQL_FN_SORT_BY_LABEL_DESC,
    PROMQL_FN_TIME,
    PROMQL_FN_TIMESTAMP,
    PROMQL_FN_VECTOR,
};

struct promql_function {
    const char *name;
    enum promql_type args[5];
    int arg_count; /* in the row; the last one repeats when variadic < 0 */
    int variadic;  /* 0: exactly arg_count; n > 0: up to n of the last may be left out;
                      -1: any number of the last, also none */
    enum promql_type returns;
    enum promql_shape shape;
    enum promql_special special; /* of PROMQL_SPECIAL */
    bool keeps_name;             /* last_over_time and its like keep __name__ */
    union {
        promql_range_code *range;
        promql_value_code *value;
        promql_time_code *time;
    } code;
    promql_mark_code *mark; /* over a range; NULL: its windows have no marks */
};

/* By its name, as written (functions are lower case); NULL: there is none. */
const struct promql_function *promql_function_find(struct str name);
extern const struct promql_function promql_functions[]; /* by name */
extern const size_t promql_function_count;

#endif
