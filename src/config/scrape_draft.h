/* What `scrape_configs` says, while it is read: the result, and the nodes that are read later. */
#ifndef FUSEBOX_CONFIG_SCRAPE_DRAFT_H
#define FUSEBOX_CONFIG_SCRAPE_DRAFT_H

#include "config/config.h"
#include "config/yaml.h"

struct scrape_draft {
    struct config_scrape out;
    const struct node *params;
    const struct node *static_configs;
    const struct node *file_sd_configs;
    const struct node *basic_auth;
    const struct node *authorization;
    const struct node *tls_config;
    struct str bearer_token;
    struct str bearer_token_file;
};

struct file_sd_draft {
    const struct node *files;
    int64_t refresh_interval_ms;
};

struct group_draft {
    const struct node *targets;
    const struct node *labels;
};

#endif
