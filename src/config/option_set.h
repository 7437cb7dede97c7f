/*
 * The values of a table of options, filled from its four sources in the order
 * of rising precedence.
 *
 *   option_set_init                 the defaults
 *   option_set_read_key             once per key of the file that is no section
 *   option_set_read_environment
 *   option_set_read_settings        --set
 *
 * The name of an option is a path: "storage.retention" is the key `retention` in
 * the map `storage`. A secret may be given as `x` or, by the name of a file that
 * holds it, as `x_file`; the environment variable of that form ends in _FILE.
 *
 * Memory    Values borrow the file's texts; everything else is copied into the
 *           arena. The caller gives `values` and `places`, one per row.
 * Threads   Single owner.
 */
#ifndef FUSEBOX_CONFIG_OPTION_SET_H
#define FUSEBOX_CONFIG_OPTION_SET_H

#include "base/arena.h"
#include "config/config.h"
#include "config/option_value.h"
#include "config/report.h"

enum { SECRET_FILE_MAX_BYTES = 65536 };

struct option_place {
    const struct node *key; /* of the file, or NULL */
    bool is_file_form;      /* x_file */
};

struct option_set {
    const struct option_row *rows;
    size_t count;
    struct option_value *values;
    struct option_place *places;
    const char *const *unused_paths; /* keys that Prometheus has there; ends with NULL */
    struct str secret_dir;           /* relative names in the file start there; may be empty */
    struct arena *arena;
    struct report *report;
};

void option_set_init(struct option_set *set);

/* One key of the topmost map; false: no option begins with it, nothing was reported. */
bool option_set_read_key(struct option_set *set, const struct node *value);
void option_set_read_environment(struct option_set *set, char *const *environment);
void option_set_read_settings(struct option_set *set, const struct config_setting *settings,
                              size_t count);

/* Offers the first part of every name to a suggestion. */
struct suggestion;
void option_set_suggest_top(const struct option_set *set, struct suggestion *s);

#endif
