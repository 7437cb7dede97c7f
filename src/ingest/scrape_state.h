/*
 * A target as people ask for it: a copy of its labels and of how its last scrape went.
 *
 * Memory    Texts are copied into the arena.
 * Threads   Called with the scraper's lock held.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_STATE_H
#define FUSEBOX_INGEST_SCRAPE_STATE_H

#include "ingest/scrape.h"
#include "ingest/target.h"

/* ERR_NOMEM, ERR_LIMIT. */
enum err scrape_state_copy(const struct target *t, struct arena *arena,
                           struct scrape_target_state *ret) MUST_CHECK;

#endif
