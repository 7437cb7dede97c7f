/*
 * Where the readers of a configuration put what they find: all errors, with
 * their places, and the known but unused keys, which become one warning.
 *
 *   report_init -> { report_error | report_unused | report_fatal }* -> report_finish
 *
 * Memory    Borrows the file's name and the names of unused keys until finish;
 *           release with report_release.
 * Threads   Single owner.
 */
#ifndef FUSEBOX_CONFIG_REPORT_H
#define FUSEBOX_CONFIG_REPORT_H

#include "config/config.h"
#include "config/yaml.h"

struct report {
    struct config_errors *errors;
    struct str file;
    struct vec unused; /* struct unused_key */
    enum err fatal;    /* ERR_NOMEM and the like; the first stays */
};

enum { SHOWN_BYTES = 64, UNUSED_KEYS_MAX = 4096 };

void report_init(struct report *r, struct str file, struct config_errors *errors);
void report_release(struct report *r);

/* An error at a node of the file; `at` NULL: not in the file, the message names where. */
void report_error(struct report *r, const struct node *at, const char *format, ...)
    PRINTF_LIKE(3, 4);
void report_warning(struct report *r, const char *format, ...) PRINTF_LIKE(2, 3);
/* A key that Prometheus knows and Fusebox does not use yet. */
void report_unused(struct report *r, const struct node *key);
void report_fatal(struct report *r, enum err err);

/* Writes the warning about unused keys, puts errors in the order of lines: ERR_OK, ERR_INVALID or
 * the fatal error. */
enum err report_finish(struct report *r) MUST_CHECK;

/* Foreign text for a message: control characters replaced, cut when long. Returns `out`. */
const char *report_shown(struct str text, char out[SHOWN_BYTES]);

#endif
