/*
 * kill -9 at every call that changes a file: case 2n-1 right before call n, case 2n
 * in the middle of it (half of a write's bytes are there) or, where it has no
 * middle, right behind it. The cases behind these are seeds of two kills, the
 * second soon after the store was opened again: recovery is repeatable, too.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "break.h"

enum { TWICE_CASES = 500, SOON_CALLS = 60 };

struct kill_plan {
    uint64_t at; /* 0: only count */
    enum disk_when when;
};

static void live_until(const struct break_options *o, const char *dir, struct progress *p,
                       const void *ctx)
{
    const struct kill_plan *plan = ctx;

    disk_shim_arm(&(struct disk_plan){ .dir = dir, .kill_at = plan->at, .when = plan->when });
    break_live(o, dir, p);
    p->counts = disk_shim_counts();
}

static void kill_once(const struct break_options *o, const char *dir, struct progress *p,
                      struct kill_plan plan)
{
    int ended = break_child(o, dir, p, live_until, &plan);

    if (ended != SIGKILL && ended != 0)
        break_say(p, "ended with %d before the kill", ended);
}

static bool kill_at(const struct break_options *o, const char *dir, struct progress *p,
                    uint64_t number, const void *ctx)
{
    const uint64_t *calls = ctx;
    struct rng rng = rng_seeded(number);
    int ended;

    if (number <= *calls * 2) {
        kill_once(o, dir, p,
                  (struct kill_plan){ (number + 1) / 2, number % 2 ? DISK_BEFORE : DISK_MIDDLE });
    } else {
        kill_once(o, dir, p, (struct kill_plan){ 1 + rng_below(&rng, *calls), DISK_MIDDLE });
        kill_once(o, dir, p, (struct kill_plan){ 1 + rng_below(&rng, SOON_CALLS), DISK_MIDDLE });
    }
    ended = p->text[0] ? 0 : break_child(o, dir, p, break_check, NULL);
    if (ended)
        break_say(p, "crashed afterwards: %d", ended);
    return !p->text[0];
}

/* The script undisturbed: how many calls it has, and that it does what it is for. */
static bool measure(const struct break_options *o, uint64_t *ret_calls)
{
    struct progress *p = break_progress_new();
    char dir[PATH_MAX];
    int ended;

    snprintf(dir, sizeof dir, "%s/whole", o->dir);
    break_dir_make(dir);
    ended = break_child(o, dir, p, live_until, &(struct kill_plan){ 0 });
    if (ended)
        break_say(p, "crashed: %d", ended);
    *ret_calls = p->counts.calls;
    printf("script: %d commits, %u seals, %u merges, %u blocks made, %llu dropped, %llu calls\n",
           p->acked, p->work.seals, p->work.merges, p->work.blocks,
           (unsigned long long)p->dropped_blocks, (unsigned long long)p->counts.calls);
    if (p->work.seals < 3 || !p->work.merges || !p->dropped_blocks)
        break_say(p, "the script does not seal, merge and drop");
    if (!p->text[0])
        break_child(o, dir, p, break_check, NULL);
    if (p->text[0])
        printf("finding: undisturbed: %s\n", p->text);
    break_dir_remove(dir);
    return !p->text[0];
}

int break_kill(const struct break_options *o)
{
    struct break_result result;
    uint64_t calls = 0;

    if (!measure(o, &calls))
        return 1;
    result = break_share(o, "kill", calls * 2 + TWICE_CASES, kill_at, &calls);
    printf("kill: %llu kills at %llu calls, %llu findings\n", (unsigned long long)result.cases,
           (unsigned long long)calls, (unsigned long long)result.findings);
    return result.findings || !result.cases;
}
