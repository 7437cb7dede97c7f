#include "monitor/cause.h"

#include <math.h>
#include <string.h>

#include "monitor/map_view.h"

/* Attempts fail from here on: as the sentence says it of calls. */
static const double CAUSE_FAILED_RATIO = 0.01;

struct cause_search {
    struct monitor_view *view;
    const struct map_view *map;
    struct service_view **rows; /* of each node; NULL: no service */
    uint32_t *worst;            /* of each node the callee that explains its trouble; GRAPH_NONE */
    double *worst_ratio;        /* how much of the calls to that fails */
};

static enum err open_search(struct cause_search *s, struct monitor_view *view)
{
    size_t count = view->map->graph.node_count + 1;

    *s = (struct cause_search){
        .view = view,
        .map = view->map,
        .rows = arena_alloc_zero(&view->arena, count, sizeof(*s->rows)),
        .worst = arena_alloc_zero(&view->arena, count, sizeof *s->worst),
        .worst_ratio = arena_alloc_zero(&view->arena, count, sizeof *s->worst_ratio),
    };
    if (!s->rows || !s->worst || !s->worst_ratio)
        return arena_error(&view->arena);
    for (uint32_t n = 0; n < view->map->graph.node_count; n++) {
        const struct service_view *row = view->map->nodes[n].service;

        s->worst[n] = GRAPH_NONE;
        s->rows[n] = row ? &view->services[row - view->services] : NULL;
    }
    return ERR_OK;
}

static bool has_trouble(const struct service_view *s)
{
    return s && (s->health == HEALTH_UNHEALTHY || s->health == HEALTH_DEGRADED);
}

/* The part of this caller's attempts that failed; of all callers where the edge does not tell. */
static double edge_failed_ratio(const struct cause_search *s, uint32_t edge)
{
    const struct edge_figures *f = &s->map->edges[edge].figures;
    double retries = isnan(f->retries_per_s) ? 0 : f->retries_per_s;

    if (f->evidence != EVIDENCE_OK || isnan(f->errors_per_s) || !(f->calls_per_s > 0))
        return s->map->graph.nodes[s->map->graph.edges[edge].callee].failed_ratio;
    return (f->errors_per_s + retries) / (f->calls_per_s + retries);
}

static void weigh_edge(struct cause_search *s, uint32_t edge)
{
    const struct graph_edge *e = &s->map->graph.edges[edge];
    double ratio = edge_failed_ratio(s, edge);

    if (e->closes_circle || !(ratio >= CAUSE_FAILED_RATIO) || ratio <= s->worst_ratio[e->caller])
        return;
    if (!has_trouble(s->rows[e->callee]) || !has_trouble(s->rows[e->caller]) ||
        s->map->graph.nodes[e->caller].failed_ratio < CAUSE_FAILED_RATIO)
        return;
    s->worst[e->caller] = e->callee;
    s->worst_ratio[e->caller] = ratio;
}

/* From each callee on to the last; those stand behind their callers in the graph's order. */
static void follow(struct cause_search *s)
{
    for (uint32_t i = s->map->graph.node_count; i-- > 0;) {
        uint32_t node = s->map->graph.order[i], next = s->worst[node];

        if (next == GRAPH_NONE)
            continue;
        if (s->worst[next] != GRAPH_NONE)
            s->worst[node] = s->worst[next];
        s->rows[node]->caused_by = s->map->nodes[s->worst[node]].name;
        s->rows[s->worst[node]]->victims++;
    }
}

/* Puts the row before `first`; those between move on by one. */
static void move_row(struct monitor_view *view, size_t from, size_t first)
{
    struct service_view row = view->services[from];

    memmove(&view->services[first + 1], &view->services[first],
            (from - first) * sizeof *view->services);
    view->services[first] = row;
}

/* A cause has no cause itself, so what is moved up passes no victim of its own. */
static bool lift_causes(struct monitor_view *view)
{
    size_t last = 0; /* behind it no cause is left */
    bool moved = false;

    for (size_t i = 0; i < view->service_count; i++)
        if (view->services[i].victims)
            last = i;
    for (size_t i = 0; i < last; i++) {
        struct str cause = view->services[i].caused_by;

        for (size_t c = i + 1; cause.len && c <= last; c++)
            if (str_equals(view->services[c].name, cause)) {
                move_row(view, c, i);
                moved = true;
                break;
            }
    }
    return moved;
}

enum err causes_find(struct monitor_view *view)
{
    struct cause_search s;
    enum err err = open_search(&s, view);

    if (err)
        return err;
    for (uint32_t e = 0; e < view->map->graph.edge_count; e++)
        weigh_edge(&s, e);
    follow(&s);
    if (lift_causes(view))
        map_view_relink(view);
    return ERR_OK;
}
