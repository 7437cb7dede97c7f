/*
 * A target's labels as the configuration says them, before anything becomes of
 * them: __address__, __scheme__, __metrics_path__, __scrape_interval__,
 * __scrape_timeout__, __param_<name>, job and the labels of its group.
 *
 * Memory    The result lives in the arena.
 * Source    Prometheus 2.42, scrape.PopulateLabels; shown by GET /api/v1/targets.
 */
#ifndef FUSEBOX_INGEST_DISCOVERED_H
#define FUSEBOX_INGEST_DISCOVERED_H

#include "config/config.h"

/* ERR_NOMEM, ERR_LIMIT, ERR_INVALID. */
enum err discovered_labels(const struct config_scrape *scrape, const struct config_target *target,
                           struct arena *arena, struct labels *ret) MUST_CHECK;

#endif
