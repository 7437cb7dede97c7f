/*
 * Taking over a new configuration while everything runs: all of it, or none.
 *
 * Threads   The main thread; requests arrive through a bounded queue.
 */
#ifndef FUSEBOX_DAEMON_RELOAD_H
#define FUSEBOX_DAEMON_RELOAD_H

#include "base/log.h"
#include "config/config.h"
#include "http/server.h"

/* Options that differ, need a restart and so keep their old value: a warning each. */
void reload_warn_of_restarts(struct log *log, const struct config *before,
                             const struct config *after);

/* What the whole configuration is refused for, beside what its loading found. */
void reload_add_error(struct config_errors *errors, const struct diag *diag);

/* Logs each error with its place, then each warning. */
void reload_log_errors(struct log *log, const struct config_errors *errors);

/* Answers POST /-/reload: {"status":"ok",…}, or 400 with all errors in the message. */
void reload_answer(struct http_parked *parked, enum err err, const struct config_errors *errors);

#endif
