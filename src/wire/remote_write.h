/*
 * The message of remote write 1.0 (prometheus.WriteRequest), read series by series.
 *
 *   struct remote_write_reader r = remote_write_of(body);
 *   while ((found = remote_write_next(&r, &series, diag)) == PROTOBUF_FIELD) {
 *       while (remote_write_label(&series, &label, diag) == PROTOBUF_FIELD) ...
 *       while (remote_write_sample(&series, &sample, diag) == PROTOBUF_FIELD) ...
 *   }
 *
 *   while ((found = remote_write_next_metadata(&r, &metadata, diag)) == PROTOBUF_FIELD) ...
 *
 * What a series holds besides labels and samples is passed over; native
 * histograms and exemplars are counted. Labels and metadata come as they were
 * sent: who keeps them checks them. The labels' bytes, `key`, stand for them: equal
 * bytes are equal labels, so that labels which are known need not be read.
 *
 * Memory    Borrows the body.
 * Threads   Value.
 * Source    Prometheus, Remote-Write 1.0 specification.
 */
#ifndef FUSEBOX_WIRE_REMOTE_WRITE_H
#define FUSEBOX_WIRE_REMOTE_WRITE_H

#include "model/labels.h"
#include "model/sample.h"
#include "wire/protobuf.h"

struct remote_write_reader {
    struct protobuf body;
    struct protobuf metadata; /* from the first to the last that was passed on the way */
};

struct remote_write_metadata {
    struct str metric, help, unit;
    struct str type; /* "counter", ... , "unknown": also for a type that is not known */
};

struct remote_write_series {
    struct str key; /* from its first label to its last one */
    struct protobuf labels, samples;
    size_t sample_count;
    size_t histogram_count;
    size_t exemplar_count;
};

struct remote_write_reader remote_write_of(struct str body);

/* PROTOBUF_BAD: ERR_INVALID with the byte. */
enum protobuf_found remote_write_next(struct remote_write_reader *r,
                                      struct remote_write_series *ret,
                                      struct diag *diag) MUST_CHECK;
/* Behind the last series. */
enum protobuf_found remote_write_next_metadata(struct remote_write_reader *r,
                                               struct remote_write_metadata *ret,
                                               struct diag *diag) MUST_CHECK;
enum protobuf_found remote_write_label(struct remote_write_series *series, struct label *ret,
                                       struct diag *diag) MUST_CHECK;
enum protobuf_found remote_write_sample(struct remote_write_series *series, struct sample *ret,
                                        struct diag *diag) MUST_CHECK;

#endif
