/* A configuration from text, for tests of what reads one. The caller unrefs it. */
#ifndef FUSEBOX_TEST_CONFIG_TEXT_H
#define FUSEBOX_TEST_CONFIG_TEXT_H

#include "unit.h"

#include "config/load.h"

static inline struct config *config_of(const char *yaml)
{
    struct config_sources sources = { .file = "test.yml" };
    struct config_errors errors;
    struct config *cfg = NULL;
    enum err err;

    config_errors_init(&errors);
    err = config_load_text(str_of(yaml), &sources, &cfg, &errors);
    if (err)
        fail_msg("%s: %s", err_name(err),
                 errors.items.count ? ((struct config_error *)errors.items.items)->message : "");
    config_errors_release(&errors);
    return cfg;
}

#endif
