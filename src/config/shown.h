/*
 * The configuration in force as YAML, for people and for tools that know
 * Prometheus' /api/v1/status/config.
 *
 * Every option has its value, wherever it came from; of the sections `global`,
 * `scrape_configs`, `services` and `mappings` there is what the file says. Keys without effect are
 * left out. A secret is `<secret>`, a URL's user name and password too. The text loads again.
 *
 * Memory    The text lives in the snapshot.
 * Limits    CONFIG_SHOWN_MAX_BYTES.
 */
#ifndef FUSEBOX_CONFIG_SHOWN_H
#define FUSEBOX_CONFIG_SHOWN_H

#include "config/snapshot.h"
#include "config/yaml.h"

enum { CONFIG_SHOWN_MAX_BYTES = 8 << 20 };

/* Sets cfg->shown. `root`: the file's tree, whose keys are known to be right. ERR_LIMIT, ERR_NOMEM.
 */
enum err config_show(struct config *cfg, const struct node *root) MUST_CHECK;

#endif
