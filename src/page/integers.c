/*
 * With v the values, k[i] = (v[i] - v[0]) / step, b the column beside it and zz()
 * zig-zag, the residuals of i = 1 .. count - 1 are, before zig-zag,
 *
 *   PLAIN    k[i] - centre
 *   DELTA    k[i] - k[i-1] - centre
 *   DELTA2   k[i] - k[i-1] - (k[i-1] - k[i-2])       k[0] - k[-1] being centre
 *   BESIDE   k[i] - k[i-1] - (b[i] - b[i-1]) - centre     step being 1
 *
 * Signed residuals go through zz(); unsigned ones never were negative.
 *
 * Example: 1000, 1300, 1500, 1800 has the step 100; k = 0, 3, 5, 8; DELTA with the
 * centre 3 leaves 0, -1, 0, in zig-zag 0, 1, 0.
 */
#include "page/integers.h"

#include <string.h>

#include "page/bytes.h"

enum {
    SAMPLED_MAX = 31,  /* values looked at for a centre */
    TRIM_COUNT = 3,    /* of them left out at either end */
    RESIDUAL_BITS = 1, /* what a residual costs beside its significant bits, about */
};

static unsigned bit_length(uint64_t value)
{
    return 63 - (unsigned)__builtin_clzll(value | 1) + (value != 0);
}

static uint64_t magnitude(uint64_t value)
{
    return value >> 63 ? 0 - value : value;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static uint64_t common_step(const int64_t *values, size_t count)
{
    uint64_t step = 0;

    for (size_t i = 1; i < count && step != 1; i++) {
        uint64_t from_first = magnitude((uint64_t)values[i] - (uint64_t)values[0]);

        if (!step || from_first % step)
            step = common_divisor(from_first, step);
    }
    return step ? step : 1;
}

static void count_steps(const int64_t *values, size_t count, uint64_t step, uint64_t *steps)
{
    for (size_t i = 0; i < count; i++)
        steps[i] = (uint64_t)values[i] - (uint64_t)values[0];
    if (step == 1)
        return;
    for (size_t i = 0; i < count; i++) {
        uint64_t whole = magnitude(steps[i]) / step;

        steps[i] = steps[i] >> 63 ? 0 - whole : whole;
    }
}

/* Writes the count - 1 residuals of an order, nothing taken off; DELTA2's first is 0. */
static void apply_order(enum integers_order order, const uint64_t *steps, size_t count,
                        const int64_t *beside, uint64_t *out)
{
    if (order == INTEGERS_PLAIN) {
        memcpy(out, steps + 1, (count - 1) * sizeof *out);
        return;
    }
    for (size_t i = 1; i < count; i++)
        out[i - 1] = steps[i] - steps[i - 1];
    if (order == INTEGERS_BESIDE)
        for (size_t i = 1; i < count; i++)
            out[i - 1] -= (uint64_t)beside[i] - (uint64_t)beside[i - 1];
    if (order == INTEGERS_DELTA2) {
        for (size_t i = count - 1; i-- > 1;)
            out[i] -= out[i - 1];
        out[0] = 0;
    }
}

static void sort_signed(int64_t *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int64_t item = items[i];
        size_t at = i;

        for (; at && items[at - 1] > item; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* The mean of those that lie as near to `middle` as most do. */
static uint64_t mean_near(const uint64_t *items, size_t count, uint64_t middle, uint64_t distance)
{
    uint64_t near_count = 0;
    int64_t sum = 0;

    if (distance == 0 || distance > UINT64_C(1) << 40)
        return middle;
    for (size_t i = 0; i < count; i++) {
        bool is_near = magnitude(items[i] - middle) <= distance;

        sum += is_near ? (int64_t)(items[i] - middle) : 0;
        near_count += is_near;
    }
    return near_count ? middle + (uint64_t)(sum / (int64_t)near_count) : middle;
}

/* Where most of them lie: outliers, a counter's reset for one, do not move it. */
static uint64_t centre_of(const uint64_t *items, size_t count)
{
    int64_t sampled[SAMPLED_MAX] = { 0 };
    size_t sampled_count = count < SAMPLED_MAX ? count : SAMPLED_MAX;
    size_t trim = sampled_count > 2 * TRIM_COUNT ? TRIM_COUNT : 0;

    for (size_t i = 0; i < sampled_count; i++)
        sampled[i] = (int64_t)items[i * count / sampled_count];
    sort_signed(sampled, sampled_count);
    return mean_near(items, count, (uint64_t)sampled[sampled_count / 2],
                     (uint64_t)sampled[sampled_count - 1 - trim] - (uint64_t)sampled[trim]);
}

struct plan {
    enum integers_order order;
    bool is_signed;
    uint64_t centre;
    uint64_t bits;
};

static uint64_t bits_signed(const uint64_t *items, size_t count, uint64_t centre)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits += bit_length(bytes_zigzag(items[i] - centre));
    return bits;
}

static uint64_t bits_unsigned(const uint64_t *items, size_t count, uint64_t centre)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits += bit_length(items[i] - centre);
    return bits;
}

static int64_t smallest(const uint64_t *items, size_t count)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < count; i++)
        least = (int64_t)items[i] < least ? (int64_t)items[i] : least;
    return least;
}

/* Unsigned where that is no worse: a plain number starts at its least, a difference at 0. */
static void consider(struct plan *best, enum integers_order order, const uint64_t *items,
                     size_t count)
{
    struct plan plan = { .order = order, .is_signed = true };
    int64_t least = smallest(items, count);
    uint64_t origin = order == INTEGERS_PLAIN ? (uint64_t)least : 0;
    uint64_t bits;

    if (order != INTEGERS_DELTA2)
        plan.centre = centre_of(items, count);
    plan.bits = bits_signed(items, count, plan.centre);
    if (order != INTEGERS_DELTA2 && (order == INTEGERS_PLAIN || least >= 0)) {
        bits = bits_unsigned(items, count, origin);
        if (bits <= plan.bits)
            plan = (struct plan){ order, false, origin, bits };
    }
    if (plan.bits < best->bits)
        *best = plan;
}

/* Leaves the residuals in work->residuals and completes *c by them. */
static void finish(const struct plan *plan, const uint64_t *items, uint64_t *residuals,
                   struct integers *c)
{
    size_t count = integers_residual_count(c);
    uint64_t all = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t residual = items[i] - (plan->order == INTEGERS_DELTA2 ? 0 : plan->centre);

        residuals[i] = plan->is_signed ? bytes_zigzag(residual) : residual;
        all |= residuals[i];
    }
    c->order = (uint8_t)plan->order;
    c->is_signed = plan->is_signed;
    c->centre = plan->centre;
    c->width_bytes = (uint8_t)((bit_length(all) + 7) / 8);
    if (c->width_bytes) {
        uint64_t scale = 4 * plan->bits / count;

        c->scale = (uint8_t)(scale < INTEGERS_SCALES ? scale : INTEGERS_SCALES - 1);
    }
}

uint64_t integers_choose(const int64_t *values, size_t count, const int64_t *beside,
                         const struct integers_work *work, struct integers *ret)
{
    struct plan best = { .bits = UINT64_MAX };

    *ret = (struct integers){ .count = (uint32_t)count, .step = 1 };
    if (count)
        ret->first = (uint64_t)values[0];
    if (count < 2)
        return 0;
    ret->step = common_step(values, count);
    count_steps(values, count, ret->step, work->steps);
    for (unsigned order = INTEGERS_PLAIN; order <= INTEGERS_BESIDE && best.bits; order++) {
        if (order == INTEGERS_BESIDE && (!beside || ret->step != 1))
            continue;
        apply_order((enum integers_order)order, work->steps, count, beside, work->orders);
        consider(&best, (enum integers_order)order, work->orders, count - 1);
    }
    apply_order(best.order, work->steps, count, beside, work->orders);
    if (best.order == INTEGERS_DELTA2)
        best.centre = work->steps[1];
    finish(&best, work->orders, work->residuals, ret);
    return best.bits ? best.bits + RESIDUAL_BITS * (count - 1) : 0;
}

static size_t key_of(const struct integers *c)
{
    return (size_t)c->width_bytes * INTEGERS_SCALES + c->scale;
}

void integers_place(struct integers *columns, size_t count, struct integers_layout *ret)
{
    uint64_t at[(INTEGERS_WIDTH_MAX_BYTES + 1) * INTEGERS_SCALES] = { 0 };

    *ret = (struct integers_layout){ 0 };
    for (size_t i = 0; i < count; i++)
        at[key_of(&columns[i])] += integers_residual_count(&columns[i]);
    for (size_t width = 1; width <= INTEGERS_WIDTH_MAX_BYTES; width++) {
        uint64_t *keys = &at[width * INTEGERS_SCALES];

        ret->begin[width] = ret->total_bytes;
        for (size_t scale = 0; scale < INTEGERS_SCALES; scale++) {
            uint64_t here = keys[scale];

            keys[scale] = ret->total_bytes + ret->residual_count[width];
            ret->residual_count[width] += here;
        }
        ret->total_bytes += width * ret->residual_count[width];
    }
    for (size_t i = 0; i < count; i++) {
        columns[i].place = at[key_of(&columns[i])];
        at[key_of(&columns[i])] += integers_residual_count(&columns[i]);
    }
}

/* The ends of the pieces of one plane, whose scales hold so many bytes each. */
static size_t cut_plane(const uint64_t *scales, size_t min_bytes, size_t begin, size_t end,
                        size_t *ret_ends)
{
    size_t count = 0;
    size_t at = begin;

    for (size_t scale = 0; scale < INTEGERS_SCALES; scale++) {
        at += scales[scale];
        if (at - begin < min_bytes || end - at < min_bytes)
            continue;
        ret_ends[count++] = begin = at;
    }
    if (end > begin)
        ret_ends[count++] = end;
    return count;
}

size_t integers_cut(const struct integers *columns, size_t count,
                    const struct integers_layout *layout, size_t min_bytes, size_t base,
                    size_t *ret_ends)
{
    uint64_t bytes[(INTEGERS_WIDTH_MAX_BYTES + 1) * INTEGERS_SCALES] = { 0 };
    size_t end_count = 0;

    for (size_t i = 0; i < count; i++)
        bytes[key_of(&columns[i])] += integers_residual_count(&columns[i]);
    for (size_t width = 1; width <= INTEGERS_WIDTH_MAX_BYTES; width++) {
        size_t begin = base + layout->begin[width];

        for (size_t plane = 0; plane < width; plane++) {
            size_t end = begin + layout->residual_count[width];

            end_count += cut_plane(&bytes[width * INTEGERS_SCALES], min_bytes, begin, end,
                                   ret_ends + end_count);
            begin = end;
        }
    }
    return end_count;
}

void integers_write(const struct integers *c, const struct integers_layout *layout,
                    const uint64_t *residuals, uint8_t *planes)
{
    uint64_t stride = layout->residual_count[c->width_bytes];
    size_t count = integers_residual_count(c);

    for (size_t plane = 0; plane < c->width_bytes; plane++) {
        uint8_t *out = planes + c->place + plane * stride;

        for (size_t i = 0; i < count; i++)
            out[i] = (uint8_t)(residuals[i] >> 8 * plane);
    }
}

/* Inlined with a constant width, so that the planes are joined in registers. */
static inline __attribute__((always_inline)) void
join_planes(const uint8_t *in, size_t stride, size_t count, size_t width, uint64_t *out)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;

        for (size_t plane = 0; plane < width; plane++)
            value |= (uint64_t)in[plane * stride + i] << 8 * plane;
        out[i] = value;
    }
}

static void read_residuals(const struct integers *c, const struct integers_layout *layout,
                           const uint8_t *planes, uint64_t *out)
{
    const uint8_t *in = planes + c->place;
    size_t stride = layout->residual_count[c->width_bytes];
    size_t count = integers_residual_count(c);

    switch (c->width_bytes) {
    case 0:
        memset(out, 0, count * sizeof *out);
        return;
    case 1:
        join_planes(in, stride, count, 1, out);
        return;
    case 2:
        join_planes(in, stride, count, 2, out);
        return;
    case 3:
        join_planes(in, stride, count, 3, out);
        return;
    default:
        join_planes(in, stride, count, c->width_bytes, out);
    }
}

static void sum_up(uint64_t *items, size_t count, uint64_t sum)
{
    for (size_t i = 0; i < count; i++) {
        sum += items[i];
        items[i] = sum;
    }
}

void integers_read(const struct integers *c, const struct integers_layout *layout,
                   const uint8_t *planes, const int64_t *beside, int64_t *ret_values)
{
    uint64_t *out = (uint64_t *)ret_values + 1;
    uint64_t centre = c->order == INTEGERS_DELTA2 ? 0 : c->centre;
    size_t count = integers_residual_count(c);

    if (!c->count)
        return;
    ret_values[0] = (int64_t)c->first;
    read_residuals(c, layout, planes, out);
    if (c->is_signed)
        for (size_t i = 0; i < count; i++)
            out[i] = bytes_unzigzag(out[i]);
    if (c->order == INTEGERS_DELTA2)
        sum_up(out, count, c->centre);
    for (size_t i = 0; i < count; i++)
        out[i] = (out[i] + centre) * c->step;
    if (c->order == INTEGERS_BESIDE)
        for (size_t i = 0; i < count; i++)
            out[i] += (uint64_t)beside[i + 1] - (uint64_t)beside[i];
    if (c->order == INTEGERS_PLAIN)
        for (size_t i = 0; i < count; i++)
            out[i] += c->first;
    else
        sum_up(out, count, c->first);
}
