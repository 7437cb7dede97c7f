/*
 * The sections of the file: `global` and `scrape_configs` in Prometheus' words,
 * `services` in those of the retry budget's documents, `mappings` in ours.
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
    FILE_SD_REFRESH_DEFAULT_MS = 300000, /* 5 min, as Prometheus */
};

struct section {
    struct config *cfg;  /* NULL when only targets are read */
    struct arena *arena; /* of the results */
    struct str dir;      /* relative names of files start there; may be empty */
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
extern const struct field_table file_sd_table;
extern const struct field_table basic_auth_table;
extern const struct field_table authorization_table;
extern const struct field_table tls_config_table;
extern const struct field_table service_table;
extern const struct field_table slo_targets_table;
extern const struct field_table mapping_field_table;
enum { BUDGET_TABLES = 5 };
extern const struct field_table budget_tables[BUDGET_TABLES]; /* a table per kind */

/* `node` NULL: the section is absent, `global` gets its defaults. */
void section_read_global(struct section *s, const struct node *node, struct global *ret);
void section_read_scrapes(struct section *s, const struct node *list, const struct global *global);
/* After the options, since thresholds that are not given are theirs. */
void section_read_services(struct section *s, const struct node *list);
void section_read_mappings(struct section *s, const struct node *list);
/* One of them. Its defaults are the options of s->cfg, in whose arena the lists are put. */
void section_read_service(struct section *s, const struct node *node, struct config_service *ret);

/* After the service's own limits, which it adds to. */
void section_read_budgets(struct section *s, const struct node *list,
                          struct config_service *service);

/*
 * Groups of targets, a list of {targets, labels}. A target without a port gets
 * default_port; 0 leaves it. False: nothing was read, and the reason was reported.
 */
bool section_read_targets(struct section *s, const struct node *groups, int default_port,
                          const struct config_target **ret, size_t *ret_count);

/* What the draft of a job says about credentials and TLS. `at` is the job. */
struct scrape_draft;
void section_read_access(struct section *s, const struct node *at, struct scrape_draft *draft);

/* file_sd_configs. */
void section_read_file_sds(struct section *s, const struct node *list, struct config_scrape *ret);

/* A name of a file, put behind the section's directory unless it is absolute; reports ERR_NOMEM. */
struct str section_resolve_path(struct section *s, struct str path);

/* Reports each key that a map anywhere in the tree has twice. */
void section_check_duplicates(struct report *report, const struct node *node);

/* A map of labels. Those that begin with "__" steer Prometheus and are left out (unused). */
bool section_read_labels(struct section *s, const struct node *map, struct labels *ret);

#endif
