/*
 * Retry amplification: what one call at the edge of a graph of services becomes
 * at each service behind it. Pure: figures of nodes and edges in, verdicts out.
 *
 *   entry ──×1.03──► gateway ──×1.44──► payments ──×1.62──► database
 *     1                1.03               1.48                2.40
 *
 * An edge multiplies by its attempts per call, 1 + retries / calls. Each attempt
 * at a service makes it call again, so the factors of a path multiply:
 *
 *   worst          the largest product over all paths from an entry
 *   amplification  over all traffic: attempts that arrive, divided by those that
 *                  would arrive if nobody retried. Without any retry a caller
 *                  would send its calls / its own amplification, hence
 *                  sum(calls x factor) / sum(calls / amplification of the caller)
 *
 * Entries are nodes that nobody calls. An edge that leads back to a node on the
 * way closes a circle and is left out, so each node stands once on a path; which
 * edge of a circle that is follows from the order of the nodes (entries first).
 * A factor that nobody tells counts as 1, and what follows is then "at least".
 *
 *   graph_solve(&g, &arena) -> graph_find_storms(&g, rule, &arena, &list)
 *
 * Threads   Value.
 * Memory    Scratch and results in the caller's arena. Time O(nodes + edges), no
 *           recursion.
 */
#ifndef FUSEBOX_MONITOR_GRAPH_H
#define FUSEBOX_MONITOR_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define GRAPH_NONE UINT32_MAX

static const double GRAPH_RETRIES_FROM = 1.05; /* attempts per call that are worth a word */

struct graph_edge {
    uint32_t caller, callee;  /* indexes of nodes, not the same */
    double calls_per_s;       /* NaN: not told */
    double attempts_per_call; /* >= 1; NaN: not told */
    bool modelled;            /* the factor is not this edge's own */
    bool closes_circle;       /* result */
};

struct graph_node {
    double failed_ratio; /* attempts that failed, 0..1; NaN: not told */

    /* Results. */
    double amplification;
    double worst;
    uint32_t worst_edge;     /* the last edge of the worst path; GRAPH_NONE: an entry */
    uint32_t worst_retrying; /* edges on it that retry (GRAPH_RETRIES_FROM) */
    uint32_t layer;          /* edges on the longest path from an entry */
    bool at_least;           /* a factor on some path to it is not told */
    bool modelled;           /* ... or is modelled */
    uint32_t storm_source;   /* GRAPH_NONE: in no storm */
};

struct graph {
    struct graph_node *nodes;
    uint32_t node_count;
    struct graph_edge *edges;
    uint32_t edge_count;
    uint32_t *order; /* result: nodes, callers before callees */
};

/* Fills all results but storm_source. ERR_NOMEM, ERR_LIMIT. */
enum err graph_solve(struct graph *g, struct arena *arena) MUST_CHECK;

/* The nodes of the worst path to `node`, entry first, at most `max`: the last ones. */
uint32_t graph_worst_path(const struct graph *g, uint32_t node, uint32_t *ret_path, uint32_t max);

/*
 * A retry storm: a service gets `amplification` times its attempts or more, at
 * least two edges on the way retry, and its attempts fail. Its source is found by
 * following the edges that retry to callees that fail: the last of them.
 */
struct storm_rule {
    double amplification; /* from this on */
    double failed_ratio;  /* from this on */
};

struct storm {
    uint32_t source;
    uint32_t member_count; /* nodes whose storm_source it is, itself included */
};

/* Sets storm_source of all nodes; the list is ordered by the worst path of the source, longest
 * product first. ERR_NOMEM, ERR_LIMIT. */
enum err graph_find_storms(struct graph *g, const struct storm_rule *rule, struct arena *arena,
                           struct storm **ret, uint32_t *ret_count) MUST_CHECK;

#endif
