/*
 * Days are chosen before series are written: the writers of a pass are the next
 * SEAL_DAYS_AT_ONCE days that have samples. In the ordinary case there are one or
 * two, known from the range of the head, and one pass does it.
 */
#include "tsdb/seal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/size.h"
#include "head/order.h"
#include "tsdb/compact.h"

struct day_writer {
    int64_t day;
    struct block_writer *writer; /* NULL: no sample of this day was met yet */
    char name[MANIFEST_NAME_BYTES];
};

struct sealing {
    const struct seal *seal;
    uint32_t *refs;
    size_t ref_count;
    struct vec days; /* int64_t, rising: those that have samples, or may have */
    struct day_writer writers[SEAL_DAYS_AT_ONCE];
    size_t writer_count;
    bool first_pass;
    struct sample_list samples;
    struct diag *diag;
};

static bool cancelled(const struct seal *s)
{
    return s->cancel && atomic_load_explicit(s->cancel, memory_order_relaxed);
}

/* --- days --- */

static int compare_days(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static enum err add_day(struct sealing *s, int64_t day)
{
    int64_t *slot;

    for (size_t i = s->days.count; i > 0; i--)
        if (*(int64_t *)vec_at(&s->days, i - 1) == day)
            return ERR_OK;
    slot = vec_push(&s->days);
    if (!slot)
        return vec_error(&s->days);
    *slot = day;
    return ERR_OK;
}

static enum err add_days_of(struct sealing *s, uint32_t ref)
{
    enum err err;
    int64_t known = INT64_MIN;
    int64_t mark_ms;

    s->samples.count = 0;
    err = head_collect(s->seal->head, ref, &s->samples, &mark_ms);
    for (size_t i = 0; i < s->samples.count && !err; i++) {
        int64_t day = compact_day_of(s->samples.items[i].ts_ms);

        if (day != known)
            err = add_day(s, day);
        known = day;
    }
    return err;
}

/* The range of the head says it when it is short; else every series is asked. */
static enum err find_days(struct sealing *s)
{
    int64_t first_ms = s->seal->head->min_ts_ms;
    int64_t last_ms = s->seal->head->max_ts_ms;
    enum err err = ERR_OK;

    if (first_ms > last_ms)
        return ERR_OK;
    if (compact_day_of(last_ms) - compact_day_of(first_ms) < SEAL_DAYS_AT_ONCE) {
        for (int64_t day = compact_day_of(first_ms); day <= compact_day_of(last_ms) && !err; day++)
            err = add_day(s, day);
        return err;
    }
    for (size_t i = 0; i < s->ref_count && !err; i++)
        err = cancelled(s->seal) ? ERR_CANCELLED : add_days_of(s, s->refs[i]);
    if (s->days.count)
        qsort(s->days.items, s->days.count, sizeof(int64_t), compare_days);
    return err;
}

/* --- writing --- */

/* The date, for people; days that no date can say have their number. */
static void name_of_day(const char *prefix, int64_t day, char ret[MANIFEST_NAME_BYTES])
{
    static const int64_t year_0_day = -719528, year_10000_day = 2932897;
    char date[CLOCK_RFC3339_BYTES];

    if (day < year_0_day || day >= year_10000_day) {
        snprintf(ret, MANIFEST_NAME_BYTES, "%sday%lld.block", prefix, (long long)day);
        return;
    }
    clock_format_rfc3339(day * COMPACT_DAY_MS, date);
    snprintf(ret, MANIFEST_NAME_BYTES, "%s%.10s.block", prefix, date);
}

static enum err begin_writer(struct sealing *s, struct day_writer *w)
{
    name_of_day(s->seal->prefix, w->day, w->name);
    return block_writer_new(s->seal->blocks_dir, w->name, BLOCK_LEVEL_FAST, &w->writer, s->diag);
}

static struct day_writer *writer_of(struct sealing *s, int64_t day)
{
    for (size_t i = 0; i < s->writer_count; i++)
        if (s->writers[i].day == day)
            return &s->writers[i];
    return NULL;
}

static bool is_chosen(const struct sealing *s, int64_t day)
{
    return s->days.count &&
           bsearch(&day, s->days.items, s->days.count, sizeof(int64_t), compare_days);
}

/* A day that began after the days were chosen is the next seal's: the mark stays before it. */
static void limit_mark(struct sealing *s, int64_t *mark_ms)
{
    int64_t known = INT64_MIN;

    for (size_t i = 0; i < s->samples.count; i++) {
        int64_t ts_ms = s->samples.items[i].ts_ms;
        int64_t day = compact_day_of(ts_ms);

        if (day != known && !is_chosen(s, day)) {
            if (*mark_ms >= ts_ms)
                *mark_ms = ts_ms == INT64_MIN ? ts_ms : ts_ms - 1;
            return;
        }
        known = day;
    }
}

static enum err write_days(struct sealing *s, struct labels labels)
{
    const struct sample *samples = s->samples.items;
    enum err err = ERR_OK;

    for (size_t first = 0, end; first < s->samples.count && !err; first = end) {
        int64_t day = compact_day_of(samples[first].ts_ms);
        struct day_writer *w = writer_of(s, day);

        end = first + 1;
        while (end < s->samples.count && compact_day_of(samples[end].ts_ms) == day)
            end++;
        if (!w)
            continue; /* a day of another pass */
        if (!w->writer)
            err = begin_writer(s, w);
        if (!err)
            err = block_writer_add(w->writer, labels, samples + first, end - first, s->diag);
    }
    return err;
}

/* The marks of the first pass count: what came after it to one of its days is not written. */
static enum err write_series(struct sealing *s, uint32_t ref)
{
    struct label space[LABELS_MAX];
    int64_t mark_ms;
    enum err err;

    if (cancelled(s->seal))
        return ERR_CANCELLED;
    s->samples.count = 0;
    err = head_collect(s->seal->head, ref, &s->samples, &mark_ms);
    if (err)
        return err;
    limit_mark(s, &mark_ms);
    if (s->first_pass)
        s->seal->marks_ms[ref] = mark_ms;
    if (s->samples.count == 0)
        return ERR_OK;
    return write_days(s, index_labels(s->seal->index, ref, space));
}

static enum err finish_writer(struct sealing *s, struct day_writer *w, struct vec *files)
{
    struct sealed_file *file = vec_push(files);

    if (!file)
        return vec_error(files);
    memcpy(file->name, w->name, sizeof file->name);
    return block_writer_finish(w->writer, &file->info, s->diag);
}

static enum err write_pass(struct sealing *s, size_t first_day, struct vec *files)
{
    enum err err = ERR_OK;

    s->writer_count = 0;
    s->first_pass = first_day == 0;
    for (size_t i = first_day; i < s->days.count && s->writer_count < SEAL_DAYS_AT_ONCE; i++)
        s->writers[s->writer_count++] = (struct day_writer){ .day = *(int64_t *)vec_at(&s->days,
                                                                                       i) };
    for (size_t i = 0; i < s->ref_count && !err; i++)
        err = write_series(s, s->refs[i]);
    for (size_t i = 0; i < s->writer_count; i++) {
        if (s->writers[i].writer && !err)
            err = finish_writer(s, &s->writers[i], files);
        block_writer_free(s->writers[i].writer);
    }
    return err;
}

enum err seal_write(const struct seal *seal, struct vec *files, struct diag *diag)
{
    struct sealing *s = mem_alloc_zero(1, sizeof *s);
    enum err err;

    if (!s)
        return ERR_NOMEM;
    s->seal = seal;
    s->diag = diag;
    s->days = vec_of(sizeof(int64_t), SEAL_DAYS_MAX);
    err = order_series(seal->index, seal->last_ref, &s->refs, &s->ref_count);
    if (!err)
        err = find_days(s);
    for (size_t day = 0; day < s->days.count && !err; day += SEAL_DAYS_AT_ONCE)
        err = write_pass(s, day, files);
    vec_release(&s->days);
    mem_free(s->samples.items);
    mem_free(s->refs);
    mem_free(s);
    return err;
}
