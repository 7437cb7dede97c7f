/*
 * Power cut: the script runs once and its calls are recorded; each case is a seed
 * that chooses where the power goes and what of the unsynced is on the disk.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "break.h"
#include "disk_replay.h"

enum { CASES_DEFAULT = 1000 };

static void live_recorded(const struct break_options *o, const char *dir, struct progress *p,
                          const void *ctx)
{
    int fd = open(ctx, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        exit(2);
    disk_shim_arm(&(struct disk_plan){ .dir = dir, .log_fd = fd });
    break_live(o, dir, p);
}

/* What the sender knew at the cut; relaxed: what was acknowledged before the log's last sync. */
static void read_notes(const struct break_options *o, const struct disk_log *log, size_t cut,
                       struct progress *p)
{
    size_t certain = o->relaxed ? 0 : cut;

    for (size_t i = 0; o->relaxed && i < cut; i++)
        if (log->records[i].head.kind == DISK_SYNC &&
            strcmp(log->records[i].path, "samples.db-wal") == 0)
            certain = i;
    for (size_t i = 0; i < cut; i++) {
        const char *text = log->records[i].bytes;

        if (log->records[i].head.kind != DISK_NOTE)
            continue;
        if (strncmp(text, "begun ", 6) == 0)
            sscanf(text, "begun %d %d", &p->op, &p->begun);
        else if (i < certain)
            sscanf(text, "acked %d", &p->acked);
    }
}

/* What was not demanded was not kept by its sender: it goes on with what the store has. */
static void go_back(const struct break_options *o, struct progress *p)
{
    int step = p->acked + 1;

    if (!o->relaxed)
        return;
    for (int i = 0; i < script_op_count(); i++)
        if (script_op(i).kind == SCRIPT_COMMIT && script_op(i).step == step && i < p->op)
            p->op = i;
}

static bool cut_at(const struct break_options *o, const char *dir, struct progress *p,
                   uint64_t number, const void *ctx)
{
    const struct disk_log *log = ctx;
    struct rng rng = rng_seeded(number);
    size_t cut = (size_t)rng_below(&rng, log->count + 1);
    int ended;

    read_notes(o, log, cut, p);
    go_back(o, p);
    disk_log_build(log, cut, &rng, dir);
    ended = break_child(o, dir, p, break_check, NULL);
    if (ended)
        break_say(p, "crashed: %d", ended);
    if (p->text[0]) {
        char text[BREAK_TEXT_BYTES];

        memcpy(text, p->text, sizeof text);
        snprintf(p->text, sizeof p->text, "(cut at record %zu of %zu) %.400s", cut, log->count,
                 text);
    }
    return !p->text[0];
}

int break_power(const struct break_options *o)
{
    struct progress *p = break_progress_new();
    struct break_result result = { 0 };
    struct disk_log *log;
    char path[PATH_MAX];
    char dir[PATH_MAX];
    int ended;

    snprintf(path, sizeof path, "%s/power.log", o->dir);
    snprintf(dir, sizeof dir, "%s/whole", o->dir);
    break_dir_make(dir);
    ended = break_child(o, dir, p, live_recorded, path);
    if (ended || p->text[0]) {
        printf("finding: undisturbed: ended with %d: %s\n", ended, p->text);
        return 1;
    }
    break_dir_remove(dir);
    log = disk_log_read(path);
    result = break_share(o, "power", o->last ? o->last : CASES_DEFAULT, cut_at, log);
    printf("power: %llu states from %zu records, %llu findings\n", (unsigned long long)result.cases,
           log->count, (unsigned long long)result.findings);
    disk_log_free(log);
    if (!o->verbose)
        unlink(path);
    return result.findings || !result.cases;
}
