#include "ingest/event_replay.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "ingest/bucket_ladder.h"
#include "ingest/event_signals.h"
#include "ingest/event_tally.h"

enum { REPLAYED_MAX = 1 << 20, LADDERS_MAX_BYTES = 64 << 20 };

/* What growth of a series, or its value, means. Of one of calls the failed ones are errors, too. */
struct meaning {
    const char *metric;
    bool is_of_breaker;
    enum signal_kind all, failed; /* the same: nothing more */
};

static const struct meaning meanings[] = {
    { EVENT_SERIES_CALLS, false, SIGNAL_CALLS, SIGNAL_ERRORS },
    { EVENT_SERIES_OPERATIONS, false, SIGNAL_CALLS, SIGNAL_ERRORS },
    { EVENT_SERIES_ERRORS, false, SIGNAL_ERRORS, SIGNAL_ERRORS },
    { EVENT_SERIES_RETRIES, false, SIGNAL_RETRIES, SIGNAL_RETRIES },
    { EVENT_SERIES_DENIED, false, SIGNAL_RETRIES_DENIED, SIGNAL_RETRIES_DENIED },
    { EVENT_SERIES_FIRST, false, SIGNAL_FIRST_CALLS, SIGNAL_FIRST_ERRORS },
    { EVENT_SERIES_DURATION "_bucket", false, SIGNAL_TIMED_BUCKET, SIGNAL_TIMED_BUCKET },
    { EVENT_SERIES_DURATION "_count", false, SIGNAL_TIMED_CALLS, SIGNAL_TIMED_CALLS },
    { EVENT_SERIES_DURATION "_sum", false, SIGNAL_TIMED_SECONDS, SIGNAL_TIMED_SECONDS },
    { EVENT_SERIES_BREAKER_CALLS, true, SIGNAL_BREAKER_CALLS, SIGNAL_BREAKER_ERRORS },
    { EVENT_SERIES_BREAKER_STATE, true, SIGNAL_BREAKER_STATE, SIGNAL_BREAKER_STATE },
};

/* The durations of one subject. */
struct ladder {
    uint32_t subject;
    struct bucket_ladder buckets;
    struct ladder *next_touched; /* by the batch */
};

/* By reference. */
struct known {
    bool is_bound, has_last;
    uint32_t subject; /* 0: not wanted */
    const struct meaning *meaning;
    enum event_outcome outcome;
    struct ladder *ladder; /* of a bucket, as its rung; else NULL */
    struct bucket_rung *rung;
    double last;
};

struct replay {
    struct tsdb *db;
    const struct signal_sink *sink;
    struct vec known;
    struct arena arena;
    struct map ladders; /* by the bytes of the subject's number */
    struct ladder *touched;
    uint64_t batch; /* number of the one that is handed out, from 1 */
    int64_t at_ms;  /* its time */
    enum err failed;
};

static const struct meaning *meaning_of(struct labels labels)
{
    struct str metric = labels_value(labels, LABEL_METRIC_NAME);

    if (!str_equals(labels_value(labels, STR("job")), STR("events")))
        return NULL; /* somebody else's, under the same name */
    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        if (str_equals(str_of(meanings[i].metric), metric))
            return &meanings[i];
    return NULL;
}

static enum event_outcome outcome_of(struct labels labels)
{
    struct str name = labels_value(labels, STR("outcome"));
    int outcome = EVENT_SUCCESS;

    while (outcome < EVENT_OUTCOME_UNKNOWN &&
           !str_equals(name, str_of(event_outcome_name((enum event_outcome)outcome))))
        outcome++;
    return (enum event_outcome)outcome;
}

static struct ladder *ladder_of(struct replay *r, uint32_t subject)
{
    struct ladder *l = map_find(&r->ladders, (struct str){ (char *)&subject, sizeof subject });

    if (l)
        return l;
    l = arena_alloc_zero(&r->arena, 1, sizeof *l);
    if (!l)
        return NULL;
    l->subject = subject;
    if (map_put(&r->ladders, (struct str){ (char *)&l->subject, sizeof subject }, l))
        return NULL;
    return l;
}

/* One that finds no place is not wanted. */
static void bind_bucket(struct replay *r, struct known *k, struct labels labels)
{
    double bound_s;

    k->ladder = ladder_of(r, k->subject);
    if (k->ladder && bucket_bound(labels_value(labels, STR("le")), 1, &bound_s))
        k->rung = bucket_ladder_rung(&k->ladder->buckets, bound_s);
    if (!k->rung)
        k->subject = 0;
}

static void bind(struct replay *r, uint32_t ref, struct known *k)
{
    struct label space[LABELS_MAX];
    struct labels labels = tsdb_labels(r->db, ref, space);
    struct signal_subject subject = { .service = labels_value(labels, STR("service")),
                                      .breaker = STR(""),
                                      .endpoint = STR(""),
                                      .caller = labels_value(labels, STR("caller")),
                                      .source = EVENT_SOURCE };

    k->is_bound = true;
    k->meaning = meaning_of(labels);
    if (!k->meaning || !subject.service.len)
        return;
    if (k->meaning->is_of_breaker) {
        subject.breaker = labels_value(labels, STR("name"));
        subject.endpoint = labels_value(labels, STR("endpoint"));
    }
    k->outcome = outcome_of(labels);
    k->subject = r->sink->subject(r->sink->ctx, &subject);
    if (k->subject && k->meaning->all == SIGNAL_TIMED_BUCKET)
        bind_bucket(r, k, labels);
}

static struct known *known_of(struct replay *r, uint32_t ref)
{
    struct known *k;

    while (r->known.count <= ref && !r->failed)
        if (!vec_push(&r->known))
            r->failed = vec_error(&r->known) == ERR_LIMIT ? ERR_OK : ERR_NOMEM;
    if (r->known.count <= ref)
        return NULL;
    k = vec_at(&r->known, ref);
    if (!k->is_bound)
        bind(r, ref, k);
    return k;
}

static void send(struct replay *r, const struct known *k, enum signal_kind kind, int64_t at_ms,
                 double amount)
{
    r->sink->on_signal(
        r->sink->ctx,
        &(struct signal){ .subject = k->subject, .kind = kind, .at_ms = at_ms, .amount = amount });
}

static void send_growth(struct replay *r, const struct known *k, int64_t at_ms, double grown)
{
    const struct meaning *m = k->meaning;
    bool is_refused = m->all == SIGNAL_BREAKER_CALLS && k->outcome == EVENT_BLOCKED;

    if (is_refused) {
        send(r, k, SIGNAL_BREAKER_BLOCKED, at_ms, grown);
        return;
    }
    send(r, k, m->all, at_ms, grown);
    if (m->failed != m->all && k->outcome != EVENT_OUTCOME_UNKNOWN)
        send(r, k, m->failed, at_ms, k->outcome == EVENT_SUCCESS ? 0 : grown);
}

static void add_to_ladder(struct replay *r, const struct known *k, double grown)
{
    if (k->ladder->buckets.round != r->batch) {
        k->ladder->next_touched = r->touched;
        r->touched = k->ladder;
    }
    bucket_rung_add(k->rung, grown, r->batch);
}

static void take(struct replay *r, const struct series_sample *sample)
{
    struct known *k = known_of(r, sample->series);
    double grown;

    if (!k || !k->subject || sample_is_stale(sample->value))
        return;
    if (k->meaning->all == SIGNAL_BREAKER_STATE) {
        send(r, k, SIGNAL_BREAKER_STATE, sample->ts_ms, sample->value);
        return;
    }
    grown = !k->has_last ? 0 : sample->value < k->last ? sample->value : sample->value - k->last;
    k->has_last = true;
    k->last = sample->value;
    if (k->rung)
        add_to_ladder(r, k, grown);
    else if (grown > 0)
        send_growth(r, k, sample->ts_ms, grown);
}

/* Whose buckets are sent. */
struct settling {
    const struct replay *replay;
    uint32_t subject;
};

static void send_bucket(void *ctx, double from_s, double bound_s, double calls)
{
    const struct settling *s = ctx;
    const struct signal_sink *sink = s->replay->sink;

    if (calls > 0)
        sink->on_signal(sink->ctx, &(struct signal){ .subject = s->subject,
                                                     .kind = SIGNAL_TIMED_BUCKET,
                                                     .at_ms = s->replay->at_ms,
                                                     .amount = calls,
                                                     .from_s = from_s,
                                                     .bound_s = bound_s });
}

static void on_batch(void *ctx, const struct sample_batch *batch)
{
    struct replay *r = ctx;

    r->batch++;
    r->at_ms = batch->received_ms;
    r->touched = NULL;
    for (size_t i = 0; i < batch->count; i++)
        take(r, &batch->items[i]);
    for (const struct ladder *l = r->touched; l; l = l->next_touched)
        bucket_ladder_settle(&l->buckets, r->batch, send_bucket,
                             &(struct settling){ r, l->subject });
}

static void release(struct replay *r)
{
    const struct map_entry *place;

    for (size_t cursor = 0; (place = map_next(&r->ladders, &cursor));)
        bucket_ladder_release(&((struct ladder *)place->value)->buckets);
    vec_release(&r->known);
    map_release(&r->ladders);
    arena_release(&r->arena);
}

enum err event_replay(struct tsdb *db, const struct signal_sink *sink, int64_t start_ms,
                      int64_t end_ms)
{
    struct replay r = { .db = db,
                        .sink = sink,
                        .known = vec_of(sizeof(struct known), REPLAYED_MAX),
                        .arena = arena_limited(LADDERS_MAX_BYTES),
                        .ladders = map_limited(REPLAYED_MAX) };
    struct str names[ARRAY_LEN(meanings)];
    enum err err;

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
        names[i] = str_of(meanings[i].metric);
    err = tsdb_replay(db, names, ARRAY_LEN(meanings), start_ms, end_ms, on_batch, &r);
    release(&r);
    return err ? err : r.failed;
}
