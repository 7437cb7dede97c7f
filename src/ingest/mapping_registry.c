#include "ingest/mapping_subject.h"

#include "base/mem.h"
#include "base/size.h"

enum { KEY_MAX_BYTES = 8192 };

struct mapping_registry mapping_registry_empty(void)
{
    return (struct mapping_registry){
        .sources = map_limited(MAPPING_SUBJECTS_MAX),
        .groups = map_limited(MAPPING_SUBJECTS_MAX),
        .subjects = map_limited(MAPPING_SUBJECTS_MAX),
        .numbered = vec_of(sizeof(struct mapping_source *), MAPPING_SUBJECTS_MAX),
    };
}

void mapping_registry_release(struct mapping_registry *r)
{
    mapping_registry_sweep(r); /* nothing is marked as used */
    map_release(&r->sources);
    map_release(&r->groups);
    map_release(&r->subjects);
    vec_release(&r->numbered);
}

/* Finds the object under the key, or makes a cleared one of `size_bytes`. NULL: no memory, or a
 * limit. */
static void *find_or_add(struct map *map, struct str key, size_t size_bytes, bool *ret_is_new)
{
    struct registry_entry *entry = map_find(map, key);

    *ret_is_new = false;
    if (entry)
        return entry;
    entry = mem_alloc_zero(1, add_size(size_bytes, key.len));
    if (!entry)
        return NULL;
    memcpy((char *)entry + size_bytes, key.ptr, key.len);
    entry->key = (struct str){ (char *)entry + size_bytes, key.len };
    if (map_put(map, entry->key, entry)) {
        mem_free(entry);
        return NULL;
    }
    *ret_is_new = true;
    return entry;
}

static void drop(struct map *map, struct registry_entry *entry)
{
    map_remove(map, entry->key);
    mem_free(entry);
}

/* Label values hold no NUL, so it separates. */
static void append_part(struct buf *key, struct str text)
{
    buf_append_str(key, text);
    buf_append_byte(key, '\0');
}

/* The lowest place that is free, from 1. 0: no memory. */
static uint32_t give_number(struct mapping_registry *r, struct mapping_source *source)
{
    struct mapping_source **place;
    size_t i = r->first_free;

    while (i < r->numbered.count && *(struct mapping_source **)vec_at(&r->numbered, i))
        i++;
    place = i < r->numbered.count ? vec_at(&r->numbered, i) : vec_push(&r->numbered);
    if (!place)
        return 0;
    *place = source;
    r->first_free = i + 1;
    return (uint32_t)i + 1;
}

struct mapping_source *mapping_registry_numbered(const struct mapping_registry *r, uint32_t number)
{
    return number ? *(struct mapping_source **)vec_at(&r->numbered, number - 1) : NULL;
}

struct mapping_source *mapping_registry_source(struct mapping_registry *r, struct labels labels)
{
    struct buf key = buf_limited(KEY_MAX_BYTES);
    struct mapping_source *source = NULL;
    bool is_new = false;

    append_part(&key, labels_value(labels, STR("job")));
    append_part(&key, labels_value(labels, STR("instance")));
    if (!buf_error(&key))
        source = find_or_add(&r->sources, buf_str(&key), sizeof *source, &is_new);
    buf_release(&key);
    if (!is_new)
        return source;
    source->number = give_number(r, source);
    if (!source->number) {
        drop(&r->sources, &source->entry);
        return NULL;
    }
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

static struct str part_of_key(const char **at, size_t len)
{
    struct str part = { *at, len };

    *at += len + 1;
    return part;
}

/* A group that was just made: its texts are the parts of its key. */
static void name_group(struct mapping_group *group, const struct sight *sight)
{
    const char *at = group->entry.key.ptr;

    group->source = sight->row->source;
    group->service = part_of_key(&at, sight->service.len);
    group->breaker = part_of_key(&at, sight->breaker.len);
    group->endpoint = part_of_key(&at, sight->endpoint.len);
    group->caller = part_of_key(&at, sight->caller.len);
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
        group = find_or_add(&r->groups, buf_str(&key), sizeof *group, &is_new);
    if (is_new)
        name_group(group, sight);
    buf_release(&key);
    return group;
}

static void join_group(struct mapping_subject *s)
{
    s->next = s->group->first;
    s->group->first = s;
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
    s = find_or_add(&r->subjects, (struct str){ (const char *)&key, sizeof key }, sizeof *s,
                    &is_new);
    if (!is_new)
        return s;
    s->group = group;
    s->source = source;
    s->service = s;
    s->restart_batch = source->restart_batch;
    join_group(s);
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
    if (s->service != of_service)
        guard(of_service, s);
    return s;
}

/* --- series --- */

static struct bucket_ladder *ladder_of(struct mapping_subject *subject, struct str metric)
{
    struct mapping_ladder *l = subject->ladders;

    while (l && !str_equals(l->metric, metric))
        l = l->next;
    if (l)
        return &l->ladder;
    l = mem_alloc_zero(1, add_size(sizeof *l, metric.len));
    if (!l)
        return NULL;
    l->metric = (struct str){ memcpy(l + 1, metric.ptr, metric.len), metric.len };
    l->next = subject->ladders;
    subject->ladders = l;
    return &l->ladder;
}

/* False: a bucket that has no bound, or found no place. */
static bool bind_bucket(struct labels labels, struct binding *b)
{
    struct bucket_ladder *ladder;
    double bound_s;

    if (b->row->use != USE_SIGNAL || b->row->signal != SIGNAL_TIMED_BUCKET)
        return true;
    if (!bucket_bound(labels_value(labels, STR("le")), mapping_row_factor(b->row), &bound_s))
        return false;
    ladder = ladder_of(b->subject, labels_value(labels, LABEL_METRIC_NAME));
    b->rung = ladder ? bucket_ladder_rung(ladder, bound_s) : NULL;
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
        if (!bind_bucket(labels, &found))
            continue;
        if (row->is_own)
            taken |= bit;
        if (found.subject && row->use == USE_SIGNAL && !row->stands_in)
            found.subject->told_signals |= bit;
        out[count++] = found;
    }
    return count;
}

/* --- what is not used any longer --- */

/* Those of the map that are not marked; the marks of the others are taken off. */
static struct registry_entry *take_unused(struct map *map)
{
    struct registry_entry *unused = NULL;
    const struct map_entry *place;
    size_t cursor = 0;

    while ((place = map_next(map, &cursor))) {
        struct registry_entry *entry = place->value;

        if (!entry->is_used) {
            entry->next_unused = unused;
            unused = entry;
        }
        entry->is_used = false;
    }
    return unused;
}

static void drop_all(struct map *map, struct registry_entry *unused)
{
    while (unused) {
        struct registry_entry *next = unused->next_unused;

        drop(map, unused);
        unused = next;
    }
}

static void release_ladders(struct mapping_subject *s)
{
    while (s->ladders) {
        struct mapping_ladder *l = s->ladders;

        s->ladders = l->next;
        bucket_ladder_release(&l->ladder);
        mem_free(l);
    }
}

static void leave_lists(struct mapping_registry *r)
{
    const struct map_entry *place;

    for (size_t cursor = 0; (place = map_next(&r->subjects, &cursor));) {
        struct mapping_subject *s = place->value;

        s->group->first = NULL;
        s->breaker_count = 0;
        s->breaker = NULL;
    }
}

static void join_lists(struct mapping_registry *r)
{
    const struct map_entry *place;

    for (size_t cursor = 0; (place = map_next(&r->subjects, &cursor));) {
        struct mapping_subject *s = place->value;

        join_group(s);
        if (s->service != s)
            guard(s->service, s);
    }
}

void mapping_registry_sweep(struct mapping_registry *r)
{
    struct registry_entry *subjects = take_unused(&r->subjects);
    struct registry_entry *sources = take_unused(&r->sources);

    leave_lists(r);
    for (struct registry_entry *e = subjects; e; e = e->next_unused)
        release_ladders((struct mapping_subject *)e);
    for (struct registry_entry *e = sources; e; e = e->next_unused) {
        uint32_t number = ((struct mapping_source *)e)->number;

        *(struct mapping_source **)vec_at(&r->numbered, number - 1) = NULL;
        r->first_free = number - 1 < r->first_free ? number - 1 : r->first_free;
    }
    drop_all(&r->subjects, subjects);
    drop_all(&r->groups, take_unused(&r->groups));
    drop_all(&r->sources, sources);
    join_lists(r);
}
