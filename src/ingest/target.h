/*
 * A scrape target: what the configuration says of it, and what is known of it.
 *
 * Two targets with the same identity (URL, labels, settings) are the same one, so
 * a reload can hand the old object on with its cache and its state.
 *
 *   target_new(cfg, scrape, job, target) -> ... -> target_free
 *
 * Memory    target_new gives an object; its texts live in its own arena.
 * Threads   Owned by the scrape thread; `state` is read by others under the
 *           scraper's lock.
 * Source    Prometheus, scrape configuration: defaults of job, instance and port.
 */
#ifndef FUSEBOX_INGEST_TARGET_H
#define FUSEBOX_INGEST_TARGET_H

#include "base/vec.h"
#include "config/config.h"
#include "ingest/label_limits.h"
#include "ingest/metadata.h"
#include "ingest/scrape_job.h"
#include "ingest/series_cache.h"
#include "model/sample.h"

/* The series about the scrape itself, in the order of their values. */
enum target_report {
    REPORT_UP,
    REPORT_DURATION,
    REPORT_SAMPLES,
    REPORT_SAMPLES_KEPT,
    REPORT_SERIES_ADDED,
    REPORT_COUNT,
};

enum { TARGET_ERROR_BYTES = 200 };

struct target_state {
    bool known;
    bool up;
    int64_t started_ms; /* -1: never */
    int64_t last_ms;
    double duration_s;
    uint64_t samples;
    char error[TARGET_ERROR_BYTES];
};

struct scraper;

struct target {
    struct arena arena;
    struct str identity;
    const char *url;
    struct labels labels;     /* with job and instance */
    struct labels discovered; /* what the configuration says, as Prometheus tells it */
    struct str pool;          /* its job_name */
    int64_t interval_ms;
    int64_t timeout_ms;
    size_t body_max_bytes;
    size_t samples_max_count;
    struct label_limits label_limits;
    bool honor_labels;
    bool honor_timestamps;

    struct scrape_job *shared; /* with the job's other targets */
    struct scraper *scraper;
    struct target *next;  /* among those that leave */
    int64_t next_mono_ns; /* its next beat */
    int64_t aligned_ms;   /* wall time of the beat before, without the jitter of waiting */
    int64_t started_ms;   /* of the scrape that runs */
    bool in_flight;
    bool listed;  /* taken over by the set that is being built */
    bool leaving; /* no longer in the configuration */
    bool report_had;
    bool report_asked;                  /* the references are of this lease */
    uint32_t report_refs[REPORT_COUNT]; /* 0: not known */
    int64_t asked_mono_ns;              /* when references began to be asked for again */
    int64_t began_mono_ns;              /* the pass that is under way … */
    int64_t handed_mono_ns;             /* … the last one that was handed over … */
    int64_t good_mono_ns;               /* … and was good */
    int64_t last_ts_ms;                 /* of the newest sample handed over */
    size_t expected_count;              /* samples of the batch before */
    struct series_cache cache;
    bool is_openmetrics;  /* the answer that is read */
    struct vec exemplars; /* struct exemplar_scraped of that answer */
    struct metadata_list metadata;
    struct metadata *metadata_store; /* where the list is held; NULL before the first */
    struct target_state state;
};

/* Takes a reference of `job`. ERR_NOMEM, ERR_LIMIT, ERR_INVALID. */
enum err target_new(const struct config *cfg, const struct config_scrape *scrape,
                    struct scrape_job *job, const struct config_target *from, struct target **ret,
                    struct diag *diag) MUST_CHECK;
void target_free(struct target *t);

/* Where in its interval the target's beats lie, 0 .. interval_ms - 1; the same after a restart. */
int64_t target_offset_ms(const struct target *t);

/* Sets the first beat: the next wall time that is `offset` behind a multiple of the interval. */
void target_set_first_beat(struct target *t, int64_t now_ms, int64_t mono_ns);

/* Moves to the beat after mono_ns; returns how many whole beats were passed over. */
uint64_t target_pass_beat(struct target *t, int64_t mono_ns);

/*
 * The time that a scrape started now is booked at: the exact beat when now_ms is
 * within 2 ms of it (equal distances compress well), else now_ms.
 */
int64_t target_align_ms(struct target *t, int64_t now_ms);

struct str target_job(const struct target *t);
struct str target_instance(const struct target *t);

#endif
