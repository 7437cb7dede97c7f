/*
 * The map: who calls whom, what retries make of it, and where a storm of them
 * begins; part of the view, as immutable as the rest.
 *
 * Nodes are the services with an edge, and what is named only as a caller or as a
 * dependency; by name. Edges by caller, then by service. Amplification as in
 * monitor/graph.h.
 *
 * An edge whose own retries nobody tells has the mean of its service over all
 * callers, where that is known, and is marked as modelled.
 *
 * Threads   Immutable once published.
 */
#ifndef FUSEBOX_MONITOR_MAP_VIEW_H
#define FUSEBOX_MONITOR_MAP_VIEW_H

#include "monitor/edges.h"
#include "monitor/graph.h"
#include "monitor/view.h"

enum { MAP_PATH_MAX = 16 };

struct map_node {
    struct str name;
    const struct service_view *service; /* NULL: no source and no configuration knows it */
};

struct map_edge {
    struct edge_figures figures;
    bool declared;
    int64_t last_data_ms; /* -1: never */
};

struct map_storm {
    uint32_t source;
    uint32_t member_count;
    uint32_t retried_by; /* edge of the worst path that leads to the source */
};

/* `nodes` and `edges` stand beside those of `graph`, index by index. */
struct map_view {
    struct graph graph;
    struct map_node *nodes;
    struct map_edge *edges;
    struct map_storm *storms;
    uint32_t storm_count;
    uint32_t worst; /* the node with the longest worst path product; GRAPH_NONE: nothing retries */
    size_t services_without_edges;
    bool truncated; /* edges were refused by the limit */
    struct sentence sentence;
};

/*
 * Makes view->map, but for its sentence, from the edges and the rows of a view whose
 * verdicts are complete, in the view's arena. ERR_NOMEM, ERR_LIMIT.
 */
enum err map_view_fill(struct monitor_view *view, struct edge_set *edges,
                       double storm_amplification) MUST_CHECK;

/* GRAPH_NONE: no edge leads to that name or from it. */
uint32_t map_view_find_node(const struct map_view *map, struct str name);

/* The rows stand in another order: the nodes find theirs again. */
void map_view_relink(struct monitor_view *view);

/* map_sentence.c: the map's own sentence; the overview's, which is there, tells of a storm first.
 */
void map_sentence_set(struct monitor_view *view);

#endif
