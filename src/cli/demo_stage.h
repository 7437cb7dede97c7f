/*
 * The stage of the demonstration: HAProxy and three nginx, started, changed with
 * the scenes, and ended.
 *
 *   demo_stage_init -> demo_stage_start -> { demo_stage_play }* -> demo_stage_stop
 *
 * demo_stage_start returns when the programs run; they are ready when
 * demo_stage_is_ready says so. Fusebox itself is one more process in the list,
 * started by demo_stage_start_fusebox.
 *
 * Threads   Owned by the main thread.
 * Memory    A plain value (about 40 KiB: the paths).
 */
#ifndef FUSEBOX_CLI_DEMO_STAGE_H
#define FUSEBOX_CLI_DEMO_STAGE_H

#include "cli/demo_config.h"
#include "cli/demo_net.h"
#include "cli/demo_process.h"

enum demo_role {
    DEMO_HAPROXY,
    DEMO_NGINX_FIRST,
    DEMO_FUSEBOX = DEMO_NGINX_FIRST + DEMO_TIER_COUNT,
    DEMO_ROLE_COUNT,
};

struct demo_stage {
    char dir[DEMO_PATH_BYTES]; /* DATA/demo, absolute */
    const char *haproxy_path;
    const char *nginx_path;
    const char *nginx_user; /* NULL unless we are root */
    const char *nginx_group;
    int lock_fd;
    struct demo_ports ports;
    struct demo_tier_state tiers[DEMO_TIER_COUNT];
    struct demo_process processes[DEMO_ROLE_COUNT];
};

/*
 * Finds the programs, makes DATA/demo and takes its lock. ERR_NOT_FOUND names the missing packages,
 * ERR_CONFLICT (another demonstration has the folder), ERR_LIMIT, ERR_IO. After a failure
 * demo_stage_stop is allowed.
 */
enum err demo_stage_init(struct demo_stage *s, const char *data_dir, struct diag *diag) MUST_CHECK;

/* Takes free ports, writes the configurations, starts the programs. ERR_IO, ERR_NOT_FOUND. */
enum err demo_stage_start(struct demo_stage *s, struct diag *diag) MUST_CHECK;

/* True when the exporter and every service answer 200. */
bool demo_stage_is_ready(const struct demo_stage *s);

/* Writes fusebox.yml and starts our own executable with it. `data_dir` is Fusebox's. */
enum err demo_stage_start_fusebox(struct demo_stage *s, const char *data_dir, const char *listen,
                                  int rate_per_s, struct diag *diag) MUST_CHECK;

/* Brings every tier into the state that the scene wants. ERR_IO. */
enum err demo_stage_play(struct demo_stage *s, const struct demo_scene *scene,
                         struct diag *diag) MUST_CHECK;

/* Starts tiers again that ended without being asked to. ERR_IO. */
enum err demo_stage_mend(struct demo_stage *s, struct diag *diag) MUST_CHECK;

/* Ends what runs, Fusebox first, and removes pid files and sockets. The folder stays locked. */
void demo_stage_stop(struct demo_stage *s);

/* Stops and lets go of the folder. All-zero is allowed. */
void demo_stage_release(struct demo_stage *s);

#endif
