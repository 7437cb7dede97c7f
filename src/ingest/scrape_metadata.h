/*
 * The metadata of one scraped body, put together from its TYPE, HELP and UNIT lines.
 *
 *   { scrape_metadata_hash }* while the body is read -> scrape_metadata_update
 *
 * In the steady state a body says what the one before said: then the hashes are
 * equal, and the body is not looked at again.
 *
 * Limits    SCRAPE_METADATA_MAX_COUNT metrics per body; further ones are left out.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_METADATA_H
#define FUSEBOX_INGEST_SCRAPE_METADATA_H

#include "ingest/metadata.h"
#include "ingest/scrape_text.h"

enum { SCRAPE_METADATA_MAX_COUNT = METADATA_MAX_COUNT };

/* The hash of the lines before, 0 at first, and of this metadata line. Never 0. */
uint64_t scrape_metadata_hash(uint64_t before, const struct exposition_line *line);

/*
 * Replaces the list when `hash` is not the list's. Without memory the list may be
 * empty until the next scrape.
 */
void scrape_metadata_update(struct metadata *m, struct metadata_list *list, uint64_t hash,
                            struct str body, bool is_openmetrics);

#endif
