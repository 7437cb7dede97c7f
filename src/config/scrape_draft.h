/* What `scrape_configs` says, while it is read: the result, and the nodes that are read later. */
#ifndef FUSEBOX_CONFIG_SCRAPE_DRAFT_H
#define FUSEBOX_CONFIG_SCRAPE_DRAFT_H

#include "config/config.h"
#include "config/yaml.h"

struct scrape_draft {
    struct config_scrape out;
    const struct node *params;
    const struct node *static_configs;
};

struct group_draft {
    const struct node *targets;
    const struct node *labels;
};

#endif
