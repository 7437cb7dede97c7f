#include "ingest/mapping_subject.h"

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

/* A group that was just made. False: no memory for its texts. */
static bool name_group(struct mapping_registry *r, struct mapping_group *group,
                       const struct mapping_row *row, struct str service, struct str breaker)
{
    group->row = row;
    return arena_copy_str(&r->arena, service, &group->service) &&
           arena_copy_str(&r->arena, breaker, &group->breaker);
}

static struct mapping_group *find_group(struct mapping_registry *r, const struct mapping_row *row,
                                        struct str service, struct str breaker)
{
    struct buf key = buf_limited(KEY_MAX_BYTES);
    struct mapping_group *group = NULL;
    bool is_new = false;

    append_part(&key, str_of(row->source));
    append_part(&key, service);
    append_part(&key, breaker);
    if (!buf_error(&key))
        group = find_or_add(r, &r->groups, buf_str(&key), sizeof *group, &is_new);
    if (is_new && !name_group(r, group, row, service, breaker)) {
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

static struct mapping_subject *find_subject(struct mapping_registry *r,
                                            const struct mapping_row *row,
                                            struct mapping_source *source, struct str service,
                                            struct str breaker)
{
    struct mapping_group *group = find_group(r, row, service, breaker);
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

struct mapping_subject *mapping_registry_subject(struct mapping_registry *r,
                                                 const struct mapping_row *row,
                                                 struct mapping_source *source,
                                                 struct labels labels)
{
    struct str service = row->service ? str_of(row->service)
                                      : labels_value(labels, str_of(row->service_label));
    struct str breaker = row->breaker_label ? labels_value(labels, str_of(row->breaker_label))
                                            : STR("");
    struct mapping_subject *of_service, *s;

    if (!service.len || (row->breaker_label && !breaker.len))
        return NULL;
    of_service = find_subject(r, row, source, service, STR(""));
    if (!of_service)
        return NULL;
    if (!row->breaker_label) {
        of_service->needs_breaker = row->needs_breaker;
        return of_service;
    }
    s = find_subject(r, row, source, service, breaker);
    if (!s)
        return NULL;
    s->service = of_service;
    of_service->has_breaker = true;
    return s;
}

/* --- states --- */

static enum breaker_state state_of(unsigned bits)
{
    if (bits & STATE_DISABLED)
        return BREAKER_DISABLED;
    if (bits & STATE_OPEN)
        return bits & STATE_CHECK_PASSES ? BREAKER_HALF_OPEN : BREAKER_OPEN;
    return bits & STATE_CLOSED ? BREAKER_CLOSED : BREAKER_UNKNOWN;
}

enum breaker_state mapping_group_state(const struct mapping_group *group)
{
    static const int badness[BREAKER_STATE_COUNT] = {
        [BREAKER_UNKNOWN] = 0,   [BREAKER_DISABLED] = 1, [BREAKER_CLOSED] = 2,
        [BREAKER_HALF_OPEN] = 3, [BREAKER_OPEN] = 4,
    };
    enum breaker_state worst = BREAKER_UNKNOWN;

    for (const struct mapping_subject *s = group->first; s; s = s->next) {
        enum breaker_state state = s->live_state_count ? state_of(s->state_bits) : BREAKER_UNKNOWN;

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
