/*
 * A program that the demonstration started: a child in a process group of its
 * own, so that it is ended by its pid together with its workers.
 *
 *   demo_process_start -> { demo_process_signal | demo_process_on_exit }* -> demo_processes_stop
 *
 * The child reads /dev/null, writes stdout and stderr to its log, and gets
 * SIGTERM when the thread that started it ends in whatever way. Its pid is in
 * NAME.pid beside the log while it runs.
 *
 * Threads   Owned by the main thread.
 */
#ifndef FUSEBOX_CLI_DEMO_PROCESS_H
#define FUSEBOX_CLI_DEMO_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/diag.h"

enum { DEMO_PATH_BYTES = 4096 };

struct demo_process {
    const char *name;               /* "haproxy", "nginx-a"; also of its log and pid file */
    char log_path[DEMO_PATH_BYTES]; /* DIR/NAME.log */
    char pid_path[DEMO_PATH_BYTES]; /* DIR/NAME.pid */
    pid_t pid;                      /* 0: does not run */
};

/* All-zero before; `name` is borrowed for ever. ERR_LIMIT when `dir` is too long. */
enum err demo_process_init(struct demo_process *p, const char *name, const char *dir,
                           struct diag *diag) MUST_CHECK;

/*
 * Starts `argv` with `work_dir` as its folder (NULL: ours). ERR_NOT_FOUND when
 * there is no such program, ERR_IO.
 */
enum err demo_process_start(struct demo_process *p, const char *work_dir, const char *const argv[],
                            struct diag *diag) MUST_CHECK;

/* To its whole group; nothing happens when it does not run. SIGHUP goes to the leader alone. */
void demo_process_signal(const struct demo_process *p, int signal_number);

/* Looks which of `list` have ended and marks them as not running. */
void demo_processes_reap(struct demo_process *list, size_t count);

/* SIGTERM, waits, SIGKILL for those that did not end within grace_ms. Removes their pid files. */
void demo_processes_stop(struct demo_process *list, size_t count, int64_t grace_ms);

#endif
