/*
 * Samples: a time in Unix milliseconds and a double; and the batch in which they
 * travel from a source to the store and on to the evaluation.
 *
 * A stale marker is the NaN with the bits SAMPLE_STALE_BITS; compare bits, never
 * values, and copy doubles whole (never compute with them) to keep the bits.
 */
#ifndef FUSEBOX_MODEL_SAMPLE_H
#define FUSEBOX_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

#define SAMPLE_STALE_BITS UINT64_C(0x7ff0000000000002)

struct sample {
    int64_t ts_ms;
    double value;
};

struct series_sample {
    uint32_t series; /* reference given by tsdb_series */
    int64_t ts_ms;
    double value;
};

/* Why a sample is not stored. */
enum sample_fault {
    SAMPLE_TOO_OLD,     /* older than the retention */
    SAMPLE_TOO_FAR,     /* too far ahead of the clock */
    SAMPLE_TOO_LATE,    /* too far behind its series */
    SAMPLE_OTHER_VALUE, /* its series has another value at that time, which stays */
    SAMPLE_ORPHANED,    /* its series has left memory */
    SAMPLE_FAULTS,
};

/* Samples that are not stored, by reason; the first of each. */
struct samples_left_out {
    struct {
        size_t count;
        struct series_sample first;
    } by[SAMPLE_FAULTS];
};

static inline void sample_leave_out(struct samples_left_out *out, enum sample_fault fault,
                                    const struct series_sample *sample)
{
    if (!out->by[fault].count++)
        out->by[fault].first = *sample;
}

struct signal_sink;
struct batch_cargo;

/*
 * What a source sends along with its samples, to hear what becomes of them and to be
 * evaluated with them.
 */
struct batch_cargo {
    /* By the write thread, once: ERR_OK when the batch was committed and synced, but for the
     * samples that were left out. Behind it their references are leased still. */
    void (*settle)(struct batch_cargo *cargo, const struct samples_left_out *left_out,
                   enum err err);
    /* By the evaluate thread, behind the batch's samples; NULL: they are all. */
    void (*evaluate)(struct batch_cargo *cargo, const struct signal_sink *sink);
    void (*free)(struct batch_cargo *cargo); /* with its batch, settled or not */
};

/*
 * What a source told, word for word: stored in the transaction of the batch's samples.
 * The text stands as long as the batch.
 */
struct batch_events {
    struct str text;
    uint32_t count;         /* of events in it; 0: none are stored */
    uint32_t id_count;      /* that have an id of their sender */
    int64_t min_ms, max_ms; /* their own times */
};

/*
 * One delivery of one source (a scrape, a tick of own metrics). It is committed
 * whole or not at all.
 *
 * Memory    sample_batch_new / _free; the queue that takes it owns it.
 */
struct sample_batch {
    int64_t received_ms;       /* wall time at which its last byte came */
    int64_t received_mono_ns;  /* the same instant on the monotonic clock */
    struct batch_cargo *cargo; /* NULL: none; gone with the batch */
    struct batch_events events;
    struct samples_left_out left_out; /* by the commit */
    size_t count;
    size_t capacity_count;
    struct series_sample items[];
};

/* Samples of one series that grow: mem_free(items) releases them. */
struct sample_list {
    struct sample *items;
    size_t count;
    size_t capacity_count;
};

/* Room for one more, or for so many more; false: no memory. */
bool sample_list_reserve(struct sample_list *list) MUST_CHECK;
bool sample_list_room(struct sample_list *list, size_t more) MUST_CHECK;

struct sample_batch *sample_batch_new(size_t capacity_count) MUST_CHECK; /* NULL: no memory */
void sample_batch_free(struct sample_batch *batch);

static inline uint64_t sample_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double sample_from_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline bool sample_is_stale(double value)
{
    return sample_bits(value) == SAMPLE_STALE_BITS;
}

#endif
