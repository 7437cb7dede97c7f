#include "monitor/graph.h"

#include <math.h>
#include <stdlib.h>

enum visit { VISIT_NEW, VISIT_ON_THE_WAY, VISIT_DONE };

/* Edges by caller: those of node n are edges[first[n]] to edges[first[n + 1] - 1]. */
struct outgoing {
    uint32_t *first;
    uint32_t *edges;
};

struct walk {
    struct graph *g;
    struct outgoing out;
    unsigned char *visits; /* enum visit by node */
    uint32_t *stack;
    uint32_t *next; /* by node: position in out.edges */
    uint32_t depth;
    uint32_t left; /* places of g->order that are still free, filled from the end */
};

/* What the callers of a node sent so far. Edges whose calls are not told weigh alike among
 * themselves, and count only where no other edge is told. */
struct inflow {
    double attempts, base;
    double blind_attempts, blind_base;
    bool called;
};

static enum err list_outgoing(const struct graph *g, struct arena *arena, struct outgoing *ret)
{
    uint32_t *first = arena_alloc_zero(arena, (size_t)g->node_count + 2, sizeof *first);
    uint32_t *edges = arena_alloc_zero(arena, (size_t)g->edge_count + 1, sizeof *edges);

    if (!first || !edges)
        return arena_error(arena);
    for (uint32_t i = 0; i < g->edge_count; i++)
        first[g->edges[i].caller + 2]++;
    for (uint32_t n = 2; n <= g->node_count + 1; n++)
        first[n] += first[n - 1];
    for (uint32_t i = 0; i < g->edge_count; i++)
        edges[first[g->edges[i].caller + 1]++] = i;
    *ret = (struct outgoing){ first, edges };
    return ERR_OK;
}

static enum err walk_init(struct walk *w, struct graph *g, struct arena *arena)
{
    size_t nodes = (size_t)g->node_count + 1;

    *w = (struct walk){ .g = g, .left = g->node_count };
    w->visits = arena_alloc_zero(arena, nodes, sizeof *w->visits);
    w->stack = arena_alloc_zero(arena, nodes, sizeof *w->stack);
    w->next = arena_alloc_zero(arena, nodes, sizeof *w->next);
    g->order = arena_alloc_zero(arena, nodes, sizeof *g->order);
    if (!w->visits || !w->stack || !w->next || !g->order)
        return arena_error(arena);
    return list_outgoing(g, arena, &w->out);
}

static void enter(struct walk *w, uint32_t node)
{
    w->visits[node] = VISIT_ON_THE_WAY;
    w->next[node] = w->out.first[node];
    w->stack[w->depth++] = node;
}

/* Depth first from one node. A node that is left goes before all that it leads to. */
static void walk_from(struct walk *w, uint32_t start)
{
    if (w->visits[start] != VISIT_NEW)
        return;
    enter(w, start);
    while (w->depth) {
        uint32_t node = w->stack[w->depth - 1];
        struct graph_edge *edge;

        if (w->next[node] == w->out.first[node + 1]) {
            w->visits[node] = VISIT_DONE;
            w->g->order[--w->left] = node;
            w->depth--;
            continue;
        }
        edge = &w->g->edges[w->out.edges[w->next[node]++]];
        edge->closes_circle = w->visits[edge->callee] == VISIT_ON_THE_WAY;
        if (w->visits[edge->callee] == VISIT_NEW)
            enter(w, edge->callee);
    }
}

static enum err walk_all(struct walk *w, struct arena *arena)
{
    struct graph *g = w->g;
    bool *called = arena_alloc_zero(arena, (size_t)g->node_count + 1, sizeof *called);

    if (!called)
        return arena_error(arena);
    for (uint32_t i = 0; i < g->edge_count; i++)
        called[g->edges[i].callee] = true;
    for (uint32_t n = 0; n < g->node_count; n++)
        if (!called[n])
            walk_from(w, n);
    for (uint32_t n = 0; n < g->node_count; n++)
        walk_from(w, n);
    return ERR_OK;
}

static void settle(struct graph_node *node, const struct inflow *in)
{
    if (!in->called)
        node->amplification = node->worst = 1;
    else if (in->base > 0)
        node->amplification = in->attempts / in->base;
    else
        node->amplification = in->blind_attempts / in->blind_base;
}

static void pass_worst(const struct graph *g, uint32_t edge_idx, double factor)
{
    const struct graph_edge *edge = &g->edges[edge_idx];
    const struct graph_node *caller = &g->nodes[edge->caller];
    struct graph_node *callee = &g->nodes[edge->callee];

    if (callee->worst_edge != GRAPH_NONE && caller->worst * factor <= callee->worst)
        return;
    callee->worst = caller->worst * factor;
    callee->worst_edge = edge_idx;
    callee->worst_retrying = caller->worst_retrying + (factor >= GRAPH_RETRIES_FROM);
}

static void pass_on(const struct graph *g, uint32_t edge_idx, struct inflow *in)
{
    const struct graph_edge *edge = &g->edges[edge_idx];
    const struct graph_node *caller = &g->nodes[edge->caller];
    struct graph_node *callee = &g->nodes[edge->callee];
    double factor = isnan(edge->attempts_per_call) ? 1 : edge->attempts_per_call;

    in->called = true;
    if (edge->calls_per_s > 0) {
        in->attempts += edge->calls_per_s * factor;
        in->base += edge->calls_per_s / caller->amplification;
    } else {
        in->blind_attempts += factor;
        in->blind_base += 1 / caller->amplification;
    }
    callee->at_least |= caller->at_least || isnan(edge->attempts_per_call);
    callee->modelled |= caller->modelled || edge->modelled;
    if (callee->layer <= caller->layer)
        callee->layer = caller->layer + 1;
    pass_worst(g, edge_idx, factor);
}

enum err graph_solve(struct graph *g, struct arena *arena)
{
    struct inflow *inflows = arena_alloc_zero(arena, (size_t)g->node_count + 1, sizeof *inflows);
    struct walk w;
    enum err err = inflows ? walk_init(&w, g, arena) : arena_error(arena);

    if (!err)
        err = walk_all(&w, arena);
    if (err)
        return err;
    for (uint32_t n = 0; n < g->node_count; n++)
        g->nodes[n] = (struct graph_node){ .failed_ratio = g->nodes[n].failed_ratio,
                                           .worst_edge = GRAPH_NONE,
                                           .storm_source = GRAPH_NONE };
    for (uint32_t i = 0; i < g->node_count; i++) {
        uint32_t n = g->order[i];

        settle(&g->nodes[n], &inflows[n]);
        for (uint32_t at = w.out.first[n]; at < w.out.first[n + 1]; at++) {
            uint32_t idx = w.out.edges[at];

            if (!g->edges[idx].closes_circle)
                pass_on(g, idx, &inflows[g->edges[idx].callee]);
        }
    }
    return ERR_OK;
}

uint32_t graph_worst_path(const struct graph *g, uint32_t node, uint32_t *ret_path, uint32_t max)
{
    uint32_t length = 1, count, at = node;

    for (uint32_t n = node; g->nodes[n].worst_edge != GRAPH_NONE; length++)
        n = g->edges[g->nodes[n].worst_edge].caller;
    count = length < max ? length : max;
    for (uint32_t i = count; i-- > 0;) {
        ret_path[i] = at;
        if (g->nodes[at].worst_edge != GRAPH_NONE)
            at = g->edges[g->nodes[at].worst_edge].caller;
    }
    return count;
}

/* --- storms --- */

static bool fails(const struct graph_node *node, const struct storm_rule *rule)
{
    return node->failed_ratio >= rule->failed_ratio; /* false for NaN */
}

static double retries_per_s(const struct graph_edge *edge)
{
    return edge->calls_per_s > 0 ? edge->calls_per_s * (edge->attempts_per_call - 1) : 0;
}

static bool is_heavier(const struct graph_edge *a, const struct graph_edge *b)
{
    double more = retries_per_s(a) - retries_per_s(b);

    return more > 0 || (!(more < 0) && a->attempts_per_call > b->attempts_per_call);
}

/*
 * Where the retries of each failing node lead: its heaviest retrying edge to a
 * failing callee, and on to that callee's own source, which is known already
 * since callees are visited first.
 */
static enum err find_sources(const struct graph *g, const struct storm_rule *rule,
                             struct arena *arena, uint32_t **ret)
{
    size_t nodes = (size_t)g->node_count + 1;
    uint32_t *sources = arena_alloc_zero(arena, nodes, sizeof *sources), *heaviest;
    enum err err = ERR_OK;

    heaviest = arena_alloc_zero(arena, nodes, sizeof *heaviest); /* edge + 1, by caller */
    if (!sources || !heaviest)
        return arena_error(arena);
    for (uint32_t i = 0; i < g->edge_count; i++) {
        const struct graph_edge *edge = &g->edges[i];
        uint32_t *best = &heaviest[edge->caller];

        if (edge->closes_circle || !(edge->attempts_per_call >= GRAPH_RETRIES_FROM) ||
            !fails(&g->nodes[edge->callee], rule))
            continue;
        if (!*best || is_heavier(edge, &g->edges[*best - 1]))
            *best = i + 1;
    }
    for (uint32_t i = g->node_count; i-- > 0;) {
        uint32_t n = g->order[i];

        sources[n] = heaviest[n] ? sources[g->edges[heaviest[n] - 1].callee] : n;
    }
    *ret = sources;
    return err;
}

static bool is_in_storm(const struct graph_node *node, const struct storm_rule *rule)
{
    return node->amplification >= rule->amplification && node->worst_retrying >= 2 &&
           fails(node, rule);
}

/* Puts the storm in its place among the `count` that are sorted already. */
static void insert_storm(const struct graph *g, struct storm *storms, uint32_t count,
                         struct storm storm)
{
    while (count && g->nodes[storms[count - 1].source].worst < g->nodes[storm.source].worst) {
        storms[count] = storms[count - 1];
        count--;
    }
    storms[count] = storm;
}

enum err graph_find_storms(struct graph *g, const struct storm_rule *rule, struct arena *arena,
                           struct storm **ret, uint32_t *ret_count)
{
    size_t nodes = (size_t)g->node_count + 1;
    uint32_t *members = arena_alloc_zero(arena, nodes, sizeof *members), *sources = NULL, count = 0;
    struct storm *storms = arena_alloc_zero(arena, nodes, sizeof *storms);
    enum err err = members && storms ? find_sources(g, rule, arena, &sources) : arena_error(arena);

    if (err)
        return err;
    for (uint32_t n = 0; n < g->node_count; n++)
        if (is_in_storm(&g->nodes[n], rule))
            g->nodes[sources[n]].storm_source = g->nodes[n].storm_source = sources[n];
    for (uint32_t n = 0; n < g->node_count; n++)
        if (g->nodes[n].storm_source != GRAPH_NONE)
            members[g->nodes[n].storm_source]++;
    for (uint32_t n = 0; n < g->node_count; n++)
        if (members[n])
            insert_storm(g, storms, count++, (struct storm){ n, members[n] });
    *ret = storms;
    *ret_count = count;
    return ERR_OK;
}
