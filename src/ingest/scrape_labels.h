/*
 * The labels of a scraped series: what the line says, joined with what the
 * target is called.
 *
 * Where both have a name, the target's value wins and the scraped one becomes
 * exported_<name>; with honor_labels the scraped one stays, even when it is
 * empty (job="" then means: no job). Names that begin with "__" are reserved and
 * dropped, but for the metric's name.
 *
 * Memory    New names live in the builder's arena.
 * Source    Prometheus, scrape configuration: honor_labels.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_LABELS_H
#define FUSEBOX_INGEST_SCRAPE_LABELS_H

#include "model/labels.h"

/*
 * The builder holds the labels of `series` (the line's text, in which empty
 * labels can still be seen); adds the target's. ERR_NOMEM, ERR_LIMIT.
 */
enum err scrape_labels_join(struct labels_builder *builder, struct str series, struct labels target,
                            bool honor_labels, struct diag *diag) MUST_CHECK;

#endif
