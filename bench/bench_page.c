/*
 * What a value costs in a page: bytes and time, for each kind of series.
 *
 *   bench_page [SERIES [SAMPLES [KIND]]]     default 10000 240, every kind
 *   bench_page dump KIND SERIES SAMPLES      the same series as text with times, for a peer
 *
 * `xor` is the bits of the head's chunks (with a time of one bit each); encode and
 * decode are nanoseconds per sample for whole pages at level 1. `mix` is a
 * machine's usual series: mostly counters and things that stand still.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/rng.h"
#include "head/chunk.h"
#include "page/page.h"

enum {
    PAGE_BYTES_MAX = 8 << 20,
    OUT_BYTES_MAX = 1 << 30,
    BUCKETS = 12,
    OBSERVATIONS_MAX = 200,
    STEP_MS = 15000,
};

struct series {
    struct rng rng;
    double value;
    double rate;
    double bucket[BUCKETS]; /* of its histogram */
};

static const double edges[BUCKETS] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                       0.5,   1,    2.5,   5,    10,  INFINITY };

static double uniform(struct series *s, uint64_t below)
{
    return (double)rng_below(&s->rng, below);
}

static double normal(struct series *s)
{
    double sum = 0;

    for (int i = 0; i < 12; i++)
        sum += rng_unit(&s->rng);
    return sum - 6;
}

static double duration_s(struct series *s)
{
    return floor(exp(normal(s) - 3.5) * 1e9) / 1e9;
}

static double counter(struct series *s)
{
    return s->value += uniform(s, 40);
}

static double counter_fast(struct series *s)
{
    return s->value += floor(s->rate * (1 + 0.05 * normal(s)));
}

static double counter_slow(struct series *s)
{
    return s->value += uniform(s, 50) == 0;
}

static double constant(struct series *s)
{
    return s->value;
}

static double gauge_integer(struct series *s)
{
    s->value += uniform(s, 11) - 5;
    return s->value = fabs(s->value);
}

static double gauge_memory(struct series *s)
{
    return s->value += 4096 * (uniform(s, 2001) - 1000);
}

static double gauge_decimal(struct series *s)
{
    return uniform(s, 10000) / 100;
}

static double gauge_walk(struct series *s)
{
    s->value += uniform(s, 101) - 50;
    return s->value / 100;
}

static double ratio(struct series *s)
{
    double of = 900 + uniform(s, 200);

    return floor(of * (0.9 + 0.1 * rng_unit(&s->rng))) / of;
}

static double rate_minute(struct series *s)
{
    return floor(s->rate * (1 + 0.05 * normal(s))) / 60;
}

static double float_walk(struct series *s)
{
    return s->value += normal(s) / 3;
}

static double latency_sum(struct series *s)
{
    for (double left = uniform(s, OBSERVATIONS_MAX); left > 0; left--)
        s->value += duration_s(s);
    return s->value;
}

static double latency_sum_ms(struct series *s)
{
    for (double left = uniform(s, OBSERVATIONS_MAX); left > 0; left--)
        s->value += floor(duration_s(s) * 1000) / 1000;
    return s->value;
}

static double with_stale(struct series *s)
{
    double value = gauge_walk(s);

    return rng_below(&s->rng, 20) ? value : sample_from_bits(SAMPLE_STALE_BITS);
}

static double counter_huge(struct series *s)
{
    return s->value += 0x1p60 + uniform(s, 1000000) * 512;
}

static double extreme(struct series *s)
{
    static const double values[] = { 1e300, -0.0, 0, -1e-300, 5e-324, INFINITY };

    return values[rng_below(&s->rng, ARRAY_LEN(values))] * (1 + uniform(s, 3));
}

struct kind {
    const char *name;
    double (*next)(struct series *s); /* NULL: buckets of a histogram, or the mix */
    unsigned share;                   /* of the mix, in percent */
};

static const struct kind kinds[] = {
    { "counter", counter, 15 },
    { "counter_fast", counter_fast, 8 },
    { "counter_slow", counter_slow, 20 },
    { "constant", constant, 22 },
    { "gauge_integer", gauge_integer, 6 },
    { "gauge_memory", gauge_memory, 3 },
    { "gauge_decimal", gauge_decimal, 1 },
    { "gauge_walk", gauge_walk, 3 },
    { "ratio", ratio, 1 },
    { "rate_minute", rate_minute, 1 },
    { "float_walk", float_walk, 1 },
    { "latency_sum", latency_sum, 2 },
    { "latency_sum_ms", latency_sum_ms, 1 },
    { "with_stale", with_stale, 1 },
    { "counter_huge", counter_huge, 0 },
    { "extreme", extreme, 0 },
    { "histogram", NULL, 15 },
};

/* One series after the other, SAMPLES values each. */
static void make_kind(const struct kind *kind, size_t series, size_t samples, uint64_t seed,
                      double *out)
{
    for (size_t i = 0; i < series; i++) {
        struct series s = { .rng = rng_seeded(seed + i) };

        s.value = uniform(&s, 1000000);
        s.rate = exp(rng_unit(&s.rng) * 8) * 10;
        for (size_t j = 0; j < samples; j++)
            out[i * samples + j] = kind->next(&s);
    }
}

static void observe(struct series *s)
{
    for (double left = uniform(s, OBSERVATIONS_MAX); left > 0; left--) {
        double value = duration_s(s);

        for (size_t b = BUCKETS; b-- > 0 && value <= edges[b];)
            s->bucket[b]++;
    }
}

static void make_histograms(size_t series, size_t samples, uint64_t seed, double *out)
{
    for (size_t i = 0; i < series; i += BUCKETS) {
        struct series s = { .rng = rng_seeded(seed + i) };

        for (size_t j = 0; j < samples; j++) {
            observe(&s);
            for (size_t b = 0; b < BUCKETS && i + b < series; b++)
                out[(i + b) * samples + j] = s.bucket[b];
        }
    }
}

static void make(const struct kind *kind, size_t series, size_t samples, double *out)
{
    if (kind && kind->next) {
        make_kind(kind, series, samples, 7, out);
    } else if (kind) {
        make_histograms(series, samples, 7, out);
    } else {
        for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
            size_t share = series * kinds[i].share / 100;

            if (share)
                make(&kinds[i], share, samples, out);
            out += share * samples;
        }
    }
}

/* Rounding may leave the mix a few series short. */
static size_t series_count_of(const struct kind *kind, size_t series)
{
    size_t sum = 0;

    if (kind)
        return series;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        sum += series * kinds[i].share / 100;
    return sum;
}

static double xor_bytes(const double *values, size_t series, size_t samples)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < series; i++) {
        struct chunk c;
        struct chunk_writer w = { 0 };

        for (size_t j = 0; j < samples; j++) {
            if (j && chunk_append(&c, &w, (int64_t)j * STEP_MS, values[i * samples + j]))
                continue;
            bits += w.position_bits;
            chunk_begin(&c, &w, (int64_t)j * STEP_MS, values[i * samples + j]);
        }
        bits += w.position_bits;
    }
    return (double)bits / 8 / (double)(series * samples);
}

static void encode(const double *values, size_t series, size_t samples, int level, struct buf *out,
                   struct buf *ends)
{
    struct page_writer w;

    if (page_writer_init(&w))
        abort();
    buf_clear(out);
    buf_clear(ends);
    for (size_t i = 0; i < series; i++) {
        if (!page_writer_has_room(&w, samples)) {
            if (page_writer_encode(&w, PAGE_VALUES, level, out))
                abort();
            buf_append(ends, &out->len, sizeof out->len);
        }
        if (page_writer_add_values(&w, values + i * samples, samples))
            abort();
    }
    if (page_writer_encode(&w, PAGE_VALUES, level, out))
        abort();
    buf_append(ends, &out->len, sizeof out->len);
    page_writer_release(&w);
}

static void decode(const double *values, struct str pages, struct str ends)
{
    struct page_reader r;
    size_t begin = 0;

    if (page_reader_init(&r))
        abort();
    for (size_t at = 0; at < ends.len; at += sizeof begin) {
        size_t end;

        memcpy(&end, ends.ptr + at, sizeof end);
        if (page_reader_load(&r, PAGE_VALUES, (struct str){ pages.ptr + begin, end - begin }, NULL))
            abort();
        for (size_t slot = 0; slot < r.column_count; slot++) {
            const double *column;
            size_t count;

            if (page_reader_values(&r, slot, &column, &count) ||
                memcmp(column, values, count * sizeof *column) != 0)
                abort();
            values += count;
        }
        begin = end;
    }
    page_reader_release(&r);
}

static void measure(const struct kind *kind, size_t series, size_t samples, double *values)
{
    struct buf out = buf_limited(OUT_BYTES_MAX);
    struct buf ends = buf_limited(PAGE_BYTES_MAX);
    double count, small, fast;
    int64_t before_ns, encode_ns, decode_ns;

    series = series_count_of(kind, series);
    count = (double)(series * samples);
    make(kind, series, samples, values);
    encode(values, series, samples, 9, &out, &ends);
    small = (double)out.len / count;
    before_ns = clock_process_cpu_ns();
    encode(values, series, samples, 1, &out, &ends);
    encode_ns = clock_process_cpu_ns() - before_ns;
    fast = (double)out.len / count;
    before_ns = clock_process_cpu_ns();
    decode(values, buf_str(&out), buf_str(&ends));
    decode_ns = clock_process_cpu_ns() - before_ns;
    printf("%-16s %6.3f %8.3f %8.3f %8.1f %8.1f\n", kind ? kind->name : "mix",
           xor_bytes(values, series, samples), fast, small, (double)encode_ns / count,
           (double)decode_ns / count);
    fflush(stdout);
    buf_release(&out);
    buf_release(&ends);
}

/* Times of scrapes, which their targets' series share: each column of its own here. */
static void make_times(size_t series, size_t samples, uint64_t jitter_ms, uint64_t missing_one_in,
                       int64_t *out)
{
    struct rng rng = rng_seeded(8);

    for (size_t i = 0; i < series; i++) {
        int64_t ts_ms = INT64_C(1700000000000) + (int64_t)rng_below(&rng, STEP_MS);

        for (size_t j = 0; j < samples; j++, ts_ms += STEP_MS) {
            ts_ms += missing_one_in && rng_below(&rng, missing_one_in) == 0 ? STEP_MS : 0;
            *out++ = ts_ms + (jitter_ms ? (int64_t)rng_below(&rng, jitter_ms) : 0);
        }
    }
}

static void measure_times(const char *name, const int64_t *times_ms, size_t series, size_t samples)
{
    struct buf out = buf_limited(OUT_BYTES_MAX);
    struct page_writer w;
    int64_t before_ns = clock_process_cpu_ns();
    double count = (double)(series * samples);

    if (page_writer_init(&w))
        abort();
    for (size_t i = 0; i < series; i++) {
        if (!page_writer_has_room(&w, samples) && page_writer_encode(&w, PAGE_TIMES, 1, &out))
            abort();
        if (page_writer_add_times(&w, times_ms + i * samples, samples))
            abort();
    }
    if (page_writer_encode(&w, PAGE_TIMES, 1, &out))
        abort();
    printf("%-16s %6s %8.3f %8s %8.1f\n", name, "", (double)out.len / count, "",
           (double)(clock_process_cpu_ns() - before_ns) / count);
    page_writer_release(&w);
    buf_release(&out);
}

static void measure_all_times(size_t series, size_t samples, int64_t *times_ms)
{
    make_times(series, samples, 0, 0, times_ms);
    measure_times("times", times_ms, series, samples);
    make_times(series, samples, 7, 0, times_ms);
    measure_times("times_jitter", times_ms, series, samples);
    make_times(series, samples, 0, 50, times_ms);
    measure_times("times_missing", times_ms, series, samples);
    make_times(series, samples, 7, 50, times_ms);
    measure_times("times_both", times_ms, series, samples);
}

static void dump(const struct kind *kind, size_t series, size_t samples, double *values)
{
    series = series_count_of(kind, series);
    make(kind, series, samples, values);
    for (size_t i = 0; i < series; i++)
        for (size_t j = 0; j < samples; j++)
            printf("m%zu{job=\"bench\",instance=\"10.0.0.%zu:9100\",series=\"%zu\"} %.17g %" PRId64
                   "\n",
                   i / 100, i % 100, i, values[i * samples + j],
                   INT64_C(1700000000000) + (int64_t)j * STEP_MS);
}

static size_t number_of(int argc, char **argv, int i, size_t otherwise)
{
    int64_t number;

    return argc > i && str_parse_i64(str_of(argv[i]), &number) && number > 0 ? (size_t)number
                                                                             : otherwise;
}

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (str_equals(str_of(name), str_of(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

int main(int argc, char **argv)
{
    bool is_dump = argc > 2 && str_equals(str_of(argv[1]), STR("dump"));
    size_t series = number_of(argc, argv, is_dump ? 3 : 1, 10000);
    size_t samples = number_of(argc, argv, is_dump ? 4 : 2, 240);
    double *values = calloc(series * samples, sizeof *values);

    if (!values || samples > PAGE_SAMPLES_MAX)
        return 2;
    if (is_dump) {
        dump(find_kind(argv[2]), series, samples, values);
    } else {
        printf("%-16s %6s %8s %8s %8s %8s\n", "bytes a sample", "xor", "level 1", "level 9",
               "encode", "decode");
        for (size_t i = 0; i <= ARRAY_LEN(kinds); i++) {
            const struct kind *kind = i < ARRAY_LEN(kinds) ? &kinds[i] : NULL;

            if (argc <= 3 || kind == find_kind(argv[3]))
                measure(kind, series, samples, values);
        }
        if (argc <= 3)
            measure_all_times(series, samples, (int64_t *)values);
    }
    free(values);
    return 0;
}
