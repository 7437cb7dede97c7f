/*
 * A histogram with fixed bounds in seconds, fed from any thread without a lock.
 *
 * Threads   histogram_observe and histogram_write from any thread; a reader may
 *           see a count whose bucket is one observation behind.
 */
#ifndef FUSEBOX_TELEMETRY_HISTOGRAM_H
#define FUSEBOX_TELEMETRY_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "telemetry/metric.h"

enum { HISTOGRAM_BOUNDS = 16 };

struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BOUNDS + 1]; /* not cumulative; the last is +Inf */
    _Atomic uint64_t sum_ns;
};

void histogram_observe(struct histogram *h, int64_t duration_ns);

/* Emits _bucket, _sum and _count samples with these labels in front of `le`; at most 6 labels. */
void histogram_write(const struct histogram *h, const struct metric_out *out,
                     const struct metric_label *labels, size_t count);

/* Adds what `from` has seen. */
void histogram_add(struct histogram *into, const struct histogram *from);

/*
 * Seconds below which the share q (0..1) of all observations lies, taken as evenly spread within
 * a bucket; the last bound for what is beyond it. NaN without observations.
 */
double histogram_quantile_s(const struct histogram *h, double q);
double histogram_mean_s(const struct histogram *h); /* NaN without observations */

#endif
