#include "telemetry/histogram.h"

#include <math.h>

#include "base/attr.h"

struct bound {
    int64_t ns;
    const char *le;
};

static const struct bound bounds[HISTOGRAM_BOUNDS] = {
    { 100000, "0.0001" },  { 250000, "0.00025" }, { 500000, "0.0005" },  { 1000000, "0.001" },
    { 2500000, "0.0025" }, { 5000000, "0.005" },  { 10000000, "0.01" },  { 25000000, "0.025" },
    { 50000000, "0.05" },  { 100000000, "0.1" },  { 250000000, "0.25" }, { 500000000, "0.5" },
    { 1000000000, "1" },   { 2500000000, "2.5" }, { 5000000000, "5" },   { 10000000000, "10" },
};

void histogram_observe(struct histogram *h, int64_t duration_ns)
{
    size_t i = 0;

    if (duration_ns < 0)
        duration_ns = 0;
    while (i < HISTOGRAM_BOUNDS && duration_ns > bounds[i].ns)
        i++;
    atomic_fetch_add_explicit(&h->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_ns, (uint64_t)duration_ns, memory_order_relaxed);
}

void histogram_write(const struct histogram *h, const struct metric_out *out,
                     const struct metric_label *labels, size_t count)
{
    struct metric_label all[8];
    uint64_t total = 0;

    for (size_t i = 0; i < count && i < ARRAY_LEN(all) - 1; i++)
        all[i] = labels[i];
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        total += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
        all[count] = (struct metric_label){ "le", i < HISTOGRAM_BOUNDS ? str_of(bounds[i].le)
                                                                       : STR("+Inf") };
        out->sample(out->ctx, "_bucket", all, count + 1, (double)total);
    }
    out->sample(out->ctx, "_sum", labels, count,
                (double)atomic_load_explicit(&h->sum_ns, memory_order_relaxed) / 1e9);
    out->sample(out->ctx, "_count", labels, count, (double)total);
}

void histogram_add(struct histogram *into, const struct histogram *from)
{
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        atomic_fetch_add(&into->buckets[i], atomic_load(&from->buckets[i]));
    atomic_fetch_add(&into->sum_ns, atomic_load(&from->sum_ns));
}

static double total_of(const struct histogram *h)
{
    double total = 0;

    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        total += (double)atomic_load(&h->buckets[i]);
    return total;
}

double histogram_quantile_s(const struct histogram *h, double q)
{
    double rank = q * total_of(h), below = 0;

    if (total_of(h) <= 0)
        return NAN;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        double here = (double)atomic_load(&h->buckets[i]);
        double low_ns = i ? (double)bounds[i - 1].ns : 0, high_ns = (double)bounds[i].ns;

        if (here > 0 && below + here >= rank)
            return (low_ns + (high_ns - low_ns) * (rank - below) / here) / 1e9;
        below += here;
    }
    return (double)bounds[HISTOGRAM_BOUNDS - 1].ns / 1e9;
}

double histogram_mean_s(const struct histogram *h)
{
    double total = total_of(h);

    return total > 0 ? (double)atomic_load(&h->sum_ns) / total / 1e9 : NAN;
}
