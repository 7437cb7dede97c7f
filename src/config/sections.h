/*
 * The sections of the file: `global` and `scrape_configs` in Prometheus' words,
 * `services` in those of the retry budget's documents.
 *
 * Each reader fills its part of the snapshot and reports what is wrong; the
 * tables of keys are shown by the reference page.
 *
 * Memory    Results live in the snapshot's arena; texts are borrowed from there.
 * Threads   Value.
 * Source    Prometheus 2.42, configuration: global, scrape_config, static_config.
 */
#ifndef FUSEBOX_CONFIG_SECTIONS_H
#define FUSEBOX_CONFIG_SECTIONS_H

#include "config/bind.h"
#include "config/snapshot.h"

enum {
    SCRAPE_INTERVAL_DEFAULT_MS = 60000,
    SCRAPE_TIMEOUT_DEFAULT_MS = 10000,
    SCRAPE_INTERVAL_MIN_MS = 100,
    JOB_NAME_MAX_BYTES = 256,
    SERVICE_NAME_MAX_BYTES = 256,
    SERVICE_TEXT_MAX_BYTES = 256,
};

struct section {
    struct config *cfg;
    struct report *report;
};

struct global {
    int64_t scrape_interval_ms;
    int64_t scrape_timeout_ms;
    const struct node *external_labels;
};

extern const struct field_table global_table;
extern const struct field_table scrape_table;
extern const struct field_table static_config_table;
extern const struct field_table service_table;
extern const struct field_table slo_targets_table;

/* `node` NULL: the section is absent, `global` gets its defaults. */
void section_read_global(struct section *s, const struct node *node, struct global *ret);
void section_read_scrapes(struct section *s, const struct node *list, const struct global *global);
/* After the options, since thresholds that are not given are theirs. */
void section_read_services(struct section *s, const struct node *list);

/* A map of labels. Those that begin with "__" steer Prometheus and are left out (unused). */
bool section_read_labels(struct section *s, const struct node *map, struct labels *ret);

#endif
