#include "ingest/scrape_body.h"

#include "base/hash.h"
#include "ingest/scrape_labels.h"
#include "ingest/scrape_metadata.h"

enum { SERIES_SCRATCH_MAX_BYTES = 256 << 10 }; /* one line is at most 64 KiB */

/* Parses a new series and enters it in the store. */
static enum err resolve(const struct scrape_body *b, struct str series, struct arena *scratch,
                        uint32_t *ret_ref, struct diag *diag)
{
    struct labels_builder builder;
    struct labels labels;
    enum err err;

    arena_reset(scratch);
    labels_builder_init(&builder, scratch);
    err = scrape_text_parse_series(b->text, series, &builder, diag);
    if (!err)
        err = scrape_labels_join(&builder, series, b->target, b->honor_labels, diag);
    if (!err)
        err = labels_builder_finish(&builder, &labels, diag);
    if (!err)
        err = label_limits_check(&b->label_limits, labels, diag);
    return err ? err : tsdb_series(b->db, labels, ret_ref);
}

/* *ret_ref stays 0 when the series is left out. */
static enum err ask(struct scrape_body *b, struct str series, struct arena *scratch,
                    uint32_t *ret_ref, struct diag *diag)
{
    struct diag why = { 0 };
    enum err err = resolve(b, series, scratch, ret_ref, &why);

    if (err == ERR_LIMIT) {
        b->refused_count++;
        return ERR_OK;
    }
    if (err && diag && !diag->code)
        *diag = why;
    return err;
}

/* A new entry, or the lease of a known one. *entry is NULL after it when the series is left out. */
static enum err ask_for(struct scrape_body *b, struct str series, uint64_t hash,
                        struct arena *scratch, struct series_cache_entry **entry, struct diag *diag)
{
    uint32_t ref = 0;
    enum err err = ask(b, series, scratch, &ref, diag);

    if (err)
        return err;
    if (*entry) {
        series_cache_answer(*entry, ref);
        if (!ref)
            *entry = NULL;
        return ERR_OK;
    }
    if (!ref)
        return ERR_OK;
    *entry = series_cache_add(b->cache, hash, ref);
    b->added_count++;
    return *entry ? ERR_OK : ERR_NOMEM;
}

/* One that finds no room is left out: the samples count, and the next scrape brings it again. */
static void keep_exemplar(struct scrape_body *b, const struct openmetrics_line *it, uint32_t ref,
                          int64_t ts_ms)
{
    struct exemplar_scraped *e = b->exemplars ? vec_push(b->exemplars) : NULL;

    if (e)
        *e = (struct exemplar_scraped){ ref, ts_ms, it->exemplar };
}

static enum err take_sample(struct scrape_body *b, const struct openmetrics_line *it,
                            struct arena *scratch, struct diag *diag)
{
    const struct exposition_line *line = &it->line;
    uint64_t hash = hash_str(line->series);
    struct series_cache_entry *entry = series_cache_find(b->cache, hash);
    bool own_time = line->has_ts && b->honor_timestamps;

    b->sample_count++;
    if (b->samples_max_count && b->sample_count > b->samples_max_count)
        return diag_set(diag, ERR_LIMIT, "more than %zu samples", b->samples_max_count);
    if (!entry || !entry->asked) {
        enum err err = ask_for(b, line->series, hash, scratch, &entry, diag);

        if (err || !entry)
            return err;
    }
    /* With times of their own several samples of a series are no duplicates. */
    if (!series_cache_mark(b->cache, entry, !own_time) && !own_time) {
        b->duplicate_count++;
        return ERR_OK;
    }
    batch_writer_add(b->batch, entry->ref, own_time ? line->ts_ms : b->ts_ms, line->value);
    if (it->has_exemplar)
        keep_exemplar(b, it, entry->ref, own_time ? line->ts_ms : b->ts_ms);
    return ERR_OK;
}

enum err scrape_body_read(struct scrape_body *b, struct str text, struct diag *diag)
{
    struct arena scratch = arena_limited(SERIES_SCRATCH_MAX_BYTES);
    struct scrape_text reader;
    struct openmetrics_line it;
    enum err err;

    scrape_text_init(&reader, text, b->is_openmetrics);
    b->text = &reader;
    while ((err = scrape_text_next(&reader, &it, diag)) == ERR_OK &&
           it.line.kind != EXPOSITION_END) {
        if (it.line.kind == EXPOSITION_SAMPLE)
            err = take_sample(b, &it, &scratch, diag);
        else
            b->metadata_hash = scrape_metadata_hash(b->metadata_hash, &it.line);
        if (err)
            break;
    }
    if (!err && b->batch->failed)
        err = ERR_NOMEM;
    if (err)
        diag_set(diag, err, "%s", err_text(err));
    if (err == ERR_INVALID && diag && !diag->line)
        diag->line = scrape_text_line(&reader);
    arena_release(&scratch);
    return err;
}
