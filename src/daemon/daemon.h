/*
 * The daemon: main thread, wiring, order of start and stop. The only place that
 * knows everyone.
 *
 * daemon_run reads the configuration, locks the data directory, replays the log,
 * starts the threads, prints one line with its URL to `out` when it may be used,
 * and returns the exit code after SIGTERM or SIGINT. SIGHUP reloads.
 *
 * Threads   main (signals, configuration), http 1..n, scrape, write, evaluate.
 */
#ifndef FUSEBOX_DAEMON_DAEMON_H
#define FUSEBOX_DAEMON_DAEMON_H

#include <stdio.h>

#include "config/config.h"

int daemon_run(const struct config_sources *sources, FILE *out, FILE *err_out);

#endif
