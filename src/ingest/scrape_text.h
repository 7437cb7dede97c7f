/*
 * A scraped body's lines, in the format that its Content-Type names.
 *
 *   scrape_text_init(&r, body, scrape_text_is_openmetrics(content_type))
 *   while ((err = scrape_text_next(&r, &it, diag)) == ERR_OK && it.line.kind != EXPOSITION_END)
 *   scrape_text_parse_series(&r, it.line.series, &builder, diag)
 *
 * Memory    Everything points into the body.
 * Threads   Value.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_TEXT_H
#define FUSEBOX_INGEST_SCRAPE_TEXT_H

#include "wire/openmetrics.h"

/* What a scrape asks for, in Prometheus 2.42's words. */
#define SCRAPE_ACCEPT                                                                              \
    "application/openmetrics-text;version=1.0.0,"                                                  \
    "application/openmetrics-text;version=0.0.1;q=0.75,"                                           \
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

struct scrape_text {
    bool is_openmetrics;
    struct exposition_reader plain;
    struct openmetrics_reader openmetrics;
};

/* Anything else, and none, is Prometheus text 0.0.4. */
bool scrape_text_is_openmetrics(struct str content_type);

void scrape_text_init(struct scrape_text *r, struct str body, bool is_openmetrics);

enum err scrape_text_next(struct scrape_text *r, struct openmetrics_line *ret,
                          struct diag *diag) MUST_CHECK;

enum err scrape_text_parse_series(const struct scrape_text *r, struct str series,
                                  struct labels_builder *builder, struct diag *diag) MUST_CHECK;

int scrape_text_line(const struct scrape_text *r); /* of the line read last, from 1 */

#endif
