/*
 * What of a body of samples was not stored, and the sentence that says so.
 *
 *   { write_faults_add_labels | sample_leave_out(&f.samples, ...) }*   while the body is read
 *   -> write_faults_join                                               behind the commit
 *   -> write_faults_count, write_faults_tell
 *
 *   "3 of 10 samples were not stored: 2 too late (storage.out_of_order_window),
 *    1 with another value than was stored; the first: up{job="web"} at 2026-11-20T02:41:07.123Z,
 * ..."
 *
 * Threads   Single owner.
 * Memory    A plain value.
 */
#ifndef FUSEBOX_INGEST_WRITE_FAULTS_H
#define FUSEBOX_INGEST_WRITE_FAULTS_H

#include "tsdb/tsdb.h"

struct write_faults {
    size_t labels_count; /* samples of series whose labels are not valid */
    struct diag labels;  /* the first of those */
    struct samples_left_out samples;
};

void write_faults_add_labels(struct write_faults *f, size_t samples, struct str metric,
                             const struct diag *why);
void write_faults_join(struct write_faults *f, const struct samples_left_out *more);

size_t write_faults_count(const struct write_faults *f); /* samples */
/* ERR_OK: there are none. ERR_INVALID: of sample_count samples some were not stored, says *diag;
 * the references are leased. */
enum err write_faults_tell(const struct write_faults *f, struct tsdb *db, size_t sample_count,
                           struct diag *diag) MUST_CHECK;

#endif
