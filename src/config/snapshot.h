/* The inside of a configuration snapshot; for the readers in this room only. */
#ifndef FUSEBOX_CONFIG_SNAPSHOT_H
#define FUSEBOX_CONFIG_SNAPSHOT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "config/config.h"
#include "config/option_value.h"

enum { SNAPSHOT_MAX_BYTES = 64 << 20 };

struct config {
    atomic_int references;
    struct arena arena; /* holds everything below */
    struct option_value values[OPT_COUNT];
    const struct config_scrape *scrapes;
    size_t scrape_count;
    const struct config_service *services;
    size_t service_count;
    const struct config_mapping *mappings;
    size_t mapping_count;
    struct labels external_labels;
    struct str shown; /* all of it as YAML, secrets masked (shown.h) */
};

struct config *snapshot_new(void) MUST_CHECK; /* one reference; NULL: no memory */

#endif
