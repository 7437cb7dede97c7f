#include "api/map_json.h"

#include <math.h>

#include "monitor/breaker.h"

/* A node is reached by something that is told, or is an entry. Else its 1 would say that no retry
 * reaches it, which nobody knows. */
static bool is_known(const struct graph_node *n)
{
    return n->worst_edge == GRAPH_NONE || !n->at_least || n->worst > 1;
}

static void write_path(struct json *j, const struct map_view *map, uint32_t node)
{
    uint32_t path[MAP_PATH_MAX], count = graph_worst_path(&map->graph, node, path, MAP_PATH_MAX);

    json_key(j, "path");
    json_open_array(j);
    for (uint32_t i = 0; i < count; i++)
        json_string(j, map->nodes[path[i]].name);
    json_close_array(j);
}

static void write_worst(struct json *j, const struct map_view *map, uint32_t node)
{
    const struct graph_node *n = &map->graph.nodes[node];

    json_key(j, "worst_path");
    json_open_object(j);
    json_member_rounded(j, "amplification", is_known(n) ? n->worst : NAN, 4);
    write_path(j, map, node);
    json_close_object(j);
}

/* How a service is; a name that no source speaks of: not known. */
static void write_health(struct json *j, const struct service_view *s)
{
    json_member_bool(j, "known", s != NULL);
    json_member_cstr(j, "health", health_name(s ? s->health : HEALTH_UNKNOWN));
    json_member_cstr(j, "severity", severity_name(s ? s->severity : SEVERITY_UNKNOWN));
    json_member_cstr(j, "reason", s ? s->reason : NULL);
}

static void write_service(struct json *j, const struct service_view *s)
{
    write_health(j, s);
    json_member_cstr(j, "evidence", evidence_name(s ? s->evidence : EVIDENCE_UNKNOWN));
    json_member_rounded(j, "calls_per_s", s ? s->calls_per_s : NAN, 3);
    json_member_rounded(j, "success_ratio", s ? s->success_ratio : NAN, 6);
}

static void write_node(struct json *j, const struct map_view *map, uint32_t node)
{
    const struct graph_node *n = &map->graph.nodes[node];

    json_open_object(j);
    json_member_string(j, "service", map->nodes[node].name);
    write_service(j, map->nodes[node].service);
    json_member_int(j, "layer", n->layer);
    json_member_rounded(j, "amplification", is_known(n) ? n->amplification : NAN, 4);
    json_member_bool(j, "at_least", n->at_least);
    json_member_bool(j, "modelled", n->modelled);
    write_worst(j, map, node);
    json_key(j, "storm_source");
    if (n->storm_source == GRAPH_NONE)
        json_null(j);
    else
        json_string(j, map->nodes[n->storm_source].name);
    json_close_object(j);
}

static void write_way(struct json *j, const struct map_view *map, uint32_t idx)
{
    const struct graph_edge *g = &map->graph.edges[idx];
    const struct map_edge *e = &map->edges[idx];

    json_member_bool(j, "declared", e->declared);
    json_member_cstr(j, "evidence", evidence_name(e->figures.evidence));
    json_member_rounded(j, "calls_per_s", e->figures.calls_per_s, 3);
    json_member_rounded(j, "errors_per_s", e->figures.errors_per_s, 3);
    json_member_rounded(j, "retries_per_s", e->figures.retries_per_s, 3);
    json_member_rounded(j, "attempts_per_call", g->attempts_per_call, 4);
    json_member_bool(j, "modelled", g->modelled);
    json_member_bool(j, "closes_circle", g->closes_circle);
    json_key(j, "last_data_ms");
    if (e->last_data_ms < 0)
        json_null(j);
    else
        json_int(j, e->last_data_ms);
}

static void write_edge(struct json *j, const struct map_view *map, uint32_t idx)
{
    const struct graph_edge *g = &map->graph.edges[idx];

    json_open_object(j);
    json_member_string(j, "caller", map->nodes[g->caller].name);
    json_member_string(j, "service", map->nodes[g->callee].name);
    write_way(j, map, idx);
    json_close_object(j);
}

static void write_storm(struct json *j, const struct map_view *map, const struct map_storm *storm)
{
    const struct graph_edge *by = &map->graph.edges[storm->retried_by];

    json_open_object(j);
    json_member_string(j, "source", map->nodes[storm->source].name);
    json_member_string(j, "retried_by", map->nodes[by->caller].name);
    json_member_rounded(j, "retries_per_s", map->edges[storm->retried_by].figures.retries_per_s, 3);
    json_member_rounded(j, "amplification", map->graph.nodes[storm->source].worst, 4);
    write_path(j, map, storm->source);
    json_key(j, "services");
    json_open_array(j);
    for (uint32_t n = 0; n < map->graph.node_count; n++)
        if (map->graph.nodes[n].storm_source == storm->source)
            json_string(j, map->nodes[n].name);
    json_close_array(j);
    json_close_object(j);
}

void map_json_head(struct buf *out, const struct monitor_view *view,
                   const struct view_origin *origin)
{
    struct json j = json_to(out);

    view_json_head_of(&j, VIEW_MAP, view, origin);
    json_close_object(&j);
}

void map_json(struct buf *out, const struct monitor_view *view, const struct view_origin *origin)
{
    const struct map_view *map = view->map;
    struct json j = json_to(out);

    view_json_head_of(&j, VIEW_MAP, view, origin);
    view_json_sentence(&j, &map->sentence);
    json_member_int(&j, "services_without_edges", (int64_t)map->services_without_edges);
    json_member_bool(&j, "truncated", map->truncated);
    json_key(&j, "nodes");
    json_open_array(&j);
    for (uint32_t n = 0; n < map->graph.node_count; n++)
        write_node(&j, map, n);
    json_close_array(&j);
    json_key(&j, "edges");
    json_open_array(&j);
    for (uint32_t i = 0; i < map->graph.edge_count; i++)
        write_edge(&j, map, i);
    json_close_array(&j);
    json_key(&j, "storms");
    json_open_array(&j);
    for (uint32_t i = 0; i < map->storm_count; i++)
        write_storm(&j, map, &map->storms[i]);
    json_close_array(&j);
    json_close_object(&j);
}

/* --- neighbours --- */

/* The worst of a service's edges to one side, so far. */
struct neighbours {
    const struct monitor_view *view;
    uint32_t edges[NEIGHBOURS_MAX];
    size_t places[NEIGHBOURS_MAX];
    size_t count;
};

/* Where a node stands among the services, worst first; unknown names between the degraded and the
 * healthy. */
static size_t place_of(const struct monitor_view *view, const struct service_view *s)
{
    size_t sick = 0;

    if (s)
        return 2 * (size_t)(s - view->services) + 1;
    while (sick < view->service_count && view->services[sick].health != HEALTH_HEALTHY)
        sick++;
    return 2 * sick;
}

static void add_neighbour(struct neighbours *n, uint32_t edge, uint32_t node)
{
    size_t place = place_of(n->view, n->view->map->nodes[node].service), at = n->count;

    if (at == NEIGHBOURS_MAX && n->places[at - 1] <= place)
        return;
    if (at == NEIGHBOURS_MAX)
        at--;
    else
        n->count++;
    for (; at > 0 && n->places[at - 1] > place; at--) {
        n->edges[at] = n->edges[at - 1];
        n->places[at] = n->places[at - 1];
    }
    n->edges[at] = edge;
    n->places[at] = place;
}

/* The states of the caller's breakers towards the service. */
static struct breaker_counts breakers_between(const struct monitor_view *view,
                                              const struct map_node *caller,
                                              const struct service_view *service)
{
    struct breaker_counts counts = { .total = 0 };

    for (uint32_t i = 0; service && i < service->breaker_count; i++) {
        const struct breaker_view *b = &view->breakers[service->first_breaker + i];

        if (str_equals(b->caller, caller->name))
            breaker_count(&counts, b->state);
    }
    return counts;
}

static double success_ratio(const struct edge_figures *f)
{
    double ratio = f->calls_per_s > 0 ? 1 - f->errors_per_s / f->calls_per_s : NAN;

    return ratio < 0 ? 0 : ratio;
}

static void write_neighbour(struct json *j, const struct monitor_view *view, uint32_t idx,
                            uint32_t other)
{
    const struct map_view *map = view->map;
    const struct graph_edge *g = &map->graph.edges[idx];
    struct breaker_counts breakers = breakers_between(view, &map->nodes[g->caller],
                                                      map->nodes[g->callee].service);

    json_open_object(j);
    json_member_string(j, "service", map->nodes[other].name);
    write_health(j, map->nodes[other].service);
    write_way(j, map, idx);
    json_member_rounded(j, "success_ratio", success_ratio(&map->edges[idx].figures), 6);
    view_json_breaker_counts(j, &breakers);
    json_close_object(j);
}

static void write_side(struct json *j, const struct monitor_view *view, uint32_t node, bool callees)
{
    const struct graph *g = view->map ? &view->map->graph : NULL;
    struct neighbours n = { .view = view };

    for (uint32_t i = 0; g && node != GRAPH_NONE && i < g->edge_count; i++) {
        if ((callees ? g->edges[i].caller : g->edges[i].callee) == node)
            add_neighbour(&n, i, callees ? g->edges[i].callee : g->edges[i].caller);
    }
    json_key(j, callees ? "callees" : "callers");
    json_open_array(j);
    for (size_t i = 0; i < n.count; i++) {
        const struct graph_edge *edge = &g->edges[n.edges[i]];

        write_neighbour(j, view, n.edges[i], callees ? edge->callee : edge->caller);
    }
    json_close_array(j);
}

void map_json_neighbours(struct json *j, const struct monitor_view *view, struct str service)
{
    uint32_t node = view->map ? map_view_find_node(view->map, service) : GRAPH_NONE;

    write_side(j, view, node, true);
    write_side(j, view, node, false);
}

/* --- metrics --- */

static void export_edges(const struct map_view *map, const struct metric_out *out)
{
    bool named = false;

    for (uint32_t i = 0; i < map->graph.edge_count; i++) {
        const struct graph_edge *e = &map->graph.edges[i];
        struct metric_label labels[] = { { "caller", map->nodes[e->caller].name },
                                         { "service", map->nodes[e->callee].name } };

        if (e->modelled || isnan(e->attempts_per_call))
            continue;
        if (!named)
            out->family(out->ctx, "fusebox_edge_attempts_per_call", METRIC_GAUGE,
                        "Attempts per call from the caller to the service: 1 and its retries.");
        named = true;
        out->sample(out->ctx, "", labels, 2, e->attempts_per_call);
    }
}

static void export_nodes(const struct map_view *map, const struct metric_out *out)
{
    bool named = false;

    for (uint32_t n = 0; n < map->graph.node_count; n++) {
        struct metric_label label = { "service", map->nodes[n].name };

        if (map->graph.nodes[n].worst_edge == GRAPH_NONE || !is_known(&map->graph.nodes[n]))
            continue;
        if (!named)
            out->family(out->ctx, "fusebox_retry_amplification", METRIC_GAUGE,
                        "Attempts that arrive at the service for each that would arrive if nobody "
                        "on the way retried.");
        named = true;
        out->sample(out->ctx, "", &label, 1, map->graph.nodes[n].amplification);
    }
}

void map_export(const struct monitor_view *view, const struct metric_out *out)
{
    export_edges(view->map, out);
    export_nodes(view->map, out);
}
