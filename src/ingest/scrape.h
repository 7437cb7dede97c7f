/*
 * Scraping: one thread that fetches every target on its own beat.
 *
 * Each target has an offset inside its interval (from its URL, so it is the same
 * after a restart), a total deadline, a body and a sample limit. A scrape that
 * came whole becomes one batch with `up` 1 and the scrape_* series; one that
 * failed becomes up 0 and stale markers for all that the target had. Series that
 * are missing from a good scrape get stale markers too, and so has a target that
 * leaves the configuration.
 *
 *   scrape_start(&options, cfg, &s) -> scrape_reload(s, cfg)
 *     -> scrape_stop(s) -> scrape_free(s)
 *
 * Threads   The scrape thread; the functions below may be called from main.
 * Limits    When the queue to the write thread is full the scrape is dropped
 *           whole and counted.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_H
#define FUSEBOX_INGEST_SCRAPE_H

#include "base/budget.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/queue.h"
#include "config/config.h"
#include "ingest/exemplars.h"
#include "ingest/metadata.h"
#include "tsdb/tsdb.h"

struct scraper;

struct scrape_stats {
    _Atomic uint64_t scrapes_ok;
    _Atomic uint64_t scrapes_failed;  /* connect, status, parse, limits */
    _Atomic uint64_t scrapes_dropped; /* the write queue was full */
    _Atomic uint64_t scrapes_skipped; /* the one before still ran */
    _Atomic uint64_t samples;
    _Atomic uint64_t targets;
    _Atomic uint64_t bytes;
    _Atomic uint64_t exemplars;         /* in memory now */
    _Atomic uint64_t exemplars_dropped; /* made room, or were refused */
    _Atomic uint64_t metadata;          /* entries in memory now */
    _Atomic uint64_t metadata_refused;  /* over the limit */
    _Atomic uint64_t
        samples_duplicate; /* a series twice in one body without times: the first counts */
    _Atomic uint64_t target_file_errors; /* a file of targets was faulty; its last good ones stay */
    _Atomic uint64_t series_refused; /* left out: the store takes no more, or labels over a limit */
};

enum { SCRAPE_CONNECTIONS_MAX = 1024 };

struct scrape_options {
    struct tsdb *db;
    struct queue *batches; /* struct sample_batch; QUEUE_REFUSE */
    struct budget *budget; /* for what waits there; NULL: no limit */
    struct log *log;
    struct clock clock;
    struct scrape_stats *stats;
    int max_connections; /* at once; others wait. 0: SCRAPE_CONNECTIONS_MAX */
};

/* A target as people ask for it; a copy. */
struct scrape_target_state {
    struct str job, url, instance;
    struct str pool;          /* the job_name of its configuration */
    struct labels labels;     /* of all its series */
    struct labels discovered; /* as the configuration has them, reserved ones too */
    int64_t interval_ms, timeout_ms;
    int64_t started_ms; /* wall time of the last scrape's start; -1 */
    bool known;         /* scraped at least once */
    bool up;
    int64_t last_ms; /* wall time of the last scrape's end; -1 */
    double duration_s;
    uint64_t samples;
    char error[200]; /* "" when up */
};

enum err scrape_start(const struct scrape_options *options, struct config *cfg,
                      struct scraper **ret) MUST_CHECK;
/* Takes a reference of cfg; targets that stay keep their state. */
void scrape_reload(struct scraper *s, struct config *cfg);
/* Stops fetching, hands over nothing more. The targets' states can still be asked for. */
void scrape_stop(struct scraper *s);
/* Of a stopped scraper, or NULL. */
void scrape_free(struct scraper *s);

/* Copies the targets' states; strings go into the arena. ERR_NOMEM, ERR_LIMIT. */
enum err scrape_targets(struct scraper *s, struct arena *arena, struct scrape_target_state **ret,
                        size_t *ret_count) MUST_CHECK;

/* What targets told of their metrics, and the exemplars of their samples; both lock themselves. */
struct metadata *scrape_metadata(const struct scraper *s);
struct exemplars *scrape_exemplars(const struct scraper *s);

#endif
