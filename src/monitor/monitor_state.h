/*
 * The monitor from inside: what its files share.
 *
 *   monitor.c          begins and ends it; definitions, questions
 *   monitor_state.c    the states of services: made, given limits
 *   monitor_signals.c  subjects and signals
 *   retire.c           lets go of who is silent
 *   monitor_view.c     judges everything
 *
 *      catalog_service ──state──► service_state ──breakers──► breaker_entry ──next──► …
 *                                       ▲                        ▲
 *      subject id ──► subject ──────────┴────────────────────────┘
 *
 * Threads   Owned by the evaluate thread.
 */
#ifndef FUSEBOX_MONITOR_MONITOR_STATE_H
#define FUSEBOX_MONITOR_MONITOR_STATE_H

#include "base/map.h"
#include "base/vec.h"
#include "monitor/breaker.h"
#include "monitor/edges.h"
#include "monitor/instances.h"
#include "monitor/monitor.h"
#include "monitor/service.h"
#include "monitor/totals.h"

struct breaker_entry {
    struct breaker_watch watch;
    struct str key, name, endpoint, caller; /* kept behind the struct */
    const char *source;
    uint32_t subject;
    int64_t heard_ms;           /* the newest signal; before one came, the first view; -1 */
    bool goes;                  /* retire.c */
    struct breaker_entry *next; /* of the same service */
};

struct service_state {
    struct service_watch *watch;
    struct breaker_entry *breakers;
    struct instances instances;
    int64_t heard_ms; /* as a breaker's */
    bool goes;        /* retire.c */
    uint32_t subject; /* 0: no source has asked yet */
};

/* What a subject id stands for: item id - 1. */
struct subject {
    struct service_state *service; /* NULL: the id is free */
    struct breaker_entry *breaker; /* NULL: the service itself */
    struct edge *edge;             /* NULL: the source names no caller */
    uint32_t next_free;            /* another free id; 0: none */
};

struct monitor {
    struct config *config;
    struct catalog catalog;
    struct vec subjects;
    uint32_t free_subject; /* 0: none */
    uint64_t epoch;        /* of the ids of subjects */
    struct map breakers;   /* by key */
    struct edge_set edges;
    struct totals_keeper totals;
    bool alarm;
    uint64_t seq;
    struct monitor_stats stats;
    monitor_on_transition *on_transition; /* NULL: nobody listens */
    void *listener;
};

/* The state of a known service, made when it has none. NULL: no memory. */
struct service_state *service_state_of(struct monitor *m, struct catalog_service *known);

/* The limits and models of budgets that the configuration gives the service. */
void service_state_set_budget(struct service_watch *watch, const struct config *cfg,
                              const struct config_service *service);

void service_state_free(void *state); /* with its breakers; void for the catalog */
void breaker_entry_free(struct breaker_entry *entry);

#endif
