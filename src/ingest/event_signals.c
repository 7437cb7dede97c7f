#include "ingest/event_signals.h"

#include <stdlib.h>

#include "ingest/event_durations.h"

enum { KEY_MAX_BYTES = 4 * EVENT_NAME_MAX_BYTES + 8, KINDS = SIGNAL_LEVEL_FIRST };

/* A service or a breaker, with the second that is being added up. */
struct event_subject {
    struct signal_subject names;
    struct str key;
    uint32_t id; /* the sink's, while signals are sent */
    int64_t second;
    int64_t at_ms;
    unsigned told; /* a bit per kind */
    double amounts[KINDS];
    uint32_t *durations; /* by event_duration_place; NULL: none was told */
    struct event_subject *next;
};

struct event_signal {
    struct event_subject *subject;
    struct signal signal;
    uint32_t order; /* among states of one time */
};

void event_signals_init(struct event_signals *s, struct arena *arena)
{
    *s = (struct event_signals){ .arena = arena,
                                 .by_key = map_limited(EVENT_SIGNALS_MAX),
                                 .signals = vec_of(sizeof(struct event_signal), EVENT_SIGNALS_MAX),
                                 .states = vec_of(sizeof(struct event_signal), EVENT_SIGNALS_MAX),
                                 .instances = vec_of(sizeof(struct instance_told),
                                                     EVENT_SIGNALS_MAX) };
}

void event_signals_release(struct event_signals *s)
{
    map_release(&s->by_key);
    vec_release(&s->signals);
    vec_release(&s->states);
    vec_release(&s->instances);
}

static void fail(struct event_signals *s, enum err err)
{
    if (!s->failed)
        s->failed = err;
}

/* --- subjects --- */

static void put_key(char *key, size_t *len, struct str text)
{
    if (text.len)
        memcpy(key + *len, text.ptr, text.len);
    *len += text.len;
    key[(*len)++] = '\0';
}

static bool copy_names(struct event_signals *s, const struct signal_subject *names,
                       struct event_subject *subject)
{
    struct signal_subject *to = &subject->names;

    *to = (struct signal_subject){ .source = EVENT_SOURCE };
    return arena_copy_str(s->arena, names->service, &to->service) &&
           arena_copy_str(s->arena, names->breaker, &to->breaker) &&
           arena_copy_str(s->arena, names->endpoint, &to->endpoint) &&
           arena_copy_str(s->arena, names->caller, &to->caller);
}

static struct event_subject *add_subject(struct event_signals *s,
                                         const struct signal_subject *names, struct str key)
{
    struct event_subject *subject = arena_alloc_zero(s->arena, 1, sizeof *subject);
    enum err err;

    if (!subject || !copy_names(s, names, subject) ||
        !arena_copy_str(s->arena, key, &subject->key)) {
        fail(s, arena_error(s->arena));
        return NULL;
    }
    err = map_put(&s->by_key, subject->key, subject);
    if (err) {
        fail(s, err);
        return NULL;
    }
    subject->next = s->subjects;
    s->subjects = subject;
    return subject;
}

static struct event_subject *subject_of(struct event_signals *s, const struct signal_subject *names)
{
    char text[KEY_MAX_BYTES];
    struct event_subject *subject;
    struct str key = { text, 0 };

    put_key(text, &key.len, names->service);
    put_key(text, &key.len, names->breaker);
    put_key(text, &key.len, names->endpoint);
    put_key(text, &key.len, names->caller);
    if (s->latest && str_equals(s->latest->key, key))
        return s->latest;
    subject = map_find(&s->by_key, key);
    if (!subject)
        subject = add_subject(s, names, key);
    s->latest = subject;
    return subject;
}

static struct event_subject *service_of(struct event_signals *s, const struct event *e)
{
    return subject_of(s, &(struct signal_subject){ .service = event_text(e, EVENT_SERVICE),
                                                   .breaker = STR(""),
                                                   .endpoint = STR(""),
                                                   .caller = event_text(e, EVENT_CALLER) });
}

static struct event_subject *breaker_of(struct event_signals *s, const struct event *e)
{
    return subject_of(s, &(struct signal_subject){ .service = event_text(e, EVENT_SERVICE),
                                                   .breaker = event_breaker_name(e),
                                                   .endpoint = event_text(e, EVENT_ENDPOINT),
                                                   .caller = event_text(e, EVENT_CALLER) });
}

/* --- adding --- */

static void push(struct event_signals *s, struct vec *list, struct event_subject *subject,
                 struct signal signal)
{
    struct event_signal *place = vec_push(list);

    if (place)
        *place = (struct event_signal){ subject, signal, (uint32_t)list->count };
    else
        fail(s, vec_error(list));
}

static void flush_durations(struct event_signals *s, struct event_subject *subject)
{
    for (int place = 0; place < EVENT_DURATION_PLACES; place++) {
        struct signal signal = { .kind = SIGNAL_TIMED_BUCKET,
                                 .at_ms = subject->at_ms,
                                 .amount = subject->durations[place] };

        if (!subject->durations[place])
            continue;
        event_duration_bounds(place, &signal.from_s, &signal.bound_s);
        push(s, &s->signals, subject, signal);
        subject->durations[place] = 0;
    }
}

/* What was added up for the subject's second. */
static void flush(struct event_signals *s, struct event_subject *subject)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (!(subject->told >> kind & 1))
            continue;
        push(s, &s->signals, subject,
             (struct signal){ .kind = (enum signal_kind)kind,
                              .at_ms = subject->at_ms,
                              .amount = subject->amounts[kind] });
        subject->amounts[kind] = 0;
    }
    if (subject->durations)
        flush_durations(s, subject);
    subject->told = 0;
}

static void add(struct event_signals *s, struct event_subject *subject, enum signal_kind kind,
                const struct event *e, double amount)
{
    int64_t second = e->at_ms / 1000;

    if (!subject)
        return;
    if (subject->told && subject->second != second)
        flush(s, subject);
    if (!subject->told || e->at_ms > subject->at_ms)
        subject->at_ms = e->at_ms;
    subject->second = second;
    subject->told |= 1U << kind;
    subject->amounts[kind] += amount;
}

static void add_state(struct event_signals *s, const struct event *e, enum breaker_state state)
{
    struct event_subject *subject = state == BREAKER_UNKNOWN ? NULL : breaker_of(s, e);

    if (subject)
        push(s, &s->states, subject,
             (struct signal){
                 .kind = SIGNAL_BREAKER_STATE, .at_ms = e->at_ms, .amount = (double)state });
}

static void add_breaker_call(struct event_signals *s, const struct event *e)
{
    struct event_subject *breaker = breaker_of(s, e);

    if (e->outcome == EVENT_BLOCKED) {
        add(s, breaker, SIGNAL_BREAKER_BLOCKED, e, 1);
        return;
    }
    add(s, breaker, SIGNAL_BREAKER_CALLS, e, 1);
    if (e->outcome != EVENT_OUTCOME_UNKNOWN)
        add(s, breaker, SIGNAL_BREAKER_ERRORS, e, e->outcome == EVENT_FAILURE);
}

static void add_duration(struct event_signals *s, struct event_subject *service,
                         const struct event *e)
{
    double seconds = e->values[EVENT_DURATION_MS].number / 1000;

    add(s, service, SIGNAL_TIMED_CALLS, e, 1);
    add(s, service, SIGNAL_TIMED_SECONDS, e, seconds);
    if (!service)
        return;
    if (!service->durations)
        service->durations = arena_alloc_zero(s->arena, EVENT_DURATION_PLACES,
                                              sizeof *service->durations);
    if (service->durations)
        service->durations[event_duration_place(seconds)]++;
    else
        fail(s, arena_error(s->arena));
}

static void add_first_attempt(struct event_signals *s, struct event_subject *service,
                              const struct event *e)
{
    enum event_outcome outcome = event_first_outcome(e);

    if (outcome == EVENT_OUTCOME_UNKNOWN)
        return;
    add(s, service, SIGNAL_FIRST_CALLS, e, 1);
    add(s, service, SIGNAL_FIRST_ERRORS, e, outcome != EVENT_SUCCESS);
}

/* A call whose result is not told counts as a call alone. */
static void add_call(struct event_signals *s, const struct event *e)
{
    struct event_subject *service = service_of(s, e);

    add(s, service, SIGNAL_CALLS, e, 1);
    if (e->outcome != EVENT_OUTCOME_UNKNOWN)
        add(s, service, SIGNAL_ERRORS, e, e->outcome != EVENT_SUCCESS);
    if (event_has(e, EVENT_RETRY_COUNT))
        add(s, service, SIGNAL_RETRIES, e, e->values[EVENT_RETRY_COUNT].number);
    if (event_has(e, EVENT_RETRIES_DENIED))
        add(s, service, SIGNAL_RETRIES_DENIED, e, e->values[EVENT_RETRIES_DENIED].number);
    if (event_has(e, EVENT_DURATION_MS))
        add_duration(s, service, e);
    add_first_attempt(s, service, e);
    if (event_has(e, EVENT_BREAKER_NAME))
        add_breaker_call(s, e);
    add_state(s, e, e->new_state);
}

static enum instance_word word_of(const struct event *e)
{
    static const enum instance_word words[] = { [EVENT_HEALTHY] = INSTANCE_HEALTHY,
                                                [EVENT_DEGRADED] = INSTANCE_DEGRADED,
                                                [EVENT_UNHEALTHY] = INSTANCE_UNHEALTHY };

    if (e->kind == EVENT_INSTANCE_FAILED)
        return INSTANCE_FAILED;
    return event_has(e, EVENT_STATUS) ? words[e->health] : INSTANCE_LIVES;
}

/* A failed instance that does not say why names the kind of its error. */
static void add_instance(struct event_signals *s, const struct event *e)
{
    struct instance_told *told = vec_push(&s->instances);
    struct str text = event_text(e, event_has(e, EVENT_MESSAGE) ? EVENT_MESSAGE : EVENT_ERROR_TYPE);

    if (!told) {
        fail(s, vec_error(&s->instances));
        return;
    }
    *told = (struct instance_told){ .source = EVENT_SOURCE, .word = word_of(e), .at_ms = e->at_ms };
    if (!arena_copy_str(s->arena, event_text(e, EVENT_SERVICE), &told->service) ||
        !arena_copy_str(s->arena, event_text(e, EVENT_INSTANCE), &told->instance) ||
        !arena_copy_str(s->arena, text, &told->text))
        fail(s, arena_error(s->arena));
}

void event_signals_add(struct event_signals *s, const struct event *e)
{
    switch (e->kind) {
    case EVENT_RETRY:
    case EVENT_CALL:
    case EVENT_OPERATION:
        add_call(s, e);
        break;
    case EVENT_BREAKER:
        add_state(s, e, e->old_state);
        add_state(s, e, e->new_state);
        break;
    case EVENT_ERROR:
        add(s, service_of(s, e), SIGNAL_ERRORS, e, 1);
        break;
    case EVENT_HEALTH:
    case EVENT_HEARTBEAT:
    case EVENT_INSTANCE_UP:
    case EVENT_INSTANCE_FAILED:
        add_instance(s, e);
        break;
    default:
        break;
    }
}

static int compare_states(const void *a, const void *b)
{
    const struct event_signal *x = a, *y = b;

    if (x->signal.at_ms != y->signal.at_ms)
        return x->signal.at_ms < y->signal.at_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

enum err event_signals_finish(struct event_signals *s)
{
    for (struct event_subject *subject = s->subjects; subject; subject = subject->next)
        flush(s, subject);
    if (s->states.count)
        qsort(s->states.items, s->states.count, s->states.item_bytes, compare_states);
    return s->failed;
}

static void send_list(struct vec *list, const struct signal_sink *sink)
{
    for (size_t i = 0; i < list->count; i++) {
        struct event_signal *item = vec_at(list, i);

        item->signal.subject = item->subject->id;
        if (item->subject->id)
            sink->on_signal(sink->ctx, &item->signal);
    }
}

void event_signals_send(struct event_signals *s, const struct signal_sink *sink)
{
    for (struct event_subject *subject = s->subjects; subject; subject = subject->next)
        subject->id = sink->subject(sink->ctx, &subject->names);
    send_list(&s->signals, sink);
    send_list(&s->states, sink);
    for (size_t i = 0; sink->on_instance && i < s->instances.count; i++)
        sink->on_instance(sink->ctx, vec_at(&s->instances, i));
}
