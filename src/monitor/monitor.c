#include "monitor/monitor.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "monitor/breaker.h"
#include "monitor/breaker_condition.h"
#include "monitor/budget_limits.h"
#include "monitor/edges.h"
#include "monitor/health.h"
#include "monitor/map_view.h"
#include "monitor/order.h"
#include "monitor/sentence.h"
#include "monitor/totals.h"

enum { BREAKER_KEY_MAX_BYTES = 4096 };
static const double SIGNAL_AMOUNT_MAX = 1e15; /* doubles are exact whole numbers below it */

struct service_state; /* what hangs on a catalog entry */

struct breaker_entry {
    struct breaker_watch watch;
    struct str key, name, endpoint, caller; /* kept behind the struct */
    const char *source;
    uint32_t subject;
    struct breaker_entry *next; /* of the same service */
};

struct service_state {
    struct service_watch *watch; /* NULL: retired */
    struct breaker_entry *breakers;
    int64_t heard_ms; /* the newest signal; before one came, the first view; -1 */
    uint32_t subject; /* 0: no source has asked yet */
};

/* What a subject id stands for: item id - 1. */
struct subject {
    struct service_state *service;
    struct breaker_entry *breaker; /* NULL: the service itself */
    struct edge *edge;             /* NULL: the source names no caller */
};

struct monitor {
    struct config *config;
    struct catalog catalog;
    struct vec subjects;
    struct map breakers; /* by key */
    struct edge_set edges;
    struct totals_keeper totals;
    bool alarm, dirty;
    uint64_t seq;
    struct monitor_stats stats;
    monitor_on_transition *on_transition; /* NULL: nobody listens */
    void *listener;
};

static void free_breakers(struct breaker_entry *entry)
{
    while (entry) {
        struct breaker_entry *next = entry->next;

        breaker_watch_release(&entry->watch);
        mem_free(entry);
        entry = next;
    }
}

static void drop_state(void *ptr)
{
    struct service_state *state = ptr;

    service_watch_free(state->watch);
    free_breakers(state->breakers);
    mem_free(state);
}

struct monitor *monitor_new(struct config *cfg)
{
    struct monitor *m = mem_alloc_zero(1, sizeof *m);
    size_t max_services = (size_t)config_int(cfg, OPT_CATALOG_MAX_SERVICES);
    size_t max_breakers = (size_t)config_int(cfg, OPT_CATALOG_MAX_BREAKERS);
    size_t max_edges = (size_t)config_int(cfg, OPT_CATALOG_MAX_EDGES);

    if (!m)
        return NULL;
    m->config = config_ref(cfg);
    catalog_init(&m->catalog, max_services);
    m->subjects = vec_of(sizeof(struct subject), max_services + max_breakers + max_edges);
    m->breakers = map_limited(max_breakers);
    m->edges = edges_of(max_edges);
    if (monitor_apply(m, cfg) == ERR_NOMEM) {
        monitor_free(m);
        return NULL;
    }
    return m;
}

void monitor_free(struct monitor *m)
{
    if (!m)
        return;
    catalog_release(&m->catalog, drop_state);
    vec_release(&m->subjects);
    map_release(&m->breakers);
    edges_release(&m->edges);
    config_unref(m->config);
    mem_free(m);
}

static void set_budget(struct service_watch *watch, const struct config *cfg,
                       const struct config_service *service)
{
    watch->limits = budget_limits_of(cfg, service);
    budget_models_set(&watch->models, service ? &service->budgets : NULL);
}

/* False: no memory. */
static bool give_watch(struct monitor *m, struct service_state *state,
                       const struct config_service *service)
{
    if (state->watch)
        return true;
    state->watch = service_watch_new((int)(config_int(m->config, OPT_BUDGET_WINDOW) / 1000));
    if (!state->watch)
        return false;
    set_budget(state->watch, m->config, service);
    m->alarm = true;
    return true;
}

/* The state of a known service, made when it has none. NULL: no memory. */
static struct service_state *state_of(struct monitor *m, struct catalog_service *known)
{
    struct service_state *state = known->state;

    if (state)
        return give_watch(m, state, known->config) ? state : NULL;
    state = mem_alloc_zero(1, sizeof *state);
    if (!state || !give_watch(m, state, known->config)) {
        mem_free(state);
        return NULL;
    }
    state->heard_ms = -1;
    known->state = state;
    return state;
}

/* Who is discovered and has been silent for too long gives its windows back. It keeps its subjects,
 * so that the next signal brings it back. */
static bool retire(struct monitor *m, const struct catalog_service *known, int64_t now_ms)
{
    int64_t ttl_ms = config_int(m->config, OPT_CATALOG_DISCOVERED_TTL);
    struct service_state *state = known->state;

    if (!state || known->config || !ttl_ms)
        return false;
    if (state->heard_ms < 0)
        state->heard_ms = now_ms;
    if (now_ms - state->heard_ms <= ttl_ms)
        return false;
    service_watch_free(state->watch);
    state->watch = NULL;
    return true;
}

enum err monitor_apply(struct monitor *m, struct config *cfg)
{
    struct config *before = m->config;
    enum err err;

    m->config = config_ref(cfg);
    config_unref(before);
    err = catalog_apply(&m->catalog, cfg, drop_state);
    for (size_t i = 0; i < catalog_count(&m->catalog); i++) {
        struct catalog_service *known = catalog_at(&m->catalog, i);
        struct service_state *state = state_of(m, known);

        if (state)
            set_budget(state->watch, cfg, known->config);
        else
            err = ERR_NOMEM; /* the next view tries again */
    }
    m->dirty = true;
    return err;
}

enum err monitor_define(struct monitor *m, struct definition *d)
{
    enum err err = catalog_define(&m->catalog, d);
    struct catalog_service *known = err ? NULL : catalog_find(&m->catalog, d->service->name);
    struct service_state *state = known ? state_of(m, known) : NULL;

    if (err)
        return err;
    if (state)
        set_budget(state->watch, m->config, known->config);
    m->dirty = m->alarm = true;
    return state ? ERR_OK : ERR_NOMEM; /* the next view tries again */
}

void monitor_undefine(struct monitor *m, struct str name)
{
    struct catalog_service *known;

    catalog_undefine(&m->catalog, name, drop_state);
    known = catalog_find(&m->catalog, name);
    if (known && known->state && ((struct service_state *)known->state)->watch)
        set_budget(((struct service_state *)known->state)->watch, m->config, known->config);
    m->dirty = m->alarm = true;
}

static uint32_t new_subject(struct monitor *m, struct service_state *state,
                            struct breaker_entry *breaker)
{
    struct subject *subject = vec_push(&m->subjects);

    if (!subject)
        return 0;
    *subject = (struct subject){ .service = state, .breaker = breaker };
    return (uint32_t)m->subjects.count;
}

static struct str keep(char **at, struct str s)
{
    struct str kept = { *at, s.len };

    if (s.len)
        memcpy(*at, s.ptr, s.len);
    (*at)[s.len] = '\0';
    *at += s.len + 1;
    return kept;
}

/* The parts with a NUL between; none of them holds one. */
static struct str breaker_key(const struct signal_subject *s, char key[BREAKER_KEY_MAX_BYTES])
{
    char *at = key;

    keep(&at, s->service);
    keep(&at, s->breaker);
    keep(&at, s->endpoint);
    keep(&at, s->caller);
    return (struct str){ key, (size_t)(at - key) };
}

static struct breaker_entry *new_breaker(const struct signal_subject *s, struct str key)
{
    struct breaker_entry *entry = mem_alloc(sizeof *entry + key.len + s->breaker.len +
                                            s->endpoint.len + s->caller.len + 4);
    char *at;

    if (!entry)
        return NULL;
    *entry = (struct breaker_entry){ .source = s->source };
    at = (char *)(entry + 1);
    entry->key = keep(&at, key);
    entry->name = keep(&at, s->breaker);
    entry->endpoint = keep(&at, s->endpoint);
    entry->caller = keep(&at, s->caller);
    if (breaker_watch_init(&entry->watch)) {
        mem_free(entry);
        return NULL;
    }
    return entry;
}

static uint32_t breaker_subject(struct monitor *m, struct service_state *state,
                                const struct signal_subject *s)
{
    char text[BREAKER_KEY_MAX_BYTES];
    struct str key = breaker_key(s, text);
    struct breaker_entry *entry = map_find(&m->breakers, key);

    if (entry)
        return entry->subject;
    entry = new_breaker(s, key);
    if (!entry)
        return 0;
    entry->subject = new_subject(m, state, entry);
    if (!entry->subject || map_put(&m->breakers, entry->key, entry)) {
        if (entry->subject)
            m->subjects.count--;
        free_breakers(entry);
        return 0;
    }
    entry->next = state->breakers;
    state->breakers = entry;
    m->stats.breaker_count++;
    m->alarm = true;
    return entry->subject;
}

/* The subject of the service as one caller sees it; without a caller, or beyond the limit of
 * edges, that of the service. */
static uint32_t service_subject(struct monitor *m, struct service_state *state,
                                const struct signal_subject *s)
{
    struct edge *edge = edges_hear(&m->edges, s->caller, s->service);
    uint32_t *id = edge ? &edge->subject : &state->subject;
    struct subject *subject;

    if (!*id)
        *id = new_subject(m, state, NULL);
    if (*id && edge) {
        subject = vec_at(&m->subjects, *id - 1);
        subject->service = state;
        subject->edge = edge;
    }
    return *id;
}

static bool is_too_long(const struct signal_subject *s)
{
    return s->service.len + s->breaker.len + s->endpoint.len + s->caller.len + 4 >
           BREAKER_KEY_MAX_BYTES;
}

static uint32_t find_subject(void *ctx, const struct signal_subject *s)
{
    struct monitor *m = ctx;
    struct catalog_service *known;
    struct service_state *state;
    uint32_t id;

    if (!s->service.len || is_too_long(s))
        return 0;
    known = catalog_hear(&m->catalog, s->service, s->source);
    state = known ? state_of(m, known) : NULL;
    if (!state) {
        m->stats.services_refused_count++;
        return 0;
    }
    if (s->breaker.len) {
        struct edge *edge = edges_hear(&m->edges, s->caller, s->service);

        if (edge)
            edge->guarded = true;
        id = breaker_subject(m, state, s);
        m->stats.breakers_refused_count += !id;
        return id;
    }
    return service_subject(m, state, s);
}

/* What no counter and no state can be: nothing is booked for it. */
static bool is_sane(const struct signal *signal)
{
    if (signal->kind == SIGNAL_BREAKER_STATE)
        return signal->amount >= 0 && signal->amount < BREAKER_STATE_COUNT;
    return signal->amount >= 0 && signal->amount <= SIGNAL_AMOUNT_MAX;
}

static bool add_breaker_signal(struct breaker_watch *b, const struct signal *signal)
{
    switch (signal->kind) {
    case SIGNAL_BREAKER_STATE:
        return breaker_watch_state(b, (enum breaker_state)signal->amount, signal->at_ms);
    case SIGNAL_GONE:
        return breaker_watch_state(b, BREAKER_UNKNOWN, signal->at_ms);
    case SIGNAL_BREAKER_CALLS:
        breaker_watch_calls(b, signal->amount, signal->at_ms);
        return false;
    case SIGNAL_BREAKER_ERRORS:
        breaker_watch_errors(b, signal->amount, signal->at_ms);
        return false;
    case SIGNAL_BREAKER_BLOCKED:
        breaker_watch_blocked(b, signal->amount);
        return false;
    case SIGNAL_BREAKER_CONSECUTIVE:
        breaker_watch_consecutive(b, signal->amount);
        return false;
    case SIGNAL_BREAKER_FAILURE_RATE:
        breaker_watch_failure_ratio(b, signal->amount);
        return false;
    default:
        return false;
    }
}

static double told_count(uint32_t kept)
{
    return kept == BREAKER_NOT_TOLD ? (double)NAN : (double)kept;
}

/* The newest transition, to who listens. The key begins with the service's name. */
static void tell_transition(const struct monitor *m, const struct breaker_entry *entry)
{
    const struct breaker_watch *b = &entry->watch;
    const struct breaker_transition *t = &b->history[(b->history_count - 1) % BREAKER_HISTORY];

    if (m->on_transition)
        m->on_transition(m->listener,
                         &(struct monitor_transition){ .service = str_of(entry->key.ptr),
                                                       .name = entry->name,
                                                       .endpoint = entry->endpoint,
                                                       .caller = entry->caller,
                                                       .from = (enum breaker_state)t->from,
                                                       .to = (enum breaker_state)t->to,
                                                       .at_ms = t->at_ms,
                                                       .calls = told_count(t->calls),
                                                       .errors = told_count(t->errors) });
}

void monitor_set_listener(struct monitor *m, monitor_on_transition *on_transition, void *ctx)
{
    m->on_transition = on_transition;
    m->listener = ctx;
}

static void on_breaker_signal(struct monitor *m, struct breaker_entry *entry,
                              const struct signal *signal)
{
    uint64_t before = entry->watch.history_count;

    if (add_breaker_signal(&entry->watch, signal))
        m->alarm = true;
    if (entry->watch.history_count != before)
        tell_transition(m, entry);
}

static void on_signal(void *ctx, const struct signal *signal)
{
    struct monitor *m = ctx;
    struct subject *subject;

    if (!signal->subject || signal->subject > m->subjects.count || !is_sane(signal))
        return;
    subject = vec_at(&m->subjects, signal->subject - 1);
    m->stats.signals_count++;
    m->dirty = true;
    if (signal->at_ms > subject->service->heard_ms)
        subject->service->heard_ms = signal->at_ms;
    if (!give_watch(m, subject->service, NULL)) /* only what nobody defines is ever without */
        return;
    if (subject->edge)
        edge_add(subject->edge, signal);
    if (!subject->breaker)
        service_watch_add(subject->service->watch, signal);
    else
        on_breaker_signal(m, subject->breaker, signal);
}

struct signal_sink monitor_sink(struct monitor *m)
{
    return (struct signal_sink){ find_subject, on_signal, m };
}

bool monitor_take_alarm(struct monitor *m)
{
    bool alarm = m->alarm;

    m->alarm = false;
    return alarm;
}

bool monitor_take_dirty(struct monitor *m)
{
    bool dirty = m->dirty;

    m->dirty = false;
    return dirty;
}

static bool view_breaker(struct breaker_entry *entry, struct monitor_view *view, struct str service)
{
    struct breaker_view *b = &view->breakers[view->breaker_count];

    *b = (struct breaker_view){ .service = service, .source = entry->source };
    if (!arena_copy_str(&view->arena, entry->name, &b->name) ||
        !arena_copy_str(&view->arena, entry->endpoint, &b->endpoint) ||
        !arena_copy_str(&view->arena, entry->caller, &b->caller))
        return false;
    breaker_watch_advance(&entry->watch, view->now_ms);
    breaker_watch_view(&entry->watch, view->now_ms, b);
    breaker_conditions_judge(&entry->watch, view->now_ms, &view->arena, b);
    view->breaker_count++;
    return true;
}

static int compare_breakers(const void *a, const void *b)
{
    const struct breaker_view *x = a, *y = b;
    int order = str_compare(x->name, y->name);

    order = order ? order : str_compare(x->endpoint, y->endpoint);
    return order ? order : str_compare(x->caller, y->caller);
}

static bool view_breakers(const struct service_state *state, struct monitor_view *view,
                          struct service_view *s)
{
    s->first_breaker = (uint32_t)view->breaker_count;
    for (struct breaker_entry *e = state->breakers; e; e = e->next)
        if (!view_breaker(e, view, s->name))
            return false;
    s->breaker_count = (uint32_t)view->breaker_count - s->first_breaker;
    if (s->breaker_count)
        qsort(&view->breakers[s->first_breaker], s->breaker_count, sizeof *view->breakers,
              compare_breakers);
    breaker_count_instances(&view->breakers[s->first_breaker], s->breaker_count);
    for (uint32_t i = 0; i < s->breaker_count; i++) {
        breaker_count(&s->breakers, view->breakers[s->first_breaker + i].state);
        breaker_conditions_count(&view->breakers[s->first_breaker + i], s);
    }
    return true;
}

static void note_health(struct monitor *m, struct service_watch *watch, struct service_view *s,
                        int64_t now_ms)
{
    if (watch->health != s->health || watch->health_since_ms < 0) {
        watch->health = s->health;
        watch->health_since_ms = now_ms;
        m->alarm = true;
    }
    s->since_ms = watch->health_since_ms;
}

static bool view_service(struct monitor *m, struct catalog_service *known,
                         struct monitor_view *view)
{
    struct service_state *state = known->state;
    struct service_view *s = &view->services[view->service_count];

    if (!arena_copy_str(&view->arena, known->name, &s->name))
        return false;
    s->revision = known->definition ? known->definition->revision : 0;
    if (known->config &&
        (!arena_copy_str(&view->arena, known->config->team, &s->team) ||
         !arena_copy_str(&view->arena, known->config->environment, &s->environment)))
        return false;
    if (!view_breakers(state, view, s))
        return false;
    service_watch_advance(state->watch, view->now_ms);
    service_watch_view(state->watch, known, view->now_ms, s);
    health_judge(known, &view->arena, s);
    note_health(m, state->watch, s, view->now_ms);
    view->service_count++;
    return true;
}

static enum err fill_view(struct monitor *m, struct monitor_view *view)
{
    size_t services = catalog_count(&m->catalog);

    view->services = arena_alloc_zero(&view->arena, services + 1, sizeof *view->services);
    view->breakers = arena_alloc_zero(&view->arena, m->stats.breaker_count + 1,
                                      sizeof *view->breakers);
    if (!view->services || !view->breakers)
        return arena_error(&view->arena);
    for (size_t i = 0; i < services; i++) {
        if (retire(m, catalog_at(&m->catalog, i), view->now_ms))
            continue;
        if (!state_of(m, catalog_at(&m->catalog, i)))
            return ERR_NOMEM;
        if (!view_service(m, catalog_at(&m->catalog, i), view))
            return arena_error(&view->arena);
    }
    order_services(view);
    totals_fill(&m->totals, view);
    sentence_for_overview(view);
    edges_declare(&m->edges, &m->catalog);
    return map_view_fill(view, &m->edges, config_double(m->config, OPT_RETRY_STORM_AMPLIFICATION));
}

enum err monitor_view(struct monitor *m, int64_t now_ms, struct monitor_view **ret)
{
    struct monitor_view *view = mem_alloc_zero(1, sizeof *view);
    enum err err;

    if (!view)
        return ERR_NOMEM;
    atomic_init(&view->references, 1);
    view->arena = arena_limited(VIEW_MAX_BYTES);
    view->now_ms = now_ms;
    view->seq = m->seq + 1;
    err = fill_view(m, view);
    if (err) {
        view_unref(view);
        return err;
    }
    m->seq++;
    *ret = view;
    return ERR_OK;
}

bool monitor_history(const struct monitor *m, struct str service, int64_t now_ms, int period_s,
                     struct service_history *ret)
{
    const struct catalog_service *known = catalog_find(&m->catalog, service);

    if (!known || !known->state || !((struct service_state *)known->state)->watch)
        return false;
    service_watch_history(((struct service_state *)known->state)->watch, now_ms, period_s, ret);
    return true;
}

struct monitor_stats monitor_stats(const struct monitor *m)
{
    return m->stats;
}
