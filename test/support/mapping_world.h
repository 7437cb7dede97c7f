/*
 * A mapping over a store of its own, and an ear that adds up the signals it hears.
 *
 * Subjects are named "service/breaker by caller"; an endpoint stands behind the
 * breaker as "@endpoint".
 */
#ifndef FUSEBOX_TEST_MAPPING_WORLD_H
#define FUSEBOX_TEST_MAPPING_WORLD_H

#include "batch_text.h"
#include "ingest/mapping.h"
#include "unit.h"

enum {
    EAR_SUBJECTS_MAX = 32,
    EAR_NAME_BYTES = 128,
    EAR_BUCKETS_MAX = 64,
    EAR_KINDS = SIGNAL_KIND_COUNT,
};

/* Calls between two bounds. */
struct ear_bucket {
    uint32_t subject;
    double from_s, bound_s, calls;
};

struct ear {
    char names[EAR_SUBJECTS_MAX][EAR_NAME_BYTES];
    double sum[EAR_SUBJECTS_MAX][EAR_KINDS]; /* of states and levels: the newest */
    int count[EAR_SUBJECTS_MAX][EAR_KINDS];
    struct ear_bucket buckets[EAR_BUCKETS_MAX];
    int bucket_count;
    int64_t at_ms;
    uint32_t subject_count;
    bool refuse;
    uint64_t epoch;
    int asked; /* how often for a subject */
};

struct mapping_world {
    struct test_store store;
    struct ear ear;
    struct mapping *mapping;
    int64_t now_ms;
};

struct config *mapping_world_config(const char *text);

/* Asserts inside. `config` is the text of a configuration, or NULL. */
void mapping_world_open(struct mapping_world *w, const char *config);
/* Another configuration takes over. */
enum err mapping_world_configure(struct mapping_world *w, const char *config);
void mapping_world_close(struct mapping_world *w);

/* Applies one batch of "series value" lines, a second after the one before. "stale" is a marker. */
void mapping_world_apply(struct mapping_world *w, const char *text);

/* The sum of what was heard; fails when nothing ever was of the subject. */
double mapping_world_heard(const struct mapping_world *w, const char *name, enum signal_kind kind);
int mapping_world_times(const struct mapping_world *w, const char *name, enum signal_kind kind);
/* What was heard of the buckets of a subject since the last time, as "from..bound calls, ", those
 * without calls left out. */
const char *mapping_world_buckets(struct mapping_world *w, const char *name);
enum breaker_state mapping_world_state(const struct mapping_world *w, const char *name);

#endif
