#include <math.h>

#include "base/mem.h"
#include "monitor/monitor_state.h"

enum { BREAKER_KEY_MAX_BYTES = 4096 };
static const double SIGNAL_AMOUNT_MAX = 1e15; /* doubles are exact whole numbers below it */

static uint32_t new_subject(struct monitor *m, struct service_state *state,
                            struct breaker_entry *breaker)
{
    uint32_t id = m->free_subject;
    struct subject *subject = id ? vec_at(&m->subjects, id - 1) : vec_push(&m->subjects);

    if (!subject)
        return 0;
    m->free_subject = subject->next_free;
    *subject = (struct subject){ .service = state, .breaker = breaker };
    return id ? id : (uint32_t)m->subjects.count;
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
    *entry = (struct breaker_entry){ .source = s->source, .heard_ms = -1 };
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
    if (!map_put(&m->breakers, entry->key, entry))
        entry->subject = new_subject(m, state, entry);
    if (!entry->subject) {
        map_remove(&m->breakers, entry->key);
        breaker_entry_free(entry);
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
    state = known ? service_state_of(m, known) : NULL;
    if (!state) {
        m->stats.services_refused_count++;
        return 0;
    }
    if (s->breaker.len) {
        edges_guard(&m->edges, s->caller, s->service);
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
    if (signal->kind >= SIGNAL_BREAKER_CONSECUTIVE && isnan(signal->amount))
        return true;
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
    case SIGNAL_BREAKER_FORCED:
        breaker_watch_forced(b, signal->amount);
        return false;
    case SIGNAL_BREAKER_LAST_FAILURE:
        breaker_watch_last_failure(b, signal->amount, signal->at_ms);
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

    if (signal->at_ms > entry->heard_ms)
        entry->heard_ms = signal->at_ms;
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
    if (!subject->service)
        return;
    m->stats.signals_count++;
    if (signal->at_ms > subject->service->heard_ms)
        subject->service->heard_ms = signal->at_ms;
    if (subject->edge)
        edge_add(subject->edge, signal);
    if (!subject->breaker)
        service_watch_add(subject->service->watch, signal);
    else
        on_breaker_signal(m, subject->breaker, signal);
}

static void on_instance(void *ctx, const struct instance_told *told)
{
    struct monitor *m = ctx;
    struct catalog_service *known = catalog_hear(&m->catalog, told->service, told->source);
    struct service_state *state = known ? service_state_of(m, known) : NULL;

    if (!state) {
        m->stats.services_refused_count++;
        return;
    }
    m->stats.signals_count++;
    if (told->at_ms > state->heard_ms)
        state->heard_ms = told->at_ms;
    instances_hear(&state->instances, told);
}

struct signal_sink monitor_sink(struct monitor *m)
{
    return (struct signal_sink){ find_subject, on_signal, m, &m->epoch, on_instance };
}
