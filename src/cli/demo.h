/*
 * The demonstration: a real system that fails and recovers, watched by Fusebox.
 *
 * HAProxy stands in front of three services, each with one server in each of
 * three nginx processes. A driver calls the services at a constant rate while
 * scenes (demo_scene.h) make one of them fail and recover. Fusebox runs as a
 * child and scrapes HAProxy's exporter every second.
 *
 *   demo_run(&opt)     prints its progress, last the page's URL, then one line
 *                      for each change of scene; returns when all has ended
 *
 * Files     DATA/demo holds the configurations, logs and pids of the programs,
 *           DATA/fusebox the data of the daemon.
 * Threads   Called from the main thread, once; it forks, and its children end
 *           when this thread ends.
 * Limits    Everything listens on free loopback ports, except Fusebox itself.
 *           SIGINT, SIGTERM and SIGHUP end it within DEMO_STOP_MAX_MS.
 */
#ifndef FUSEBOX_CLI_DEMO_H
#define FUSEBOX_CLI_DEMO_H

#include <stdbool.h>
#include <stdint.h>

enum { DEMO_RATE_DEFAULT_PER_S = 60, DEMO_RATE_MAX_PER_S = 1000, DEMO_STOP_MAX_MS = 5000 };

struct demo_options {
    const char *data_dir; /* NULL: ./fusebox-data */
    const char
        *listen; /* Fusebox's address, numeric; NULL: 127.0.0.1:8080, or a free port when taken */
    int rate_per_s;      /* calls to each service; 0: DEMO_RATE_DEFAULT_PER_S */
    int64_t duration_ms; /* 0: until a signal comes */
    bool only_scene;     /* without Fusebox: for people who bring their own Prometheus */
};

/* Returns the exit code (base/err.h): 0 also when a signal ended it. Errors are printed to stderr.
 */
int demo_run(const struct demo_options *opt);

#endif
