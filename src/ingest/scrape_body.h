/*
 * One scraped body: its lines become samples of a batch.
 *
 * Known lines are looked up by their hash; only a new one is parsed, joined with
 * the target's labels and entered in the store.
 *
 * Errors    The first bad line, a series over the job's label limits, or too many
 *           samples, refuses the body whole. A
 *           series that the store cannot take any more, or whose labels are over
 *           the store's limits, is left out alone and counted.
 * Threads   Single owner.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_BODY_H
#define FUSEBOX_INGEST_SCRAPE_BODY_H

#include "base/vec.h"
#include "ingest/batch_writer.h"
#include "ingest/exemplars.h"
#include "ingest/label_limits.h"
#include "ingest/scrape_text.h"
#include "ingest/series_cache.h"
#include "tsdb/tsdb.h"

struct scrape_body {
    struct tsdb *db;
    struct series_cache *cache; /* in a pass */
    struct batch_writer *batch;
    struct labels target; /* job, instance and the group's labels */
    bool honor_labels;
    bool honor_timestamps;
    bool is_openmetrics;
    struct vec *exemplars; /* takes struct exemplar_scraped, which point into the text; or NULL */
    size_t samples_max_count; /* 0: no limit */
    struct label_limits label_limits;
    int64_t ts_ms; /* of every sample without a time of its own */
    /* what came of it */
    size_t sample_count; /* lines, with duplicates and refused ones */
    size_t added_count;  /* series that were not in the cache */
    size_t duplicate_count;
    size_t refused_count;
    uint64_t metadata_hash;         /* of all TYPE, HELP and UNIT lines: scrape_metadata.h */
    const struct scrape_text *text; /* while it is read */
};

/* ERR_INVALID (line and column), ERR_LIMIT, ERR_NOMEM. */
enum err scrape_body_read(struct scrape_body *b, struct str text, struct diag *diag) MUST_CHECK;

#endif
