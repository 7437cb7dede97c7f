#include "ingest/event_count.h"

#include <stdlib.h>

#include "base/map.h"

enum { KEY_MAX_BYTES = 8 + EVENT_BY_MAX * (EVENT_NAME_MAX_BYTES + 1) };

struct tally {
    struct event_bucket bucket;
    struct str key;
};

struct counting {
    const struct event_count_options *options;
    struct arena *arena;
    struct map by_key;
    struct tally *latest;      /* the next event is often of the same */
    int64_t first_ms, last_ms; /* of the steps; INT64_MAX, INT64_MIN: none yet */
    enum err failed;
};

static int64_t step_of(int64_t at_ms, int64_t step_ms)
{
    int64_t rest = step_ms ? at_ms % step_ms : at_ms;

    return at_ms - (rest < 0 && step_ms ? rest + step_ms : rest);
}

/* The step's beginning, then the values with a NUL behind each. */
static struct str key_of(int64_t time_ms, const struct str *values, int count,
                         char text[KEY_MAX_BYTES])
{
    struct str key = { text, sizeof time_ms };

    memcpy(text, &time_ms, sizeof time_ms);
    for (int i = 0; i < count; i++) {
        if (values[i].len)
            memcpy(text + key.len, values[i].ptr, values[i].len);
        key.len += values[i].len;
        text[key.len++] = '\0';
    }
    return key;
}

static struct tally *add_tally(struct counting *c, struct str key, int64_t time_ms,
                               const struct str *values)
{
    struct tally *tally = arena_alloc_zero(c->arena, 1, sizeof *tally);
    bool copied = tally && arena_copy_str(c->arena, key, &tally->key);

    for (int i = 0; copied && i < c->options->by_count; i++)
        copied = arena_copy_str(c->arena, values[i], &tally->bucket.values[i]);
    c->failed = copied ? map_put(&c->by_key, tally->key, tally) : arena_error(c->arena);
    if (c->failed)
        return NULL;
    tally->bucket.time_ms = time_ms;
    return tally;
}

static struct tally *tally_of(struct counting *c, int64_t time_ms, const struct str *values)
{
    char text[KEY_MAX_BYTES];
    struct str key = key_of(time_ms, values, c->options->by_count, text);
    struct tally *tally;

    if (c->latest && str_equals(c->latest->key, key))
        return c->latest;
    tally = map_find(&c->by_key, key);
    return tally ? tally : add_tally(c, key, time_ms, values);
}

static bool on_hit(void *ctx, const struct event_hit *hit)
{
    struct counting *c = ctx;
    int64_t time_ms = step_of(hit->event->at_ms, c->options->step_ms);
    struct str values[EVENT_BY_MAX];

    for (int i = 0; i < c->options->by_count; i++)
        values[i] = event_key_text(c->options->by[i], hit->event);
    c->first_ms = time_ms < c->first_ms ? time_ms : c->first_ms;
    c->last_ms = time_ms > c->last_ms ? time_ms : c->last_ms;
    c->latest = tally_of(c, time_ms, values);
    if (c->latest)
        c->latest->bucket.count++;
    return c->latest != NULL;
}

static int compare_buckets(const void *a, const void *b)
{
    const struct event_bucket *x = a, *y = b;
    int order = (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);

    order = order ? order : (x->count < y->count) - (x->count > y->count);
    order = order ? order : str_compare(x->values[0], y->values[0]);
    return order ? order : str_compare(x->values[1], y->values[1]);
}

static enum err gather(const struct counting *c, struct event_counts_found *ret)
{
    struct event_bucket *buckets = arena_alloc_zero(c->arena, c->by_key.count + 1, sizeof *buckets);
    struct map_entry *entry;
    size_t count = 0;

    if (!buckets)
        return arena_error(c->arena);
    for (size_t i = 0; (entry = map_next(&c->by_key, &i));)
        buckets[count++] = ((struct tally *)entry->value)->bucket;
    qsort(buckets, count, sizeof *buckets, compare_buckets);
    *ret = (struct event_counts_found){ buckets, count };
    return ERR_OK;
}

static enum err too_many_buckets(const struct counting *c, struct diag *diag)
{
    enum { MANY_STEPS = 1000 };
    int64_t step_ms = c->options->step_ms;
    int64_t steps = step_ms ? (c->last_ms - c->first_ms) / step_ms + 1 : 1;

    if (steps >= MANY_STEPS)
        return diag_set(diag, ERR_LIMIT,
                        "more than %d buckets, over %lld steps: take a longer step, or narrow "
                        "since and until",
                        EVENT_BUCKETS_MAX, (long long)steps);
    return diag_set(diag, ERR_LIMIT,
                    "more than %d buckets: there are many values of %s%s%s; name one as a filter, "
                    "or count by less",
                    EVENT_BUCKETS_MAX, event_key_name(c->options->by[0]),
                    c->options->by_count > 1 ? " and " : "",
                    c->options->by_count > 1 ? event_key_name(c->options->by[1]) : "");
}

enum err event_count(struct tsdb *db, const struct event_filter *filter,
                     const struct event_count_options *options, struct arena *arena,
                     struct event_counts_found *ret, struct diag *diag)
{
    struct counting c = { .options = options,
                          .arena = arena,
                          .by_key = map_limited(EVENT_BUCKETS_MAX),
                          .first_ms = INT64_MAX,
                          .last_ms = INT64_MIN };
    enum err err = event_walk(db, filter, on_hit, &c);

    if (!err)
        err = c.failed;
    if (err == ERR_LIMIT && c.by_key.count == EVENT_BUCKETS_MAX)
        err = too_many_buckets(&c, diag);
    if (!err)
        err = gather(&c, ret);
    map_release(&c.by_key);
    return err;
}
