#include "store_script.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "model/labels.h"

/* 2026-03-01 20:00:30 UTC: the first midnight comes after two steps. */
#define BEGIN_MS INT64_C(1772395230000)
#define HOUR_MS  INT64_C(3600000)

enum {
    NUMBER_OWN = 100, /* + the step */
    NUMBER_BEHIND = 50,
    NUMBER_STALE = 51,
    NUMBER_REFUSED = 52,
    SEAL_EVERY = 3,
    REOPEN_EVERY = 11,
    PER_COMMIT_MAX = 64,
    BATCHES_MAX = 3,
    OPS_MAX = SCRIPT_STEPS * 4,
    MODEL_MAX = SCRIPT_STEPS * PER_COMMIT_MAX,
    JOBS_MAX = 100,   /* in a row: more would be without end */
    VALUE_NEVER = -1, /* of samples that are dropped */
    WORDS_BYTES = 8192,
};

/* A sample on its way into a commit. */
struct sent {
    uint32_t series;
    int64_t ts_ms;
    double value;
};

struct sent_list {
    struct sent items[PER_COMMIT_MAX];
    size_t count;
};

static struct script_op ops[OPS_MAX];
static int op_count;
static struct script_sample model[MODEL_MAX];
static size_t model_count;

static int64_t step_ms(int step)
{
    return BEGIN_MS + (int64_t)step * SCRIPT_STEP_MS;
}

static void send(struct sent_list *list, uint32_t series, int64_t ts_ms, double value)
{
    if (list->count == PER_COMMIT_MAX)
        abort();
    list->items[list->count++] = (struct sent){ series, ts_ms, value };
}

static void send_regular(struct sent_list *list, int step)
{
    int64_t now_ms = step_ms(step);

    for (int i = 0; i < SCRIPT_FIXED; i++)
        for (int k = 2; k >= 0; k--) /* counters, two-decimal gauges, and one that is neither */
            send(list, (uint32_t)i, now_ms - i * 10 - k * 1000,
                 i == 7  ? 1.0 / (step * 3 - k)
                 : i % 2 ? step * 1000 + i - k
                         : step * 0.25 + i + k);
    send(list, (uint32_t)(NUMBER_OWN + step), now_ms, step);
    send(list, NUMBER_STALE, now_ms,
         step % 9 == 0 ? sample_from_bits(SAMPLE_STALE_BITS) : (double)step);
}

static void send_irregular(struct sent_list *list, int step)
{
    int64_t now_ms = step_ms(step);

    for (uint32_t i = 0; step % 3 == 0 && i < SCRIPT_FIXED; i += 2)
        send(list, i, now_ms - 5 * HOUR_MS + i * 7, step * 7 + (double)i);
    if (step % 6 == 0) { /* into a day that is sealed, and for a series of late samples alone */
        send(list, 3, now_ms - 26 * HOUR_MS, step * 11);
        send(list, NUMBER_BEHIND, now_ms - 27 * HOUR_MS, step * 13);
    }
    for (uint32_t i = 0; step % 4 == 1 && step > 1 && i < 3; i++)
        send(list, i, step_ms(step - 1) - i * 10, VALUE_NEVER);
    if (step % 5 == 2)
        send(list, 1, now_ms - 10, VALUE_NEVER); /* twice in one commit: the first stays */
    if (step % 7 == 0) {
        send(list, NUMBER_REFUSED, now_ms + 3 * HOUR_MS, VALUE_NEVER);
        send(list, NUMBER_REFUSED, now_ms - 100 * HOUR_MS, VALUE_NEVER);
    }
}

static struct sent_list sent_in(int step)
{
    struct sent_list list = { .count = 0 };

    send_regular(&list, step);
    send_irregular(&list, step);
    return list;
}

static int by_place(const void *a, const void *b)
{
    const struct script_sample *x = a;
    const struct script_sample *y = b;

    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->ts_ms != y->ts_ms)
        return x->ts_ms < y->ts_ms ? -1 : 1;
    return x->commit - y->commit;
}

static void make_model(void)
{
    for (int step = 1; step <= SCRIPT_STEPS; step++) {
        struct sent_list list = sent_in(step);

        for (size_t i = 0; i < list.count; i++)
            if (list.items[i].value != VALUE_NEVER)
                model[model_count++] = (struct script_sample){
                    .series = list.items[i].series,
                    .commit = step,
                    .ts_ms = list.items[i].ts_ms,
                    .bits = sample_bits(list.items[i].value),
                };
    }
    qsort(model, model_count, sizeof *model, by_place);
    for (size_t i = 1; i < model_count; i++)
        if (model[i].series == model[i - 1].series && model[i].ts_ms == model[i - 1].ts_ms)
            abort(); /* whoever changes the script marks duplicates with VALUE_NEVER */
}

void script_init(void)
{
    for (int step = 1; step <= SCRIPT_STEPS; step++) {
        int64_t now_ms = step_ms(step);

        ops[op_count++] = (struct script_op){ SCRIPT_COMMIT, step, now_ms };
        ops[op_count++] = (struct script_op){ SCRIPT_MAINTAIN, step, now_ms };
        if (step % SEAL_EVERY == 0)
            ops[op_count++] = (struct script_op){ SCRIPT_WORK, step, now_ms };
        if (step % REOPEN_EVERY == 0)
            ops[op_count++] = (struct script_op){ SCRIPT_REOPEN, step, now_ms };
    }
    make_model();
}

int script_op_count(void)
{
    return op_count;
}

struct script_op script_op(int number)
{
    return ops[number];
}

struct tsdb_options script_options(const char *dir, struct budget *budget, bool relaxed)
{
    return (struct tsdb_options){
        .dir = dir,
        .relaxed = relaxed,
        .budget = budget,
        .retention_ms = SCRIPT_RETENTION_MS,
        .events_retention_ms = SCRIPT_EVENTS_MS,
        .max_future_ms = 10 * 60 * 1000,
        .late_window_ms = 30 * HOUR_MS,
    };
}

/* --- doing it --- */

static enum err ref_of(struct tsdb *db, uint32_t series, uint32_t *ret_ref)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    enum err err;

    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, STR("script"));
    labels_builder_add(&b, STR("number"), str_of(arena_printf(&arena, "%" PRIu32, series)));
    labels_builder_add(&b, STR("parity"), series % 2 ? STR("odd") : STR("even"));
    err = labels_builder_finish(&b, &labels, NULL);
    if (!err)
        err = tsdb_series(db, labels, ret_ref);
    arena_release(&arena);
    return err;
}

/* Spreads the samples over the batches in their order. */
static enum err fill(struct tsdb *db, const struct sent_list *list, struct sample_batch **batches,
                     size_t batch_count)
{
    for (size_t i = 0; i < list->count; i++) {
        struct sample_batch *batch = batches[i * batch_count / list->count];
        struct series_sample *item = &batch->items[batch->count];
        enum err err = ref_of(db, list->items[i].series, &item->series);

        if (err)
            return err;
        item->ts_ms = list->items[i].ts_ms;
        item->value = list->items[i].value;
        batch->count++;
    }
    return ERR_OK;
}

/* Longer than a page from time to time. */
static struct batch_events words_of(int step, char text[WORDS_BYTES])
{
    int len = 0, sentences = step % 4 == 0 ? 200 : 3;

    for (int i = 0; i < sentences; i++)
        len += snprintf(text + len, WORDS_BYTES - (size_t)len, "step %d, word %x\n", step,
                        (unsigned)(step * 7919 + i * i * 104729));
    return (struct batch_events){
        { text, (size_t)len }, (uint32_t)sentences, 1, step_ms(step), step_ms(step)
    };
}

static enum err commit(struct tsdb *db, struct script_op op)
{
    char words[WORDS_BYTES];
    struct sent_list list = sent_in(op.step);
    size_t batch_count = op.step % 5 == 0 ? BATCHES_MAX : 1;
    struct sample_batch *batches[BATCHES_MAX] = { NULL };
    enum err err = ERR_OK;

    for (size_t i = 0; i < batch_count; i++) {
        batches[i] = sample_batch_new(PER_COMMIT_MAX);
        if (!batches[i])
            abort();
        batches[i]->count = 0;
        batches[i]->received_ms = op.now_ms;
    }
    batches[batch_count - 1]->events = words_of(op.step, words);
    err = fill(db, &list, batches, batch_count);
    if (!err)
        err = tsdb_commit(db, batches, batch_count, op.now_ms);
    for (size_t i = 0; i < batch_count; i++)
        sample_batch_free(batches[i]);
    return err;
}

static int64_t mono_of(struct script_op op)
{
    return (op.now_ms - BEGIN_MS) * 1000000;
}

static enum err work(struct tsdb *db, struct script_op op, struct script_work *done,
                     struct diag *diag)
{
    tsdb_request_seal(db);
    for (int jobs = 0; jobs < JOBS_MAX; jobs++) {
        struct tsdb_job_result result = { 0 };
        struct tsdb_job *job = NULL;
        enum err err = tsdb_plan(db, op.now_ms, mono_of(op), &job);

        if (err || !job)
            return err;
        tsdb_job_run(job);
        err = tsdb_job_finish(db, job, &result, diag);
        if (err)
            return err;
        if (done) {
            done->seals += result.kind == TSDB_SEAL;
            done->merges += result.kind == TSDB_MERGE;
            done->blocks += (unsigned)result.block_count;
        }
    }
    return diag_set(diag, ERR_LIMIT, "%d jobs in a row, and still more are due", JOBS_MAX);
}

enum err script_do(struct tsdb *db, struct script_op op, struct script_work *done,
                   struct diag *diag)
{
    enum err err;

    switch (op.kind) {
    case SCRIPT_COMMIT:
        err = commit(db, op);
        break;
    case SCRIPT_MAINTAIN:
        err = tsdb_maintain(db, op.now_ms, mono_of(op), NULL, NULL);
        break;
    case SCRIPT_WORK:
        return work(db, op, done, diag);
    default:
        abort();
    }
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}

/* --- looking at what is there --- */

static bool append(struct script_found *found, const struct script_sample *item)
{
    if (found->count == found->capacity_count) {
        found->capacity_count = found->capacity_count ? found->capacity_count * 2 : 1024;
        found->items = realloc(found->items, found->capacity_count * sizeof *found->items);
        if (!found->items)
            abort();
    }
    found->items[found->count++] = *item;
    return true;
}

static bool take(void *ctx, const struct tsdb_series_data *data)
{
    struct script_found *found = ctx;
    int64_t number = -1;

    if (!str_parse_i64(labels_value(data->labels, STR("number")), &number) || number < 0 ||
        data->labels.count != 3 ||
        !str_equals(labels_value(data->labels, LABEL_METRIC_NAME), STR("script")) ||
        !str_equals(labels_value(data->labels, STR("parity")),
                    number % 2 ? STR("odd") : STR("even")))
        found->unknown = true;
    for (size_t i = 0; i < data->count; i++) {
        if (i && data->samples[i].ts_ms <= data->samples[i - 1].ts_ms)
            found->twice = true;
        append(found, &(struct script_sample){ .series = (uint32_t)number,
                                               .ts_ms = data->samples[i].ts_ms,
                                               .bits = sample_bits(data->samples[i].value) });
    }
    return true;
}

static bool take_words(void *ctx, const struct tsdb_events *row)
{
    struct script_found *found = ctx;
    char words[WORDS_BYTES];
    int step = 0;

    if (sscanf(row->text.ptr, "step %d,", &step) != 1 || step < 1 || step > SCRIPT_STEPS ||
        !str_equals(words_of(step, words).text, row->text) || row->received_ms != step_ms(step)) {
        found->unknown_words = true;
        return false;
    }
    found->is_told[step] = true;
    return true;
}

static enum err read_words(struct tsdb *db, struct script_found *found)
{
    static const struct tsdb_events_range all = { .before_seq = INT64_MAX,
                                                  .since_ms = INT64_MIN,
                                                  .until_ms = INT64_MAX };

    return tsdb_read_events(db, &all, take_words, found);
}

enum err script_read(struct tsdb *db, struct script_found *ret)
{
    enum err err;

    *ret = (struct script_found){ 0 };
    err = tsdb_select(db, NULL, 0, INT64_MIN, INT64_MAX, SIZE_MAX, take, ret);
    if (!err)
        err = read_words(db, ret);
    if (ret->count)
        qsort(ret->items, ret->count, sizeof *ret->items, by_place);
    for (size_t i = 1; i < ret->count; i++)
        if (ret->items[i].series == ret->items[i - 1].series &&
            ret->items[i].ts_ms == ret->items[i - 1].ts_ms)
            ret->twice = true;
    return err;
}

void script_found_release(struct script_found *found)
{
    free(found->items);
    *found = (struct script_found){ 0 };
}

static const char *say(char text[160], const char *what, const struct script_sample *s)
{
    snprintf(text, 160,
             "%s: series %" PRIu32 ", step %d, %" PRId64
             " ms (%+.1f h of the step), bits %016" PRIx64,
             what, s->series, s->commit, s->ts_ms,
             s->commit ? (double)(s->ts_ms - step_ms(s->commit)) / (double)HOUR_MS : 0, s->bits);
    return text;
}

static bool lies_in_lost(const struct script_sample *s, const struct script_expect *expect)
{
    return s->ts_ms >= expect->lost_min_ms && s->ts_ms <= expect->lost_max_ms;
}

static bool may_be_missing(const struct script_sample *s, const struct script_expect *expect)
{
    if (s->commit > expect->acked || s->ts_ms < step_ms(expect->begun) - SCRIPT_RETENTION_MS)
        return true;
    if (!lies_in_lost(s, expect))
        return false;
    if (expect->ret_lost)
        ++*expect->ret_lost;
    return true;
}

/* Words lie in samples.db alone: they may be lost where anything may be. */
static const char *check_words(const struct script_found *found, const struct script_expect *expect,
                               char text[160])
{
    bool any_lost = expect->lost_min_ms == INT64_MIN;

    if (found->unknown_words)
        return "words that nobody told";
    for (int step = 1; step <= SCRIPT_STEPS; step++) {
        bool is_young = step_ms(step) >= step_ms(expect->begun) - SCRIPT_EVENTS_MS;

        if (found->is_told[step] && step > expect->begun)
            return "words that were not told yet";
        if (found->is_told[step] || step > expect->acked || !is_young)
            continue;
        if (!any_lost) {
            snprintf(text, 160, "the words of step %d are lost", step);
            return text;
        }
        if (expect->ret_lost)
            ++*expect->ret_lost;
    }
    return NULL;
}

static const char *check_samples(const struct script_found *found,
                                 const struct script_expect *expect, char text[160])
{
    int latest = 0; /* of the commits that something was found of: all up to it must be whole */
    size_t at = 0;

    if (found->unknown)
        return "a series that nobody sent";
    if (found->twice)
        return "a series or a time is there twice";
    for (size_t i = 0; i < model_count; i++) {
        const struct script_sample *m = &model[i];
        const struct script_sample *f = at < found->count ? &found->items[at] : NULL;
        int order = f ? by_place(&(struct script_sample){ f->series, m->commit, f->ts_ms, 0 }, m)
                      : 1;

        if (order < 0)
            return say(text, "a sample that nobody sent", f);
        if (order > 0) {
            if (!may_be_missing(m, expect))
                return say(text, "a sample is lost", m);
            continue;
        }
        if (f->bits == sample_bits(VALUE_NEVER) && lies_in_lost(m, expect)) {
            at++; /* the first value is lost, and the second one comes to light */
            if (expect->ret_lost)
                ++*expect->ret_lost;
            continue;
        }
        at++;
        if (f->bits != m->bits)
            return say(text, "a wrong value", f);
        if (m->commit > expect->begun)
            return say(text, "a sample that was not sent yet", m);
        latest = m->commit > latest ? m->commit : latest;
    }
    if (at < found->count)
        return say(text, "a sample that nobody sent", &found->items[at]);
    if (latest > expect->acked) {
        struct script_expect all = *expect;

        all.acked = latest;
        all.ret_lost = NULL;
        return check_samples(found, &all, text);
    }
    return NULL;
}

const char *script_check(const struct script_found *found, const struct script_expect *expect,
                         char text[160])
{
    const char *wrong = check_samples(found, expect, text);

    return wrong ? wrong : check_words(found, expect, text);
}
