#include "ingest/remote_write.h"

#include "base/mem.h"
#include "ingest/batch_queue.h"
#include "ingest/batch_writer.h"
#include "ingest/write_faults.h"
#include "wire/remote_write.h"
#include "wire/snappy_block.h"

enum {
    ARENA_MAX_BYTES = 64 << 10, /* the labels of one series */
    SERIES_USUAL_BYTES = 128,   /* of a body; a guess at the size of its batch */
    STRETCH_MAX_COUNT = 64,
};

static const int64_t NS_PER_S = 1000000000, NS_PER_MS = 1000000;

struct remote_write_delivery {
    struct batch_cargo cargo; /* first: a cargo is its delivery */
    struct remote_write *rw;
    struct remote_write_delivery *before, *after; /* while it waits */
    int64_t mono_ns;                              /* when it came; 0: it does not wait */
    remote_write_done *done;                      /* NULL: it was told */
    void *ctx;
    size_t series_count, sample_count, histogram_count, exemplar_count; /* that came */
    struct write_faults faults;
};

/* A series whose reference is asked for. */
struct asked {
    struct remote_write_series series;
    struct hash_128 key;
    uint32_t ref;
};

/* A body while it is read, a stretch of its series at a time: the lock is taken once for each. */
struct draft {
    struct remote_write *rw;
    const struct remote_write_when *when;
    struct remote_write_delivery *delivery;
    struct batch_writer writer;
    struct arena arena;
    struct asked stretch[STRETCH_MAX_COUNT];
    size_t stretch_count;
    size_t next_ref; /* the place in the cache */
};

void remote_write_init(struct remote_write *rw, const struct remote_write_options *options)
{
    *rw = (struct remote_write){ .options = *options };
    told_metadata_init(&rw->metadata);
    lock_init(&rw->lock, LOCK_RANK_REMOTE_WRITE);
}

void remote_write_release(struct remote_write *rw)
{
    ref_cache_release(&rw->refs);
    told_metadata_release(&rw->metadata);
    lock_release(&rw->lock);
}

/* --- those that wait to be stored, in the order in which they came --- */

static void begin_waiting(struct remote_write_delivery *d, int64_t mono_ns)
{
    struct remote_write *rw = d->rw;

    lock_take(&rw->lock);
    d->mono_ns = mono_ns;
    d->before = rw->last;
    *(rw->last ? &rw->last->after : &rw->first) = d;
    rw->last = d;
    lock_drop(&rw->lock);
}

static void end_waiting(struct remote_write_delivery *d)
{
    struct remote_write *rw = d->rw;

    lock_take(&rw->lock);
    if (d->mono_ns) {
        *(d->before ? &d->before->after : &rw->first) = d->after;
        *(d->after ? &d->after->before : &rw->last) = d->before;
        d->mono_ns = 0;
    }
    lock_drop(&rw->lock);
}

static bool waits_too_long(struct remote_write *rw, int64_t mono_ns)
{
    int64_t max_ns = rw->options.max_wait_ms * NS_PER_MS;
    bool too_long;

    lock_take(&rw->lock);
    too_long = max_ns && rw->first && mono_ns - rw->first->mono_ns > max_ns;
    lock_drop(&rw->lock);
    return too_long;
}

/* --- the cargo of a batch --- */

static void count_stored(struct remote_write_delivery *d)
{
    struct remote_write_stats *stats = &d->rw->stats;
    size_t faults = write_faults_count(&d->faults);

    atomic_fetch_add(&stats->stored, d->sample_count - faults);
    atomic_fetch_add(&stats->rejected, faults);
    atomic_fetch_add(&stats->histograms_skipped, d->histogram_count);
    atomic_fetch_add(&stats->exemplars_skipped, d->exemplar_count);
}

/* A series has left memory although its reference was leased: all are asked for again. */
static enum err on_orphans(struct remote_write *rw, struct diag *diag)
{
    lock_take(&rw->lock);
    ref_cache_release(&rw->refs);
    lock_drop(&rw->lock);
    return diag_set(diag, ERR_UNAVAILABLE, "a series has just left memory");
}

static void settle(struct remote_write_delivery *d, const struct samples_left_out *left_out,
                   enum err err)
{
    remote_write_done *done = d->done;
    struct diag diag = { 0 };

    end_waiting(d);
    d->done = NULL;
    if (!err)
        write_faults_join(&d->faults, left_out);
    if (!err && d->faults.samples.by[SAMPLE_ORPHANED].count)
        err = on_orphans(d->rw, &diag);
    if (err)
        atomic_fetch_add(&d->rw->stats.refused_bodies, 1);
    else
        count_stored(d);
    if (!err)
        err = write_faults_tell(&d->faults, d->rw->options.db, d->sample_count, &diag);
    done(d->ctx, err, &diag);
}

static void on_settled(struct batch_cargo *cargo, const struct samples_left_out *left_out,
                       enum err err)
{
    settle((struct remote_write_delivery *)cargo, left_out, err);
}

static void on_free(struct batch_cargo *cargo)
{
    struct remote_write_delivery *d = (struct remote_write_delivery *)cargo;

    if (d->done)
        settle(d, NULL, ERR_CANCELLED);
    mem_free(d);
}

/* --- reading --- */

/* Labels as they were sent; they may stand in any order. */
static enum err read_labels(struct draft *draft, struct remote_write_series *series,
                            struct labels_builder *builder, struct str *ret_name, struct diag *diag)
{
    struct label label;
    enum protobuf_found found;

    arena_reset(&draft->arena);
    labels_builder_init(builder, &draft->arena);
    while ((found = remote_write_label(series, &label, diag)) == PROTOBUF_FIELD) {
        labels_builder_add(builder, label.name, label.value);
        if (str_equals(label.name, LABEL_METRIC_NAME))
            *ret_name = label.value;
    }
    return found == PROTOBUF_BAD ? ERR_INVALID : ERR_OK;
}

/* Why the labels are not good; ERR_OK, ERR_NOMEM. */
static enum err check_labels(struct labels_builder *builder, struct labels *ret, struct diag *why)
{
    enum err err = labels_builder_finish(builder, ret, why);

    if (!err && !labels_value(*ret, LABEL_METRIC_NAME).len)
        err = diag_set(why, ERR_INVALID, "a series has no __name__");
    return err;
}

/* Asks the store. *ret_ref 0: the labels are not valid. */
static enum err ask(struct draft *draft, struct remote_write_series *series, uint32_t *ret_ref,
                    struct diag *diag)
{
    struct labels_builder builder;
    struct labels labels;
    struct str name = STR("");
    struct diag why = { 0 };
    enum err err = read_labels(draft, series, &builder, &name, diag);

    *ret_ref = 0;
    if (err)
        return err;
    err = check_labels(&builder, &labels, &why);
    if (err && err != ERR_NOMEM) {
        write_faults_add_labels(&draft->delivery->faults, series->sample_count, name, &why);
        return ERR_OK;
    }
    if (!err)
        err = tsdb_series(draft->rw->options.db, labels, ret_ref);
    return err == ERR_LIMIT ? ERR_OVERLOADED : err; /* no room for new series now */
}

/* Asks for a series that is not known, and notes it. */
static enum err ask_and_note(struct draft *draft, struct asked *a, struct diag *diag)
{
    struct remote_write *rw = draft->rw;
    enum err err = ask(draft, &a->series, &a->ref, diag);

    if (err || !a->ref)
        return err;
    lock_take(&rw->lock);
    ref_cache_put(&rw->refs, a->key, a->ref, draft->when->mono_ns / NS_PER_S);
    lock_drop(&rw->lock);
    return ERR_OK;
}

static void add_sample(struct draft *draft, uint32_t ref, const struct sample *sample)
{
    const struct remote_write_when *when = draft->when;
    int64_t max_future_ms = draft->rw->options.max_future_ms;
    struct samples_left_out *out = &draft->delivery->faults.samples;
    struct series_sample item = { ref, sample->ts_ms, sample->value };

    if (max_future_ms && sample->ts_ms > when->now_ms + max_future_ms)
        sample_leave_out(out, SAMPLE_TOO_FAR, &item);
    else if (sample->ts_ms < when->oldest_ms)
        sample_leave_out(out, SAMPLE_TOO_OLD, &item);
    else
        batch_writer_add(&draft->writer, ref, sample->ts_ms, sample->value);
}

/* Those of a series that was rejected are read all the same: a body is well formed, or stores
 * nothing. */
static enum err add_samples(struct draft *draft, struct asked *a, struct diag *diag)
{
    struct sample sample;
    enum protobuf_found found;

    while ((found = remote_write_sample(&a->series, &sample, diag)) == PROTOBUF_FIELD)
        if (a->ref)
            add_sample(draft, a->ref, &sample);
    return found == PROTOBUF_BAD ? ERR_INVALID : ERR_OK;
}

static enum err check_counts(struct draft *draft, const struct remote_write_series *series,
                             struct diag *diag)
{
    struct remote_write_delivery *d = draft->delivery;

    d->histogram_count += series->histogram_count;
    d->exemplar_count += series->exemplar_count;
    d->sample_count += series->sample_count;
    if (++d->series_count > REMOTE_WRITE_SERIES_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "a body may have %d series", REMOTE_WRITE_SERIES_MAX);
    if (d->sample_count > REMOTE_WRITE_SAMPLES_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "a body may have %d samples",
                        REMOTE_WRITE_SAMPLES_MAX);
    return ERR_OK;
}

/* The next series with samples, until the stretch is full or the body ends. */
static enum err read_stretch(struct draft *draft, struct remote_write_reader *reader,
                             struct diag *diag)
{
    draft->stretch_count = 0;
    while (draft->stretch_count < STRETCH_MAX_COUNT) {
        struct asked *a = &draft->stretch[draft->stretch_count];
        enum protobuf_found found = remote_write_next(reader, &a->series, diag);
        enum err err;

        if (found == PROTOBUF_END)
            break;
        if (found == PROTOBUF_BAD)
            return ERR_INVALID;
        err = check_counts(draft, &a->series, diag);
        if (err)
            return err;
        if (!a->series.sample_count)
            continue;
        a->key = hash_bytes_128(a->series.key.ptr, a->series.key.len);
        draft->stretch_count++;
    }
    return ERR_OK;
}

static void find_refs(struct draft *draft)
{
    struct remote_write *rw = draft->rw;
    int64_t mono_s = draft->when->mono_ns / NS_PER_S;

    lock_take(&rw->lock);
    for (size_t i = 0; i < draft->stretch_count; i++) {
        struct asked *a = &draft->stretch[i];

        a->ref = ref_cache_find(&rw->refs, a->key, mono_s, &draft->next_ref);
    }
    lock_drop(&rw->lock);
}

/* What cannot be metadata is left out. */
static void note_metadata(struct remote_write *rw, const struct remote_write_metadata *from,
                          int64_t mono_ns)
{
    struct metadata_item item = { from->metric, from->type, from->help, from->unit };

    if (metric_name_is_valid(item.metric) && str_is_utf8(item.help) && str_is_utf8(item.unit) &&
        !memchr(item.help.ptr, '\0', item.help.len) && !memchr(item.unit.ptr, '\0', item.unit.len))
        told_metadata_note(&rw->metadata, &item, mono_ns / NS_PER_S);
}

static enum err read_metadata(struct draft *draft, struct remote_write_reader *reader,
                              struct diag *diag)
{
    struct remote_write_metadata metadata;
    enum protobuf_found found;

    while ((found = remote_write_next_metadata(reader, &metadata, diag)) == PROTOBUF_FIELD)
        note_metadata(draft->rw, &metadata, draft->when->mono_ns);
    return found == PROTOBUF_BAD ? ERR_INVALID : ERR_OK;
}

static enum err read_body(struct draft *draft, struct str body, struct diag *diag)
{
    struct remote_write_reader reader = remote_write_of(body);
    enum err err;

    do {
        err = read_stretch(draft, &reader, diag);
        if (!err)
            find_refs(draft);
        for (size_t i = 0; i < draft->stretch_count && !err; i++) {
            struct asked *a = &draft->stretch[i];

            if (!a->ref)
                err = ask_and_note(draft, a, diag);
            if (!err)
                err = add_samples(draft, a, diag);
        }
    } while (!err && draft->stretch_count);
    return err ? err : read_metadata(draft, &reader, diag);
}

static enum err make_batch(struct draft *draft, struct str body, struct sample_batch **ret,
                           struct diag *diag)
{
    struct sample_batch *batch = NULL;
    enum err err = ERR_NOMEM;

    draft->arena = arena_limited(ARENA_MAX_BYTES);
    batch_writer_init(&draft->writer, body.len / SERIES_USUAL_BYTES);
    if (!draft->writer.failed)
        err = read_body(draft, body, diag);
    if (!err)
        batch = batch_writer_take(&draft->writer);
    if (!err && !batch)
        err = ERR_NOMEM;
    batch_writer_release(&draft->writer);
    arena_release(&draft->arena);
    if (!err)
        *ret = batch;
    return err;
}

/* Unpacks the body for as long as it is read. */
static enum err unpack_batch(struct draft *draft, struct str packed, struct sample_batch **ret,
                             struct diag *diag)
{
    struct budget *budget = draft->rw->options.budget;
    size_t bytes;
    char *body;
    enum err err = snappy_block_size(packed, REMOTE_WRITE_BODY_MAX_BYTES, &bytes, diag);

    if (err)
        return err;
    if (budget && !budget_take_assured(budget, BUDGET_INGEST, bytes))
        return ERR_OVERLOADED;
    body = mem_alloc(bytes + 1);
    err = body ? snappy_block_unpack(packed, body, bytes, diag) : ERR_NOMEM;
    if (!err)
        err = make_batch(draft, (struct str){ body, bytes }, ret, diag);
    mem_free(body);
    if (budget)
        budget_give(budget, BUDGET_INGEST, bytes);
    return err;
}

/* --- submitting --- */

/* Takes the batch and its cargo, but not on an error. */
static enum err push(struct draft *draft, struct sample_batch *batch)
{
    const struct remote_write_options *options = &draft->rw->options;
    struct remote_write_delivery *d = draft->delivery;
    enum err err;

    if (!batch->count) {
        settle(d, &batch->left_out, ERR_OK);
        sample_batch_free(batch);
        mem_free(d);
        return ERR_OK;
    }
    batch->received_ms = draft->when->now_ms;
    batch->received_mono_ns = draft->when->mono_ns;
    batch->cargo = &d->cargo;
    begin_waiting(d, batch->received_mono_ns);
    err = batch_queue_push(options->batches, options->budget, batch);
    if (err) {
        end_waiting(d);
        batch->cargo = NULL;
        sample_batch_free(batch);
    }
    return err == ERR_LIMIT ? ERR_OVERLOADED : err;
}

enum err remote_write_submit(struct remote_write *rw, struct str packed,
                             const struct remote_write_when *when, remote_write_done *done,
                             void *ctx, struct diag *diag)
{
    struct remote_write_delivery *d = mem_alloc_zero(1, sizeof *d);
    struct draft draft = { .rw = rw, .when = when, .delivery = d };
    struct sample_batch *batch;
    enum err err = ERR_NOMEM;

    if (d) {
        *d = (struct remote_write_delivery){
            .cargo = { .settle = on_settled, .free = on_free }, .rw = rw, .done = done, .ctx = ctx
        };
        err = waits_too_long(rw, when->mono_ns) ? ERR_OVERLOADED : ERR_OK;
    }
    if (!err)
        err = unpack_batch(&draft, packed, &batch, diag);
    if (!err)
        err = push(&draft, batch);
    if (err) {
        if (err_is_retryable(err))
            atomic_fetch_add(&rw->stats.refused_bodies, 1);
        mem_free(d);
    }
    return err;
}
