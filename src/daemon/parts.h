/*
 * The parts of the daemon: what it is made of, the order in which they are opened,
 * wired, started and stopped.
 *
 *   parts_start -> { parts_set_retention }* -> parts_stop        also when start failed
 *
 * Threads   Main. The asks of the API may come from any http thread.
 */
#ifndef FUSEBOX_DAEMON_PARTS_H
#define FUSEBOX_DAEMON_PARTS_H

#include <stdio.h>

#include "base/budget.h"
#include "config/config.h"
#include "daemon/limits.h"
#include "daemon/listen_address.h"
#include "daemon/query_thread.h"
#include "daemon/safe_mode.h"
#include "daemon/state_thread.h"
#include "daemon/write_thread.h"
#include "http/auth_desk.h"
#include "ingest/events.h"
#include "ingest/remote_write.h"

enum { INSTANCE_BYTES = 140 };

struct daemon {
    const struct config_sources *sources;
    struct config *config;
    struct config *first_config; /* of the start: what takes a restart points into its texts */
    struct clock clock;
    struct log log;
    int lock_fd;
    struct api api;
    bool views_ready;
    struct tsdb *db;
    struct scraper *scraper;
    struct events events;
    struct remote_write remote_write;
    bool events_ready; /* and remote_write */
    struct http_server *server;
    struct write_thread write;
    struct seal_thread seal;
    struct state_thread state;
    struct evaluate_thread evaluate;
    struct query_thread query;
    struct queue reloads; /* struct http_parked: who asked */
    struct budget budget;
    struct notices notices;
    struct safe_mode_start starts;
    struct limits_files files;
    atomic_bool sync_failed; /* then it ends */
    struct listen_address listen;
    struct auth_desk auth;
    char instance[INSTANCE_BYTES];
    FILE *out, *err_out;
};

/* Locks the data directory, replays, starts all threads; the diag says what stands in the way. */
enum err parts_start(struct daemon *d, struct diag *diag) MUST_CHECK;
void parts_stop(struct daemon *d);
void parts_set_retention(struct daemon *d, const struct config *cfg);

#endif
