/*
 * Who calls whom, and what the sources say about each such edge: sliding counts
 * of calls, errors and retries towards one service from one caller.
 *
 *   edges_of(max) -> { edges_hear | edge_add(signal) | edges_declare }* -> edges_release
 *
 * An edge is there because a source named a caller (its own figures, or a breaker
 * that guards the way) or because a person declared the dependency, or both. What
 * nobody declares any more, has no subject and guards nothing goes.
 *
 * Resolution  How far apart an edge's readings are: the largest of the last few gaps, but one.
 *
 * Time      Unix milliseconds, passed in.
 * Threads   Owned by the evaluate thread.
 * Memory    About 4 KiB for an edge with figures, 200 bytes for another. Pointers
 *           to edges with a subject stay.
 * Limits    max edges; the ones beyond are refused and counted.
 */
#ifndef FUSEBOX_MONITOR_EDGES_H
#define FUSEBOX_MONITOR_EDGES_H

#include "base/map.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "model/signal.h"
#include "monitor/view.h"
#include "resilience/window.h"

enum {
    EDGE_WINDOW_S = 60,       /* of the figures, ... */
    EDGE_WINDOW_LONG_S = 300, /* ... where less than four readings fit into that */
    EDGE_ENOUGH_CALLS = 20,   /* as for services */
    EDGE_FORGOTTEN_MS = 3600000,
    EDGE_GAPS = 4,
};

struct edge {
    struct str key;             /* caller NUL service NUL, kept behind the struct */
    struct str caller, service; /* parts of it */
    struct window calls, errors, retries;
    bool calls_told, errors_told, retries_told;
    bool guarded;              /* a breaker of the caller stands before the service */
    int64_t first_ms, last_ms; /* of readings; -1 */
    int gaps_s[EDGE_GAPS];     /* ring of the last gaps between readings */
    uint32_t gap_count;
    uint64_t declared_round; /* edges_declare that named it last; 0: none did */
    uint32_t subject;        /* the monitor's; 0: no source has asked yet */
};

struct edge_set {
    struct vec edges; /* struct edge * */
    struct map by_key;
    uint64_t round;
    uint64_t refused_count;
};

/* What one edge says now. */
struct edge_figures {
    enum evidence evidence;
    double calls_per_s, errors_per_s, retries_per_s; /* NaN: not told, or stale */
    double attempts_per_call;                        /* NaN: not told, stale, or too little */
};

struct edge_set edges_of(size_t max_edges);
void edges_release(struct edge_set *set);

/* The edge, found or new; NULL: refused by the limit, no memory, or it leads to itself. */
struct edge *edges_hear(struct edge_set *set, struct str caller, struct str service);

/* A breaker of the caller stands before the service. */
void edges_guard(struct edge_set *set, struct str caller, struct str service);

/* Books a signal about the service that names this caller. Lack of memory leaves it untold. */
void edge_add(struct edge *edge, const struct signal *signal);

/* Takes over the dependencies that the catalog's configuration names, and lets go of edges that
 * are there for no reason any more. */
void edges_declare(struct edge_set *set, const struct catalog *catalog);

size_t edges_count(const struct edge_set *set);
struct edge *edges_at(const struct edge_set *set, size_t idx);

bool edge_is_declared(const struct edge_set *set, const struct edge *edge);
/* Whether it belongs on the map by itself: declared, or heard within EDGE_FORGOTTEN_MS. One that is
 * guarded belongs there as long as its service does. */
bool edge_is_shown(const struct edge_set *set, const struct edge *edge, int64_t now_ms);

struct edge_figures edge_figures(struct edge *edge, int64_t now_ms);

#endif
