/*
 * Limits on the labels of each series of a scrape; one that is over fails the
 * whole scrape, as in Prometheus. The target's own labels and the metric's name
 * count.
 *
 * Source    Prometheus 2.42, scrape.verifyLabelLimits.
 */
#ifndef FUSEBOX_INGEST_LABEL_LIMITS_H
#define FUSEBOX_INGEST_LABEL_LIMITS_H

#include "base/diag.h"
#include "model/labels.h"

/* 0: no limit. */
struct label_limits {
    size_t count;
    size_t name_bytes;
    size_t value_bytes;
};

/* ERR_INVALID: over a limit. */
enum err label_limits_check(const struct label_limits *limits, struct labels labels,
                            struct diag *diag) MUST_CHECK;

#endif
