#include "monitor/latency.h"

#include <math.h>

#include "base/mem.h"
#include "base/vec.h"

enum {
    SLOTS = 32 /* 5 min, the one that runs, and one more */,
    EDGES_MAX = 2 * LATENCY_SUM_BUCKETS_MAX
};
static const int64_t NO_SLOT = INT64_MIN / 2;
static const double quantiles[LATENCY_COUNT] = { 0.5, 0.95, 0.99 };

struct bucket {
    double from_s, bound_s;
    uint16_t from_edge, bound_edge; /* the same: all its calls lasted as long as that */
    uint32_t calls[SLOTS];          /* ring, by slot */
    uint32_t in_window;             /* of the figures made last */
};

struct latency_watch {
    struct vec buckets;
    size_t next;      /* where the next bucket is probably found: they come in order */
    struct vec edges; /* double: the finite bounds of all buckets, rising */
    int64_t head;     /* the newest slot that is booked into */
    int64_t refused;  /* the newest slot in which calls found no bucket */
    int64_t closed;   /* the newest slot that has a point */
    int64_t now_ms;
    int window_s;
    bool is_fresh; /* `figures` are those of the window that ends with now_ms */
    struct latency_figures figures;
    float points[LATENCY_COUNT][LATENCY_POINTS]; /* rings, by slot */
};

static struct latency_watch *new_watch(size_t buckets_max)
{
    struct latency_watch *l = mem_alloc_zero(1, sizeof *l);

    if (!l)
        return NULL;
    l->buckets = vec_of(sizeof(struct bucket), buckets_max);
    l->edges = vec_of(sizeof(double), 2 * buckets_max);
    l->head = l->refused = l->closed = NO_SLOT;
    l->now_ms = INT64_MIN;
    l->window_s = 60;
    return l;
}

struct latency_watch *latency_new(void)
{
    return new_watch(LATENCY_BUCKETS_MAX);
}

struct latency_watch *latency_new_sum(void)
{
    return new_watch(LATENCY_SUM_BUCKETS_MAX);
}

void latency_free(struct latency_watch *l)
{
    if (!l)
        return;
    vec_release(&l->buckets);
    vec_release(&l->edges);
    mem_free(l);
}

static struct bucket *bucket_at(const struct latency_watch *l, size_t idx)
{
    return vec_at(&l->buckets, idx);
}

static double edge_at(const struct latency_watch *l, size_t idx)
{
    return *(double *)vec_at(&l->edges, idx);
}

static int64_t slot_of(int64_t at_ms)
{
    return at_ms / LATENCY_SLOT_MS - (at_ms % LATENCY_SLOT_MS < 0);
}

static size_t place_of(int64_t slot, int64_t length)
{
    return (size_t)(((slot % length) + length) % length);
}

/* --- buckets and their edges --- */

/* The edges from `first` on have moved by so many places. */
static void move_edges(struct latency_watch *l, size_t first, int by)
{
    for (size_t i = 0; i < l->buckets.count; i++) {
        struct bucket *b = bucket_at(l, i);

        if (b->from_edge >= first)
            b->from_edge = (uint16_t)(b->from_edge + by);
        if (b->bound_edge >= first)
            b->bound_edge = (uint16_t)(b->bound_edge + by);
    }
}

static bool is_edge_used(const struct latency_watch *l, size_t e)
{
    for (size_t i = 0; i < l->buckets.count; i++)
        if (bucket_at(l, i)->from_edge == e || bucket_at(l, i)->bound_edge == e)
            return true;
    return false;
}

/* The place of an edge, new or known; false: no memory. */
static bool find_edge(struct latency_watch *l, double at_s, uint16_t *ret)
{
    size_t i = l->edges.count;
    double *edges;

    while (i > 0 && edge_at(l, i - 1) >= at_s)
        i--;
    *ret = (uint16_t)i;
    if (i < l->edges.count && edge_at(l, i) <= at_s)
        return true;
    if (!vec_push(&l->edges))
        return false;
    edges = l->edges.items;
    memmove(edges + i + 1, edges + i, (l->edges.count - 1 - i) * sizeof *edges);
    edges[i] = at_s;
    move_edges(l, i, 1);
    return true;
}

static bool is_idle(const struct bucket *b)
{
    for (int i = 0; i < SLOTS; i++)
        if (b->calls[i])
            return false;
    return true;
}

/* Removes what counted nothing for 5 min, and the edges that nothing has any longer. */
static void make_room(struct latency_watch *l)
{
    for (size_t i = l->buckets.count; i-- > 0;)
        if (is_idle(bucket_at(l, i)))
            vec_remove_at(&l->buckets, i);
    for (size_t e = l->edges.count; e-- > 0;)
        if (!is_edge_used(l, e)) {
            vec_remove_at(&l->edges, e);
            move_edges(l, e, -1);
        }
}

static struct bucket *add_bucket(struct latency_watch *l, double from_s, double bound_s)
{
    struct bucket *b;
    uint16_t from, bound;

    if (!find_edge(l, from_s, &from) || !find_edge(l, isinf(bound_s) ? from_s : bound_s, &bound))
        return NULL;
    b = vec_push(&l->buckets);
    if (b) {
        b->from_s = from_s;
        b->bound_s = bound_s;
        b->from_edge = from;
        b->bound_edge = bound;
    }
    return b;
}

/* NULL: no memory, or the limit. */
static struct bucket *bucket_of(struct latency_watch *l, double from_s, double bound_s,
                                int64_t slot)
{
    for (size_t i = 0; i < l->buckets.count; i++) {
        struct bucket *b = bucket_at(l, (l->next + i) % l->buckets.count);

        if (b->from_s != from_s || b->bound_s != bound_s)
            continue;
        l->next = (l->next + i + 1) % l->buckets.count;
        return b;
    }
    if (l->buckets.count == l->buckets.max_count && l->refused != slot) /* once a slot is enough */
        make_room(l);
    return l->buckets.count < l->buckets.max_count ? add_bucket(l, from_s, bound_s) : NULL;
}

/* --- booking --- */

/* Slots that are used again begin at 0. */
static void move_head(struct latency_watch *l, int64_t slot)
{
    int64_t first = slot - l->head >= SLOTS ? slot - SLOTS + 1 : l->head + 1;

    for (; first <= slot; first++)
        for (size_t i = 0; i < l->buckets.count; i++)
            bucket_at(l, i)->calls[place_of(first, SLOTS)] = 0;
    l->head = slot;
}

void latency_add(struct latency_watch *l, double from_s, double bound_s, double calls,
                 int64_t at_ms)
{
    int64_t slot = slot_of(at_ms);
    struct bucket *b;
    uint32_t *cell;

    if (!(from_s >= 0) || !(bound_s >= from_s) || isinf(from_s) || !(calls >= 0.5))
        return;
    if (slot > l->head)
        move_head(l, slot);
    if (slot <= l->head - SLOTS)
        return;
    l->is_fresh = false;
    b = from_s > 0 || !isinf(bound_s) ? bucket_of(l, from_s, bound_s, slot) : NULL;
    if (!b) {
        l->refused = slot > l->refused ? slot : l->refused;
        return;
    }
    cell = &b->calls[place_of(slot, SLOTS)];
    *cell = calls < UINT32_MAX - *cell ? *cell + (uint32_t)llround(calls) : UINT32_MAX;
}

/* --- percentiles --- */

/* Calls by duration: at each edge, and between it and the next. */
struct spread {
    double total;
    double at[EDGES_MAX], open_at[EDGES_MAX], behind[EDGES_MAX];
};

static uint32_t calls_in(const struct latency_watch *l, const struct bucket *b, int64_t first,
                         int64_t last)
{
    uint64_t sum = 0;

    if (first <= l->head - SLOTS)
        first = l->head - SLOTS + 1;
    for (int64_t slot = first; slot <= last && slot <= l->head; slot++)
        sum += b->calls[place_of(slot, SLOTS)];
    return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static void spread_bucket(const struct latency_watch *l, const struct bucket *b, double calls,
                          struct spread *ret)
{
    ret->total += calls;
    if (isinf(b->bound_s))
        ret->open_at[b->from_edge] += calls;
    else if (b->from_edge == b->bound_edge)
        ret->at[b->from_edge] += calls;
    for (size_t e = b->from_edge; e < b->bound_edge; e++)
        ret->behind[e] += calls * ((edge_at(l, e + 1) - edge_at(l, e)) / (b->bound_s - b->from_s));
}

static void find_quantile(const struct latency_watch *l, const struct spread *s, enum latency which,
                          struct latency_figures *ret)
{
    double rank = quantiles[which] * s->total, below = 0;

    for (size_t e = 0; e < l->edges.count; e++) {
        below += s->at[e] + s->open_at[e];
        if (below < rank && below + s->behind[e] < rank) {
            below += s->behind[e];
            continue;
        }
        ret->s[which] = edge_at(l, e);
        ret->at_least[which] = below >= rank && s->open_at[e] > 0;
        if (below < rank)
            ret->s[which] += (edge_at(l, e + 1) - edge_at(l, e)) * (rank - below) / s->behind[e];
        return;
    }
}

/* Over the slots first..last. */
static struct latency_figures figures_of(const struct latency_watch *l, int64_t first, int64_t last)
{
    struct latency_figures figures = { .s = { NAN, NAN, NAN } };
    struct spread s;

    if (l->refused >= first && l->refused <= last)
        return figures;
    s.total = 0;
    for (size_t e = 0; e < l->edges.count; e++)
        s.at[e] = s.open_at[e] = s.behind[e] = 0;
    for (size_t i = 0; i < l->buckets.count; i++) {
        struct bucket *b = bucket_at(l, i);

        b->in_window = calls_in(l, b, first, last);
        spread_bucket(l, b, b->in_window, &s);
    }
    for (int i = 0; i < LATENCY_COUNT && s.total >= LATENCY_ENOUGH_CALLS; i++)
        find_quantile(l, &s, (enum latency)i, &figures);
    return figures;
}

/* The first slot of the window that ends now. */
static int64_t window_begin(const struct latency_watch *l)
{
    return slot_of(l->now_ms) - l->window_s * INT64_C(1000) / LATENCY_SLOT_MS;
}

struct latency_figures latency_figures(struct latency_watch *l)
{
    if (!l->is_fresh)
        l->figures = figures_of(l, window_begin(l), slot_of(l->now_ms));
    l->is_fresh = true;
    return l->figures;
}

/* --- of several: all that their windows hold is in slot 0 --- */

void latency_begin_sum(struct latency_watch *sum)
{
    for (size_t i = 0; i < sum->buckets.count; i++)
        bucket_at(sum, i)->calls[0] = 0;
    sum->head = 0;
    sum->refused = NO_SLOT;
    sum->now_ms = 0;
    sum->window_s = 0;
    sum->is_fresh = false;
}

void latency_add_window(struct latency_watch *sum, struct latency_watch *l)
{
    latency_figures(l); /* counts the window */
    if (l->refused >= window_begin(l))
        sum->refused = 0;
    for (size_t i = 0; i < l->buckets.count; i++) {
        const struct bucket *b = bucket_at(l, i);

        latency_add(sum, b->from_s, b->bound_s, b->in_window, 0);
    }
}

/* --- the past --- */

static void close_point(struct latency_watch *l, int64_t slot)
{
    struct latency_figures f = figures_of(
        l, slot - l->window_s * INT64_C(1000) / LATENCY_SLOT_MS + 1, slot);

    for (int i = 0; i < LATENCY_COUNT; i++)
        l->points[i][place_of(slot, LATENCY_POINTS)] = (float)f.s[i];
    l->closed = slot;
    l->is_fresh = false; /* the buckets hold another window's sums */
}

void latency_advance(struct latency_watch *l, int64_t now_ms, int window_s)
{
    int64_t last;

    if (now_ms < l->now_ms)
        now_ms = l->now_ms;
    last = slot_of(now_ms - LATENCY_CLOSE_MS) - 1;
    window_s = window_s > LATENCY_WINDOW_MAX_S ? LATENCY_WINDOW_MAX_S : window_s;
    if (slot_of(now_ms) != slot_of(l->now_ms) || window_s != l->window_s)
        l->is_fresh = false;
    l->now_ms = now_ms;
    l->window_s = window_s;
    if (l->closed < last - LATENCY_POINTS)
        l->closed = last - LATENCY_POINTS;
    while (l->closed < last)
        close_point(l, l->closed + 1);
}

double latency_point(struct latency_watch *l, enum latency which, int64_t to_ms)
{
    int64_t slot = slot_of(to_ms - 1);

    if (slot > l->closed)
        return latency_figures(l).s[which];
    if (slot <= l->closed - LATENCY_POINTS)
        return NAN;
    return (double)l->points[which][place_of(slot, LATENCY_POINTS)];
}
