#include "ingest/mapping_subject.h"

#include <math.h>

enum { KEY_MAX_BYTES = 8192 };

struct mapping_registry mapping_registry_empty(void)
{
    return (struct mapping_registry){ .arena = arena_limited(MAPPING_ARENA_MAX_BYTES),
                                      .sources = map_limited(MAPPING_SUBJECTS_MAX),
                                      .groups = map_limited(MAPPING_SUBJECTS_MAX),
                                      .subjects = map_limited(MAPPING_SUBJECTS_MAX) };
}

void mapping_registry_release(struct mapping_registry *r)
{
    map_release(&r->sources);
    map_release(&r->groups);
    map_release(&r->subjects);
    arena_release(&r->arena);
}

/* Finds the object under the key, or makes a cleared one of `size_bytes`. NULL: no memory, or a
 * limit. */
static void *find_or_add(struct mapping_registry *r, struct map *map, struct str key,
                         size_t size_bytes, bool *ret_is_new)
{
    void *object = map_find(map, key);
    struct str kept;

    *ret_is_new = false;
    if (object)
        return object;
    object = arena_alloc_zero(&r->arena, 1, size_bytes);
    if (!object || !arena_copy_str(&r->arena, key, &kept) || map_put(map, kept, object) != ERR_OK)
        return NULL;
    *ret_is_new = true;
    return object;
}

/* Label values hold no NUL, so it separates. */
static void append_part(struct buf *key, struct str text)
{
    buf_append_str(key, text);
    buf_append_byte(key, '\0');
}

struct mapping_source *mapping_registry_source(struct mapping_registry *r, struct labels labels)
{
    struct buf key = buf_limited(KEY_MAX_BYTES);
    struct mapping_source *source = NULL;
    bool is_new;

    append_part(&key, labels_value(labels, STR("job")));
    append_part(&key, labels_value(labels, STR("instance")));
    if (!buf_error(&key))
        source = find_or_add(r, &r->sources, buf_str(&key), sizeof *source, &is_new);
    buf_release(&key);
    return source;
}

/* --- groups and subjects --- */

/* What a row sees in a series. */
struct sight {
    const struct mapping_row *row;
    struct str service, breaker, endpoint, caller;
};

static struct str named(const char *name, const char *label, struct labels labels)
{
    if (name)
        return str_of(name);
    return label ? labels_value(labels, str_of(label)) : STR("");
}

/* A group that was just made. False: no memory for its texts. */
static bool name_group(struct mapping_registry *r, struct mapping_group *group,
                       const struct sight *sight)
{
    group->source = sight->row->source;
    return arena_copy_str(&r->arena, sight->service, &group->service) &&
           arena_copy_str(&r->arena, sight->breaker, &group->breaker) &&
           arena_copy_str(&r->arena, sight->endpoint, &group->endpoint) &&
           arena_copy_str(&r->arena, sight->caller, &group->caller);
}

static struct mapping_group *find_group(struct mapping_registry *r, const struct sight *sight)
{
    struct buf key = buf_limited(KEY_MAX_BYTES);
    struct mapping_group *group = NULL;
    bool is_new = false;

    append_part(&key, sight->service);
    append_part(&key, sight->breaker);
    append_part(&key, sight->endpoint);
    append_part(&key, sight->caller);
    if (!buf_error(&key))
        group = find_or_add(r, &r->groups, buf_str(&key), sizeof *group, &is_new);
    if (is_new && !name_group(r, group, sight)) {
        map_remove(&r->groups, buf_str(&key));
        group = NULL;
    }
    buf_release(&key);
    return group;
}

static void link_subject(struct mapping_subject *s, struct mapping_group *group,
                         struct mapping_source *source)
{
    s->group = group;
    s->source = source;
    s->service = s;
    s->restart_batch = source->restart_batch;
    s->next = group->first;
    group->first = s;
}

static struct mapping_subject *find_subject(struct mapping_registry *r, const struct sight *sight,
                                            struct mapping_source *source)
{
    struct mapping_group *group = find_group(r, sight);
    struct {
        const void *group, *source;
    } key = { group, source };
    struct mapping_subject *s;
    bool is_new = false;

    if (!group)
        return NULL;
    s = find_or_add(r, &r->subjects, (struct str){ (const char *)&key, sizeof key }, sizeof *s,
                    &is_new);
    if (is_new)
        link_subject(s, group, source);
    return s;
}

/* False: the labels do not name it. */
static bool look(const struct mapping_row *row, struct labels labels, struct sight *ret)
{
    *ret = (struct sight){
        .row = row,
        .service = named(row->service, row->service_label, labels),
        .breaker = named(row->breaker, row->breaker_label, labels),
        .endpoint = named(NULL, row->endpoint_label, labels),
        .caller = named(row->caller, row->caller_label, labels),
    };
    if (!ret->breaker.len && row->breaker_or_service)
        ret->breaker = ret->service;
    return ret->service.len && (ret->breaker.len || !(row->breaker || row->breaker_label));
}

static void guard(struct mapping_subject *service, struct mapping_subject *breaker)
{
    if (breaker->service == service)
        return;
    breaker->service = service;
    if (!service->breaker_count++)
        service->breaker = breaker;
}

struct mapping_subject *mapping_registry_subject(struct mapping_registry *r,
                                                 const struct mapping_row *row,
                                                 struct mapping_source *source,
                                                 struct labels labels)
{
    struct mapping_subject *of_service, *s;
    struct sight sight, service;

    if (!look(row, labels, &sight))
        return NULL;
    service = sight;
    service.breaker = service.endpoint = STR("");
    of_service = find_subject(r, &service, source);
    if (!of_service)
        return NULL;
    if (!sight.breaker.len) {
        of_service->counts_alone |= !row->needs_breaker;
        return of_service;
    }
    s = find_subject(r, &sight, source);
    if (!s)
        return NULL;
    guard(of_service, s);
    return s;
}

/* --- series --- */

static struct bucket_ladder *ladder_of(struct mapping_registry *r, struct mapping_subject *subject,
                                       struct str metric)
{
    struct mapping_ladder *l = subject->ladders;

    while (l && !str_equals(l->metric, metric))
        l = l->next;
    if (l)
        return &l->ladder;
    l = arena_alloc_zero(&r->arena, 1, sizeof *l);
    if (!l || !arena_copy_str(&r->arena, metric, &l->metric))
        return NULL;
    l->next = subject->ladders;
    subject->ladders = l;
    return &l->ladder;
}

/* False: a bucket that has no bound, or found no place. */
static bool bind_bucket(struct mapping_registry *r, struct labels labels, struct binding *b)
{
    struct bucket_ladder *ladder;
    double bound_s;

    if (b->row->use != USE_SIGNAL || b->row->signal != SIGNAL_TIMED_BUCKET)
        return true;
    if (!bucket_bound(labels_value(labels, STR("le")), mapping_row_factor(b->row), &bound_s))
        return false;
    ladder = ladder_of(r, b->subject, labels_value(labels, LABEL_METRIC_NAME));
    b->rung = ladder ? bucket_ladder_rung(ladder, &r->arena, bound_s) : NULL;
    return b->rung;
}

size_t mapping_registry_bind(struct mapping_registry *r, const struct mapping_table *table,
                             struct labels labels, struct mapping_source *source,
                             struct binding out[BINDINGS_PER_SERIES_MAX])
{
    const struct mapping_entry *entry = mapping_table_first(
        table, labels_value(labels, LABEL_METRIC_NAME));
    unsigned taken = 0; /* signals for which a row of the configuration was found */
    size_t count = 0;

    for (; entry && count < BINDINGS_PER_SERIES_MAX; entry = entry->next) {
        const struct mapping_row *row = &entry->row;
        unsigned bit = row->use == USE_EPOCH ? 0 : 1U << mapping_row_signal(row);
        struct binding found = { .row = row };

        if ((!row->is_own && taken & bit) || !mapping_row_accepts(row, labels))
            continue;
        if (bit && !(found.subject = mapping_registry_subject(r, row, source, labels)))
            continue;
        if (!bind_bucket(r, labels, &found))
            continue;
        if (row->is_own)
            taken |= bit;
        if (found.subject && row->use == USE_SIGNAL && !row->stands_in)
            found.subject->told_signals |= bit;
        out[count++] = found;
    }
    return count;
}

void mapping_binding_set_live(const struct binding *b, bool live)
{
    enum state_kind kind;

    if (live)
        b->subject->live_count++;
    else
        b->subject->live_count--;
    if (mapping_row_is_about_state(b->row, &kind))
        state_evidence_on_live(&b->subject->state, kind, live);
}

static void on_fall(const struct binding *b)
{
    if (b->row->use == USE_ENTERED)
        state_evidence_on_restart(&b->subject->state);
    else
        retry_difference_on_restart(&b->subject->difference);
}

void mapping_binding_on_fall(const struct binding *b, uint64_t batch, int64_t at_ms)
{
    bool concerns = b->row->use == USE_ENTERED || mapping_row_is_difference(b->row);

    if (!concerns || b->subject->fall_batch == batch)
        return;
    on_fall(b);
    b->subject->fall_batch = batch;
    b->subject->fall_ms = at_ms;
}

/* --- retries --- */

static void add_to_difference(struct mapping_subject *s, enum mapping_part part, double grown)
{
    struct retry_difference *d = &s->difference;

    if (part == PART_DIFFERENCE_ATTEMPTS) {
        d->attempts += grown;
        d->attempts_told = true;
    } else {
        d->calls += grown;
        d->calls_told = true;
    }
}

static void add_to_estimate(struct retry_estimate *e, enum mapping_part part, double grown,
                            double value)
{
    switch (part) {
    case PART_ATTEMPTS:
        e->attempts += grown;
        break;
    case PART_CALLS:
        e->calls += grown;
        break;
    case PART_RETRY_WARNINGS:
        e->retry_warnings += grown;
        break;
    case PART_REDISPATCHES:
        e->redispatches += grown;
        break;
    case PART_UNSERVED:
        e->unserved += grown;
        break;
    case PART_UNSERVED_MINUS:
        e->unserved -= grown;
        break;
    case PART_IN_FLIGHT:
        retry_estimate_set_in_flight(e, value);
        break;
    default:
        break;
    }
}

void mapping_subject_add_part(struct mapping_subject *s, const struct mapping_row *row,
                              double grown, double value)
{
    if (mapping_row_is_difference(row)) {
        add_to_difference(s, row->part, grown);
        return;
    }
    if (s->restart_batch != s->source->restart_batch) {
        s->restart_batch = s->source->restart_batch;
        retry_estimate_on_restart(&s->retries);
    }
    add_to_estimate(&s->retries, row->part, grown, value);
}

/* --- levels and states --- */

void mapping_subject_set_level(struct mapping_subject *s, enum signal_kind kind, double level,
                               uint64_t batch)
{
    s->levels[kind - SIGNAL_LEVEL_FIRST] = (struct mapping_level){ !isnan(level), level, batch };
}

double mapping_group_level(const struct mapping_group *group, enum signal_kind kind)
{
    int idx = (int)kind - SIGNAL_LEVEL_FIRST;
    double largest = NAN;

    for (const struct mapping_subject *s = group->first; s; s = s->next)
        if (s->levels[idx].told)
            largest = fmax(largest, s->levels[idx].value);
    return largest;
}

enum breaker_state mapping_group_state(const struct mapping_group *group)
{
    static const int badness[BREAKER_STATE_COUNT] = {
        [BREAKER_UNKNOWN] = 0,   [BREAKER_DISABLED] = 1, [BREAKER_CLOSED] = 2,
        [BREAKER_HALF_OPEN] = 3, [BREAKER_OPEN] = 4,
    };
    enum breaker_state worst = BREAKER_UNKNOWN;

    for (const struct mapping_subject *s = group->first; s; s = s->next) {
        enum breaker_state state = state_evidence_state(&s->state);

        if (badness[state] > badness[worst])
            worst = state;
    }
    return worst;
}

bool mapping_group_is_live(const struct mapping_group *group)
{
    for (const struct mapping_subject *s = group->first; s; s = s->next)
        if (s->live_count)
            return true;
    return false;
}
