#include "monitor/edges.h"

#include <math.h>

#include "base/mem.h"

enum {
    NAME_MAX_BYTES = 2048,
    PATIENCE_MIN_MS = 5000,
    PATIENCE_AT_FIRST_MS = 180000, /* before a second reading nobody knows how far apart they are */
};

struct edge_set edges_of(size_t max_edges)
{
    return (struct edge_set){ .edges = vec_of(sizeof(struct edge *), max_edges),
                              .by_key = map_limited(max_edges) };
}

static void free_edge(struct edge *edge)
{
    window_release(&edge->calls);
    window_release(&edge->errors);
    window_release(&edge->retries);
    mem_free(edge);
}

void edges_release(struct edge_set *set)
{
    for (size_t i = 0; i < set->edges.count; i++)
        free_edge(edges_at(set, i));
    vec_release(&set->edges);
    map_release(&set->by_key);
}

size_t edges_count(const struct edge_set *set)
{
    return set->edges.count;
}

struct edge *edges_at(const struct edge_set *set, size_t idx)
{
    return *(struct edge **)vec_at(&set->edges, idx);
}

/* Names hold no NUL, so it separates. */
static struct str key_of(struct str caller, struct str service, char *text)
{
    memcpy(text, caller.ptr, caller.len);
    text[caller.len] = '\0';
    memcpy(text + caller.len + 1, service.ptr, service.len);
    text[caller.len + 1 + service.len] = '\0';
    return (struct str){ text, caller.len + service.len + 2 };
}

static struct edge *new_edge(struct str caller, struct str service)
{
    struct edge *edge = mem_alloc(sizeof *edge + caller.len + service.len + 2);

    if (!edge)
        return NULL;
    *edge = (struct edge){ .first_ms = -1, .last_ms = -1 };
    edge->key = key_of(caller, service, (char *)(edge + 1));
    edge->caller = (struct str){ edge->key.ptr, caller.len };
    edge->service = (struct str){ edge->key.ptr + caller.len + 1, service.len };
    return edge;
}

static struct edge *add(struct edge_set *set, struct str caller, struct str service)
{
    struct edge *edge = new_edge(caller, service);
    struct edge **slot = edge ? vec_push(&set->edges) : NULL;

    if (slot && map_put(&set->by_key, edge->key, edge) == ERR_OK) {
        *slot = edge;
        return edge;
    }
    if (slot)
        set->edges.count--;
    mem_free(edge);
    set->refused_count++;
    return NULL;
}

struct edge *edges_hear(struct edge_set *set, struct str caller, struct str service)
{
    char text[2 * NAME_MAX_BYTES + 2];
    struct edge *edge;

    if (!caller.len || !service.len || str_equals(caller, service))
        return NULL;
    if (caller.len > NAME_MAX_BYTES || service.len > NAME_MAX_BYTES)
        return NULL;
    edge = map_find(&set->by_key, key_of(caller, service, text));
    return edge ? edge : add(set, caller, service);
}

void edges_guard(struct edge_set *set, struct str caller, struct str service)
{
    struct edge *edge = edges_hear(set, caller, service);

    if (edge)
        edge->guarded = true;
}

/* --- readings --- */

static bool book(struct window *w, const struct signal *signal)
{
    static const int span_s[] = { EDGE_WINDOW_S, EDGE_WINDOW_LONG_S };

    if (!w->cells && window_init(w, EDGE_WINDOW_LONG_S, span_s, 2) != ERR_OK)
        return false;
    window_add(w, signal->at_ms / 1000, (uint64_t)llround(signal->amount));
    return true;
}

static void note_reading(struct edge *edge, int64_t at_ms)
{
    int64_t gap_s = (at_ms - edge->last_ms + 500) / 1000;

    if (edge->first_ms < 0)
        edge->first_ms = at_ms;
    if (at_ms <= edge->last_ms)
        return;
    if (gap_s < 1)
        gap_s = 1;
    if (edge->last_ms >= 0)
        edge->gaps_s[edge->gap_count++ % EDGE_GAPS] = (int)(gap_s < EDGE_WINDOW_LONG_S
                                                                ? gap_s
                                                                : EDGE_WINDOW_LONG_S);
    edge->last_ms = at_ms;
}

void edge_add(struct edge *edge, const struct signal *signal)
{
    switch (signal->kind) {
    case SIGNAL_CALLS:
        edge->calls_told |= book(&edge->calls, signal);
        break;
    case SIGNAL_ERRORS:
        edge->errors_told |= book(&edge->errors, signal);
        break;
    case SIGNAL_RETRIES:
        edge->retries_told |= book(&edge->retries, signal);
        break;
    default:
        return;
    }
    note_reading(edge, signal->at_ms);
}

/* One gap that is out of line is an outage, not the source's pace. */
static int resolution_s(const struct edge *edge)
{
    int worst = 0, second = 0;

    for (uint32_t i = 0; i < edge->gap_count && i < EDGE_GAPS; i++) {
        int gap = edge->gaps_s[i];

        if (gap > worst) {
            second = worst;
            worst = gap;
        } else if (gap > second) {
            second = gap;
        }
    }
    return edge->gap_count < 3 ? worst : second;
}

static double per_s(struct window *w, bool told, int span, int64_t now_ms, int64_t covered_s)
{
    if (!told)
        return NAN;
    window_advance(w, now_ms / 1000);
    return (double)window_sum(w, span) / (double)covered_s;
}

static enum evidence judge(const struct edge *edge, int64_t now_ms)
{
    int64_t patience_ms = 3000 * (int64_t)resolution_s(edge);

    if (!edge->calls_told && !edge->errors_told && !edge->retries_told)
        return EVIDENCE_UNKNOWN;
    if (edge->gap_count == 0)
        patience_ms = PATIENCE_AT_FIRST_MS;
    else if (patience_ms < PATIENCE_MIN_MS)
        patience_ms = PATIENCE_MIN_MS;
    if (now_ms - edge->last_ms > patience_ms)
        return EVIDENCE_STALE;
    return edge->gap_count == 0 ? EVIDENCE_TOO_LITTLE : EVIDENCE_OK;
}

struct edge_figures edge_figures(struct edge *edge, int64_t now_ms)
{
    struct edge_figures f = { judge(edge, now_ms), NAN, NAN, NAN, NAN };
    int span = 4 * resolution_s(edge) <= EDGE_WINDOW_S ? 0 : 1;
    int64_t window_s = span ? EDGE_WINDOW_LONG_S : EDGE_WINDOW_S;
    int64_t covered_s = (now_ms - edge->first_ms) / 1000;

    if (f.evidence == EVIDENCE_UNKNOWN || f.evidence == EVIDENCE_STALE)
        return f;
    covered_s = covered_s < 1 ? 1 : covered_s > window_s ? window_s : covered_s;
    f.calls_per_s = per_s(&edge->calls, edge->calls_told, span, now_ms, covered_s);
    f.errors_per_s = per_s(&edge->errors, edge->errors_told, span, now_ms, covered_s);
    f.retries_per_s = per_s(&edge->retries, edge->retries_told, span, now_ms, covered_s);
    if (edge->calls_told && window_sum(&edge->calls, span) < EDGE_ENOUGH_CALLS)
        f.evidence = EVIDENCE_TOO_LITTLE;
    if (f.evidence == EVIDENCE_OK)
        f.attempts_per_call = 1 + f.retries_per_s / f.calls_per_s;
    return f;
}

/* --- what is declared --- */

static void declare(struct edge_set *set, const struct catalog_service *known)
{
    for (size_t i = 0; i < known->config->dependency_count; i++) {
        struct edge *edge = edges_hear(set, known->name, known->config->dependencies[i]);

        if (edge)
            edge->declared_round = set->round;
    }
}

static void remove_groundless(struct edge_set *set)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->edges.count; i++) {
        struct edge *edge = edges_at(set, i);

        if (edge->subject || edge->guarded || edge_is_declared(set, edge)) {
            *(struct edge **)vec_at(&set->edges, kept++) = edge;
            continue;
        }
        map_remove(&set->by_key, edge->key);
        free_edge(edge);
    }
    set->edges.count = kept;
}

void edges_declare(struct edge_set *set, const struct catalog *catalog)
{
    set->round++;
    for (size_t i = 0; i < catalog_count(catalog); i++)
        if (catalog_at(catalog, i)->config)
            declare(set, catalog_at(catalog, i));
    remove_groundless(set);
}

bool edge_is_declared(const struct edge_set *set, const struct edge *edge)
{
    return edge->declared_round && edge->declared_round == set->round;
}

bool edge_is_shown(const struct edge_set *set, const struct edge *edge, int64_t now_ms)
{
    return edge_is_declared(set, edge) ||
           (edge->last_ms >= 0 && now_ms - edge->last_ms <= EDGE_FORGOTTEN_MS);
}
