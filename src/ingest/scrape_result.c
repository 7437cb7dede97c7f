#include "ingest/scrape_result.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/scrape_body.h"

/* Indexed by enum target_report. */
static const char *const report_names[REPORT_COUNT] = {
    [REPORT_UP] = "up",
    [REPORT_DURATION] = "scrape_duration_seconds",
    [REPORT_SAMPLES] = "scrape_samples_scraped",
    [REPORT_SAMPLES_KEPT] = "scrape_samples_post_metric_relabeling",
    [REPORT_SERIES_ADDED] = "scrape_series_added",
};

enum { REPORT_SCRATCH_MAX_BYTES = 32 << 10, NS_PER_MS = 1000000 };

/* --- leases --- */

static bool is_past(int64_t mono_ns, int64_t since_mono_ns, int64_t length_ms)
{
    return mono_ns - since_mono_ns > length_ms * NS_PER_MS;
}

void scrape_result_begin(struct target *t, int64_t mono_ns)
{
    t->began_mono_ns = mono_ns;
    if (is_past(mono_ns, t->good_mono_ns, SERIES_LEASE_MS))
        series_cache_expire(&t->cache);
    if (is_past(mono_ns, t->handed_mono_ns, SERIES_LEASE_MS))
        memset(t->report_refs, 0, sizeof t->report_refs);
    if (!is_past(mono_ns, t->asked_mono_ns, SCRAPE_RENEW_MS))
        return;
    series_cache_renew(&t->cache);
    t->report_asked = false;
    t->asked_mono_ns = mono_ns;
}

/* --- the series about the scrape --- */

/* A series that the store refuses is 0 and left out; the next scrape asks again. */
static void resolve_report(struct target *t, struct tsdb *db)
{
    struct arena scratch = arena_limited(REPORT_SCRATCH_MAX_BYTES);

    for (size_t i = 0; i < REPORT_COUNT; i++) {
        struct labels_builder builder;
        struct labels labels;

        if (t->report_refs[i] && t->report_asked)
            continue;
        labels_builder_init(&builder, &scratch);
        labels_builder_add(&builder, LABEL_METRIC_NAME, str_of(report_names[i]));
        for (size_t k = 0; k < t->labels.count; k++)
            labels_builder_add(&builder, t->labels.items[k].name, t->labels.items[k].value);
        if (labels_builder_finish(&builder, &labels, NULL) != ERR_OK ||
            tsdb_series(db, labels, &t->report_refs[i]) != ERR_OK)
            t->report_refs[i] = 0;
    }
    t->report_asked = true;
    arena_release(&scratch);
}

static void add_report(struct target *t, struct batch_writer *w, int64_t ts_ms,
                       const double values[REPORT_COUNT])
{
    for (size_t i = 0; i < REPORT_COUNT; i++)
        if (t->report_refs[i])
            batch_writer_add(w, t->report_refs[i], ts_ms, values[i]);
}

/* --- stale markers --- */

struct stale_walk {
    struct batch_writer *writer;
    int64_t ts_ms;
    const uint32_t *seen; /* sorted references of this scrape's samples; NULL: none */
    size_t seen_count;
};

static int compare_refs(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void add_stale(void *ctx, uint32_t ref)
{
    struct stale_walk *walk = ctx;

    if (walk->seen && bsearch(&ref, walk->seen, walk->seen_count, sizeof ref, compare_refs))
        return;
    batch_writer_add(walk->writer, ref, walk->ts_ms, sample_from_bits(SAMPLE_STALE_BITS));
}

/*
 * A series may come back under another text (labels in another order): it has
 * left its old entry, but it is not gone. So those that the scrape holds under
 * any text are looked up by their reference.
 */
static enum err add_missing(const struct target *t, struct batch_writer *w, int64_t ts_ms)
{
    struct arena scratch = arena_limited(SIZE_MAX);
    size_t count = w->batch->count;
    uint32_t *seen;

    if (!series_cache_missing_count(&t->cache))
        return ERR_OK;
    seen = arena_alloc_zero(&scratch, count + 1, sizeof *seen);
    if (!seen)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        seen[i] = w->batch->items[i].series;
    qsort(seen, count, sizeof *seen, compare_refs);
    series_cache_for_each_missing(
        &t->cache, add_stale,
        &(struct stale_walk){ .writer = w, .ts_ms = ts_ms, .seen = seen, .seen_count = count });
    arena_release(&scratch);
    return ERR_OK;
}

static void add_all_stale(const struct target *t, struct batch_writer *w, int64_t ts_ms)
{
    series_cache_for_each_had(&t->cache, add_stale,
                              &(struct stale_walk){ .writer = w, .ts_ms = ts_ms });
}

/* --- the three ends --- */

static enum err read_body(struct target *t, struct batch_writer *w, struct scrape_body *body,
                          struct str text, struct diag *diag)
{
    enum err err;

    batch_writer_init(w, t->expected_count);
    if (w->failed)
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    series_cache_begin(&t->cache);
    vec_clear(&t->exemplars);
    err = scrape_body_read(body, text, diag);
    return err ? err : add_missing(t, w, body->ts_ms);
}

enum err scrape_result_good(struct target *t, struct tsdb *db, struct str text, int64_t started_ms,
                            double duration_s, struct scrape_outcome *ret, struct diag *diag)
{
    struct batch_writer w = { 0 };
    struct scrape_body body = { .db = db,
                                .cache = &t->cache,
                                .batch = &w,
                                .target = t->labels,
                                .honor_labels = t->honor_labels,
                                .honor_timestamps = t->honor_timestamps,
                                .is_openmetrics = t->is_openmetrics,
                                .exemplars = &t->exemplars,
                                .samples_max_count = t->samples_max_count,
                                .label_limits = t->label_limits,
                                .ts_ms = started_ms };
    enum err err = read_body(t, &w, &body, text, diag);

    *ret = (struct scrape_outcome){ .end = SCRAPE_GOOD,
                                    .duration_s = duration_s,
                                    .sample_count = body.sample_count,
                                    .added_count = body.added_count,
                                    .duplicate_count = body.duplicate_count,
                                    .refused_count = body.refused_count,
                                    .metadata_hash = body.metadata_hash };
    if (!err) {
        resolve_report(t, db);
        add_report(t, &w, started_ms,
                   (double[REPORT_COUNT]){ 1, duration_s, (double)body.sample_count,
                                           (double)body.sample_count, (double)body.added_count });
        ret->batch = batch_writer_take(&w);
        err = ret->batch ? ERR_OK : ERR_NOMEM;
    }
    batch_writer_release(&w);
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}

enum err scrape_result_bad(struct target *t, struct tsdb *db, int64_t started_ms, double duration_s,
                           struct scrape_outcome *ret)
{
    struct batch_writer w;

    *ret = (struct scrape_outcome){ .end = SCRAPE_BAD, .duration_s = duration_s };
    batch_writer_init(&w, t->cache.had_count + REPORT_COUNT);
    add_all_stale(t, &w, started_ms);
    resolve_report(t, db);
    add_report(t, &w, started_ms, (double[REPORT_COUNT]){ 0, duration_s, 0, 0, 0 });
    ret->batch = batch_writer_take(&w);
    batch_writer_release(&w);
    return ret->batch ? ERR_OK : ERR_NOMEM;
}

enum err scrape_result_leave(struct target *t, int64_t now_ms, struct scrape_outcome *ret)
{
    double stale = sample_from_bits(SAMPLE_STALE_BITS);
    struct batch_writer w;

    *ret = (struct scrape_outcome){ .end = SCRAPE_LEFT };
    if (!t->report_had && !t->cache.had_count)
        return ERR_OK;
    if (now_ms <= t->last_ts_ms)
        now_ms = t->last_ts_ms + 1;
    batch_writer_init(&w, t->cache.had_count + REPORT_COUNT);
    add_all_stale(t, &w, now_ms);
    if (t->report_had)
        add_report(t, &w, now_ms, (double[REPORT_COUNT]){ stale, stale, stale, stale, stale });
    ret->batch = batch_writer_take(&w);
    batch_writer_release(&w);
    return ret->batch ? ERR_OK : ERR_NOMEM;
}

void scrape_result_settle(struct target *t, const struct scrape_outcome *outcome)
{
    if (outcome->end == SCRAPE_GOOD) {
        series_cache_settle(&t->cache);
    } else {
        series_cache_settle_none(&t->cache);
        if (t->samples_max_count && t->cache.count > 2 * t->samples_max_count)
            series_cache_trim(&t->cache);
    }
    t->report_had = outcome->end != SCRAPE_LEFT;
    t->handed_mono_ns = t->began_mono_ns;
    if (outcome->end == SCRAPE_GOOD)
        t->good_mono_ns = t->began_mono_ns;
}
