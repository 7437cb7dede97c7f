#include "ingest/event_tally.h"

#include <math.h>

#include "base/attr.h"
#include "base/number.h"
#include "model/labels.h"

enum { KEY_MAX_BYTES = 8192, BUCKETS_MAX = 12, LABELS_OF_EVENT_MAX = EVENT_LABELS_MAX + 4 };

/* Upper bounds; one without a bound stands behind them. Seconds, and any quantity by decades. */
static const double second_bounds[] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
static const double decade_bounds[] = { 0.001, 0.01, 0.1, 1, 10, 100, 1000, 1e4, 1e5, 1e6 };

struct event_histogram {
    const double *bounds;
    size_t bound_count;
    uint64_t counts[BUCKETS_MAX]; /* not cumulative; the last is beyond all bounds */
    double sum;
    struct event_change *buckets[BUCKETS_MAX], *sum_change, *count_change;
    struct event_histogram *next;
};

/* A series' name and labels, as an event names them. */
struct naming {
    struct str metric;
    struct label labels[LABELS_OF_EVENT_MAX];
    size_t count;
};

void event_tally_init(struct event_tally *t, struct arena *arena)
{
    *t = (struct event_tally){ .arena = arena,
                               .by_key = map_limited(EVENT_CHANGES_MAX),
                               .changes = vec_of(sizeof(struct event_change *), EVENT_CHANGES_MAX),
                               .settings = vec_of(sizeof(struct event_setting),
                                                  EVENT_CHANGES_MAX) };
}

void event_tally_release(struct event_tally *t)
{
    map_release(&t->by_key);
    vec_release(&t->changes);
    vec_release(&t->settings);
}

static void fail(struct event_tally *t, enum err err)
{
    if (!t->failed)
        t->failed = err;
}

/* --- names --- */

static void name_label(struct naming *n, const char *name, struct str value)
{
    if (value.len && n->count < LABELS_OF_EVENT_MAX)
        n->labels[n->count++] = (struct label){ str_of(name), value };
}

static struct naming naming_of(const char *metric, const struct event *e)
{
    struct naming n = { .metric = str_of(metric) };

    name_label(&n, "service", event_text(e, EVENT_SERVICE));
    return n;
}

static void put_key(char *key, size_t *len, struct str text)
{
    if (text.len)
        memcpy(key + *len, text.ptr, text.len);
    *len += text.len;
    key[(*len)++] = '\0';
}

/* The parts with a NUL between; none of them holds one. Empty: it is too long. */
static struct str key_of(const struct naming *n, char kind, char key[KEY_MAX_BYTES])
{
    size_t needed = n->metric.len + 2, len = 0;

    for (size_t i = 0; i < n->count; i++)
        needed += n->labels[i].name.len + n->labels[i].value.len + 2;
    if (needed > KEY_MAX_BYTES)
        return STR("");
    key[len++] = kind;
    put_key(key, &len, n->metric);
    for (size_t i = 0; i < n->count; i++) {
        put_key(key, &len, n->labels[i].name);
        put_key(key, &len, n->labels[i].value);
    }
    return (struct str){ key, len };
}

/* The label set's byte form, kept in the arena. */
static enum err encode(struct event_tally *t, const struct naming *n, const char *suffix,
                       struct str bound, struct str *ret)
{
    struct buf out = buf_limited(LABELS_MAX_BYTES * 2);
    struct labels_builder b;
    struct labels set;
    char *name = arena_printf(t->arena, "%.*s%s", STR_ARG(n->metric), suffix);
    enum err err;

    if (!name)
        return arena_error(t->arena);
    labels_builder_init(&b, t->arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(name));
    labels_builder_add(&b, STR("job"), STR("events"));
    labels_builder_add(&b, STR("le"), bound);
    for (size_t i = 0; i < n->count; i++)
        labels_builder_add(&b, n->labels[i].name, n->labels[i].value);
    err = labels_builder_finish(&b, &set, NULL);
    if (!err) {
        labels_encode(set, &out);
        err = buf_error(&out);
    }
    if (!err && !arena_copy_str(t->arena, buf_str(&out), ret))
        err = arena_error(t->arena);
    buf_release(&out);
    return err;
}

static struct event_change *add_change(struct event_tally *t, const struct naming *n,
                                       const char *suffix, struct str bound, bool is_gauge)
{
    struct event_change *change = arena_alloc_zero(t->arena, 1, sizeof *change);
    struct event_change **place;
    enum err err = change ? encode(t, n, suffix, bound, &change->labels) : arena_error(t->arena);

    if (err) {
        fail(t, err);
        return NULL;
    }
    change->is_gauge = is_gauge;
    place = vec_push(&t->changes);
    if (!place) {
        fail(t, vec_error(&t->changes));
        return NULL;
    }
    *place = change;
    return change;
}

static bool remember(struct event_tally *t, struct str key, void *object)
{
    struct str kept;
    enum err err = arena_copy_str(t->arena, key, &kept) ? map_put(&t->by_key, kept, object)
                                                        : arena_error(t->arena);

    if (err)
        fail(t, err);
    return !err;
}

/* The change of a series, found or made; NULL: it failed. */
static struct event_change *change_of(struct event_tally *t, const struct naming *n, bool is_gauge)
{
    char text[KEY_MAX_BYTES];
    struct str key = key_of(n, is_gauge ? 'g' : 'c', text);
    struct event_change *change = key.len ? map_find(&t->by_key, key) : NULL;

    if (change)
        return change;
    if (!key.len)
        fail(t, ERR_LIMIT);
    if (t->failed)
        return NULL;
    change = add_change(t, n, "", STR(""), is_gauge);
    return change && remember(t, key, change) ? change : NULL;
}

static void grow(struct event_tally *t, const struct naming *n, double amount)
{
    struct event_change *change = change_of(t, n, false);

    if (change)
        change->grown += amount;
}

static void set(struct event_tally *t, const struct naming *n, int64_t at_ms, double value)
{
    struct event_change *change = change_of(t, n, true);
    struct event_setting *setting = change ? vec_push(&t->settings) : NULL;

    if (setting)
        *setting = (struct event_setting){ change, at_ms, value };
    else if (change)
        fail(t, vec_error(&t->settings));
}

/* --- histograms --- */

static bool name_buckets(struct event_tally *t, const struct naming *n, struct event_histogram *h)
{
    char bound[NUMBER_TEXT_BYTES];

    for (size_t i = 0; i <= h->bound_count; i++) {
        size_t len = number_format(i < h->bound_count ? h->bounds[i] : INFINITY, bound);

        h->buckets[i] = add_change(t, n, "_bucket", (struct str){ bound, len }, false);
        if (!h->buckets[i])
            return false;
    }
    h->sum_change = add_change(t, n, "_sum", STR(""), false);
    h->count_change = add_change(t, n, "_count", STR(""), false);
    return h->sum_change && h->count_change;
}

static struct event_histogram *histogram_of(struct event_tally *t, const struct naming *n,
                                            bool in_seconds)
{
    char text[KEY_MAX_BYTES];
    struct str key = key_of(n, in_seconds ? 's' : 'h', text);
    struct event_histogram *h = key.len ? map_find(&t->by_key, key) : NULL;

    if (h)
        return h;
    if (!key.len)
        fail(t, ERR_LIMIT);
    h = t->failed ? NULL : arena_alloc_zero(t->arena, 1, sizeof *h);
    if (!h) {
        fail(t, arena_error(t->arena));
        return NULL;
    }
    h->bounds = in_seconds ? second_bounds : decade_bounds;
    h->bound_count = in_seconds ? ARRAY_LEN(second_bounds) : ARRAY_LEN(decade_bounds);
    if (!name_buckets(t, n, h) || !remember(t, key, h))
        return NULL;
    h->next = t->histograms;
    t->histograms = h;
    return h;
}

static void observe(struct event_tally *t, const struct naming *n, bool in_seconds, double value)
{
    struct event_histogram *h = histogram_of(t, n, in_seconds);
    size_t i = 0;

    if (!h)
        return;
    while (i < h->bound_count && value > h->bounds[i])
        i++;
    h->counts[i]++;
    h->sum += value;
}

/* --- events --- */

static void add_duration(struct event_tally *t, const struct event *e)
{
    struct naming n = naming_of(EVENT_SERIES_DURATION, e);

    if (!event_has(e, EVENT_DURATION_MS))
        return;
    name_label(&n, "operation", event_text(e, EVENT_OPERATION_NAME));
    observe(t, &n, true, e->values[EVENT_DURATION_MS].number / 1000);
}

static struct naming naming_of_breaker(const char *metric, const struct event *e)
{
    struct naming n = naming_of(metric, e);

    name_label(&n, "name", event_breaker_name(e));
    name_label(&n, "endpoint", event_text(e, EVENT_ENDPOINT));
    name_label(&n, "caller", event_text(e, EVENT_CALLER));
    return n;
}

static void add_states(struct event_tally *t, const struct event *e)
{
    struct naming n = naming_of_breaker(EVENT_SERIES_BREAKER_STATE, e);

    if (e->new_state == BREAKER_UNKNOWN)
        return;
    if (e->old_state != BREAKER_UNKNOWN)
        set(t, &n, e->at_ms - 1, e->old_state);
    set(t, &n, e->at_ms, e->new_state);
}

static void grow_by_caller(struct event_tally *t, const struct event *e, const char *metric,
                           enum event_field count)
{
    struct naming n = naming_of(metric, e);

    if (!event_has(e, count))
        return;
    name_label(&n, "caller", event_text(e, EVENT_CALLER));
    grow(t, &n, e->values[count].number);
}

static void add_first_attempt(struct event_tally *t, const struct event *e)
{
    enum event_outcome outcome = event_first_outcome(e);
    struct naming n = naming_of(EVENT_SERIES_FIRST, e);

    if (outcome == EVENT_OUTCOME_UNKNOWN)
        return;
    name_label(&n, "caller", event_text(e, EVENT_CALLER));
    name_label(&n, "outcome", str_of(event_outcome_name(outcome)));
    grow(t, &n, 1);
}

static void add_call(struct event_tally *t, const struct event *e)
{
    struct str outcome = str_of(event_outcome_name(e->outcome));
    struct naming n = naming_of(EVENT_SERIES_CALLS, e);

    name_label(&n, "caller", event_text(e, EVENT_CALLER));
    name_label(&n, "outcome", outcome);
    grow(t, &n, 1);
    grow_by_caller(t, e, EVENT_SERIES_RETRIES, EVENT_RETRY_COUNT);
    grow_by_caller(t, e, EVENT_SERIES_DENIED, EVENT_RETRIES_DENIED);
    add_first_attempt(t, e);
    if (event_has(e, EVENT_BREAKER_NAME)) {
        n = naming_of_breaker(EVENT_SERIES_BREAKER_CALLS, e);
        name_label(&n, "outcome", outcome);
        grow(t, &n, 1);
    }
    add_states(t, e);
    add_duration(t, e);
}

static void add_error(struct event_tally *t, const struct event *e)
{
    struct naming n = naming_of(EVENT_SERIES_ERRORS, e);

    name_label(&n, "type", event_text(e, EVENT_ERROR_TYPE));
    name_label(&n, "severity", event_text(e, EVENT_SEVERITY));
    grow(t, &n, 1);
}

static void add_operation(struct event_tally *t, const struct event *e)
{
    struct naming n = naming_of(EVENT_SERIES_OPERATIONS, e);

    name_label(&n, "operation", event_text(e, EVENT_OPERATION_NAME));
    name_label(&n, "outcome", str_of(event_outcome_name(e->outcome)));
    grow(t, &n, 1);
    add_duration(t, e);
}

static void set_of_instance(struct event_tally *t, const struct event *e, const char *metric,
                            double value)
{
    struct naming n = naming_of(metric, e);

    name_label(&n, "instance", event_text(e, EVENT_INSTANCE));
    set(t, &n, e->at_ms, value);
}

static void add_metric(struct event_tally *t, const struct event *e)
{
    struct naming n = naming_of("", e);
    struct str name, value;
    size_t position = 0;

    n.metric = event_text(e, EVENT_METRIC_NAME);
    while (event_next_label(e, &position, &name, &value))
        if (value.len && n.count < LABELS_OF_EVENT_MAX)
            n.labels[n.count++] = (struct label){ name, value };
    switch (e->metric) {
    case EVENT_COUNTER:
        grow(t, &n, e->values[EVENT_VALUE].number);
        break;
    case EVENT_GAUGE:
        set(t, &n, e->at_ms, e->values[EVENT_VALUE].number);
        break;
    case EVENT_HISTOGRAM:
        observe(t, &n, false, e->values[EVENT_VALUE].number);
        break;
    case EVENT_TIMER:
        observe(t, &n, true, e->values[EVENT_DURATION_MS].number / 1000);
        break;
    }
}

void event_tally_add(struct event_tally *t, const struct event *e)
{
    static const double health_values[] = { 1, 0.5, 0 };

    switch (e->kind) {
    case EVENT_RETRY:
    case EVENT_CALL:
        add_call(t, e);
        break;
    case EVENT_BREAKER:
        add_states(t, e);
        break;
    case EVENT_ERROR:
        add_error(t, e);
        break;
    case EVENT_HEALTH:
        set_of_instance(t, e, EVENT_SERIES_HEALTH, health_values[e->health]);
        break;
    case EVENT_OPERATION:
        add_operation(t, e);
        break;
    case EVENT_HEARTBEAT:
        set_of_instance(t, e, EVENT_SERIES_HEARTBEAT, (double)e->at_ms / 1000);
        if (event_has(e, EVENT_STATUS))
            set_of_instance(t, e, EVENT_SERIES_HEALTH, health_values[e->health]);
        break;
    case EVENT_INSTANCE_UP:
        set_of_instance(t, e, EVENT_SERIES_INSTANCE_UP, 1);
        break;
    case EVENT_INSTANCE_FAILED:
        set_of_instance(t, e, EVENT_SERIES_INSTANCE_UP, 0);
        add_error(t, e);
        break;
    case EVENT_METRIC:
        add_metric(t, e);
        break;
    case EVENT_KIND_COUNT:
        break;
    }
}

enum err event_tally_finish(struct event_tally *t)
{
    for (struct event_histogram *h = t->histograms; h && !t->failed; h = h->next) {
        uint64_t below = 0;

        for (size_t i = 0; i <= h->bound_count; i++) {
            below += h->counts[i];
            h->buckets[i]->grown = (double)below;
        }
        h->sum_change->grown = h->sum;
        h->count_change->grown = (double)below;
    }
    return t->failed;
}
