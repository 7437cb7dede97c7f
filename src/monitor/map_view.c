#include "monitor/map_view.h"

#include <math.h>
#include <stdlib.h>

/* Attempts that fail from here on are a storm's, as in the rule for breakers of S1. */
static const double STORM_FAILED_RATIO = 0.1;

static int compare_edges(const void *a, const void *b)
{
    return str_compare((*(struct edge *const *)a)->key, (*(struct edge *const *)b)->key);
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static int compare_rows(const void *a, const void *b)
{
    return str_compare((*(const struct service_view *const *)a)->name,
                       (*(const struct service_view *const *)b)->name);
}

static int compare_name_row(const void *name, const void *row)
{
    return str_compare(*(const struct str *)name, (*(const struct service_view *const *)row)->name);
}

static int compare_name_node(const void *name, const void *node)
{
    return str_compare(*(const struct str *)name, ((const struct map_node *)node)->name);
}

/* The rows of a view in the order of their names. */
struct rows {
    const struct service_view **items;
    size_t count;
};

static const struct service_view *find_row(const struct rows *rows, struct str name)
{
    const struct service_view **row = bsearch(&name, rows->items, rows->count, sizeof(*rows->items),
                                              compare_name_row);

    return row ? *row : NULL;
}

/* The edges that are shown, in order. NULL: no memory. */
static struct edge **gather(struct monitor_view *view, const struct edge_set *set,
                            const struct rows *rows, uint32_t *ret_count)
{
    struct edge **shown = arena_alloc(&view->arena, (edges_count(set) + 1) * sizeof *shown);

    if (!shown)
        return NULL;
    *ret_count = 0;
    for (size_t i = 0; i < edges_count(set); i++) {
        struct edge *edge = edges_at(set, i);

        if (edge_is_shown(set, edge, view->now_ms) ||
            (edge->guarded && find_row(rows, edge->service)))
            shown[(*ret_count)++] = edge;
    }
    qsort(shown, *ret_count, sizeof *shown, compare_edges);
    return shown;
}

/* --- nodes --- */

/* Every name at an end of an edge, once, in order. NULL: no memory. */
static struct str *list_names(struct arena *arena, struct edge *const *shown, uint32_t count,
                              uint32_t *ret_count)
{
    struct str *names = arena_alloc(arena, (2 * (size_t)count + 1) * sizeof *names);
    uint32_t kept = 0;

    if (!names)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        names[2 * i] = shown[i]->caller;
        names[2 * i + 1] = shown[i]->service;
    }
    qsort(names, 2 * (size_t)count, sizeof *names, compare_names);
    for (uint32_t i = 0; i < 2 * count; i++)
        if (!kept || !str_equals(names[i], names[kept - 1]))
            names[kept++] = names[i];
    *ret_count = kept;
    return names;
}

/* Items NULL: no memory. */
static struct rows rows_by_name(struct monitor_view *view)
{
    const struct service_view **items = arena_alloc(&view->arena,
                                                    (view->service_count + 1) * sizeof(*items));

    for (size_t i = 0; items && i < view->service_count; i++)
        items[i] = &view->services[i];
    if (items)
        qsort(items, view->service_count, sizeof(*items), compare_rows);
    return (struct rows){ items, view->service_count };
}

static double failed_ratio(const struct service_view *row)
{
    if (!row || row->evidence != EVIDENCE_OK)
        return NAN;
    return 1 -
           (isnan(row->attempt_success_ratio) ? row->success_ratio : row->attempt_success_ratio);
}

static enum err add_nodes(struct monitor_view *view, const struct rows *rows,
                          struct edge *const *shown, uint32_t count)
{
    struct map_view *map = view->map;
    struct str *names = list_names(&view->arena, shown, count, &map->graph.node_count);
    size_t known = 0;

    map->nodes = arena_alloc_zero(&view->arena, 2 * (size_t)count + 1, sizeof *map->nodes);
    map->graph.nodes = arena_alloc_zero(&view->arena, 2 * (size_t)count + 1,
                                        sizeof *map->graph.nodes);
    if (!names || !map->nodes || !map->graph.nodes)
        return arena_error(&view->arena);
    for (uint32_t n = 0; n < map->graph.node_count; n++) {
        const struct service_view *row = find_row(rows, names[n]);

        map->nodes[n].service = row;
        map->graph.nodes[n].failed_ratio = failed_ratio(row);
        known += row != NULL;
        if (row)
            map->nodes[n].name = row->name;
        else if (!arena_copy_str(&view->arena, names[n], &map->nodes[n].name))
            return arena_error(&view->arena);
    }
    map->services_without_edges = view->service_count - known;
    return ERR_OK;
}

/* --- edges --- */

uint32_t map_view_find_node(const struct map_view *map, struct str name)
{
    const struct map_node *node = bsearch(&name, map->nodes, map->graph.node_count,
                                          sizeof *map->nodes, compare_name_node);

    return node ? (uint32_t)(node - map->nodes) : GRAPH_NONE;
}

/* Attempts per call towards the service from all its callers; NaN: not known. */
static double mean_attempts(const struct service_view *row)
{
    if (!row || row->evidence != EVIDENCE_OK || !(row->calls_per_s > 0))
        return NAN;
    return 1 + row->retries_per_s / row->calls_per_s;
}

static void add_edge(struct monitor_view *view, const struct edge_set *set, struct edge *edge)
{
    struct map_view *map = view->map;
    uint32_t idx = map->graph.edge_count++;
    struct graph_edge *to = &map->graph.edges[idx];
    struct edge_figures figures = edge_figures(edge, view->now_ms);

    map->edges[idx] = (struct map_edge){ .figures = figures,
                                         .declared = edge_is_declared(set, edge),
                                         .last_data_ms = edge->last_ms };
    *to = (struct graph_edge){ .caller = map_view_find_node(map, edge->caller),
                               .callee = map_view_find_node(map, edge->service),
                               .calls_per_s = figures.calls_per_s,
                               .attempts_per_call = figures.attempts_per_call };
    if (edge->retries_told || !isnan(to->attempts_per_call))
        return;
    to->attempts_per_call = mean_attempts(map->nodes[to->callee].service);
    to->modelled = !isnan(to->attempts_per_call);
}

static enum err add_edges(struct monitor_view *view, const struct edge_set *set,
                          struct edge *const *shown, uint32_t count)
{
    struct map_view *map = view->map;

    map->edges = arena_alloc_zero(&view->arena, (size_t)count + 1, sizeof *map->edges);
    map->graph.edges = arena_alloc_zero(&view->arena, (size_t)count + 1, sizeof *map->graph.edges);
    if (!map->edges || !map->graph.edges)
        return arena_error(&view->arena);
    for (uint32_t i = 0; i < count; i++)
        add_edge(view, set, shown[i]);
    return ERR_OK;
}

/* --- verdicts --- */

/* The node at the end of the worst path of all; of equals the first by name. */
static uint32_t worst_of(const struct graph *g)
{
    uint32_t worst = GRAPH_NONE;

    for (uint32_t n = 0; n < g->node_count; n++)
        if (g->nodes[n].worst >= GRAPH_RETRIES_FROM &&
            (worst == GRAPH_NONE || g->nodes[n].worst > g->nodes[worst].worst))
            worst = n;
    return worst;
}

static enum err add_storms(struct monitor_view *view, double amplification)
{
    const struct storm_rule rule = { amplification, STORM_FAILED_RATIO };
    struct map_view *map = view->map;
    struct storm *storms = NULL;
    enum err err = graph_find_storms(&map->graph, &rule, &view->arena, &storms, &map->storm_count);

    if (err)
        return err;
    map->storms = arena_alloc_zero(&view->arena, (size_t)map->storm_count + 1, sizeof *map->storms);
    if (!map->storms)
        return arena_error(&view->arena);
    for (uint32_t i = 0; i < map->storm_count; i++)
        map->storms[i] = (struct map_storm){
            .source = storms[i].source,
            .member_count = storms[i].member_count,
            .retried_by = map->graph.nodes[storms[i].source].worst_edge
        };
    return ERR_OK;
}

enum err map_view_fill(struct monitor_view *view, struct edge_set *edges,
                       double storm_amplification)
{
    const struct rows rows = rows_by_name(view);
    uint32_t count = 0;
    struct edge **shown = rows.items ? gather(view, edges, &rows, &count) : NULL;
    enum err err;

    if (!shown)
        return arena_error(&view->arena);
    view->map = arena_alloc_zero(&view->arena, 1, sizeof *view->map);
    if (!view->map)
        return arena_error(&view->arena);
    view->map->truncated = edges->refused_count > 0;
    err = add_nodes(view, &rows, shown, count);
    if (!err)
        err = add_edges(view, edges, shown, count);
    if (!err)
        err = graph_solve(&view->map->graph, &view->arena);
    if (!err)
        err = add_storms(view, storm_amplification);
    if (err)
        return err;
    view->map->worst = worst_of(&view->map->graph);
    return ERR_OK;
}

void map_view_relink(struct monitor_view *view)
{
    for (size_t i = 0; i < view->service_count; i++) {
        uint32_t node = map_view_find_node(view->map, view->services[i].name);

        if (node != GRAPH_NONE)
            view->map->nodes[node].service = &view->services[i];
    }
}
