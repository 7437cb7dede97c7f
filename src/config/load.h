/* Loading from memory: what config_load does once the file is read. For tests and the fuzzer too.
 */
#ifndef FUSEBOX_CONFIG_LOAD_H
#define FUSEBOX_CONFIG_LOAD_H

#include "config/config.h"

/* As config_load; sources->file only names the text in errors, and may be NULL. */
enum err config_load_text(struct str text, const struct config_sources *sources,
                          struct config **ret, struct config_errors *errors) MUST_CHECK;

/* Keys of Prometheus outside of `global` and `scrape_configs` that have no effect yet; ends with
 * NULL. */
const char *const *config_unused_paths(void);

#endif
