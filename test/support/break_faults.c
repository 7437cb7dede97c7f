/*
 * Faults: every call fails once, and runs of calls fail for a while. The operation
 * may fail, nothing acknowledged is lost, and when the fault is over everything
 * goes on in the same process; only after a failed sync of the log the store must
 * say so, and be opened again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "break.h"

enum { TRIES_MAX = 2000, RUN_CALLS = 40 };

enum tally { ANSWERED, UNNOTICED, SYNC_FAILED, NOT_REACHED };

struct fault {
    const char *name;
    unsigned kinds;
    int error;
    unsigned run;  /* how many calls fail, one after another */
    unsigned step; /* every how many-th call is a case */
};

static const struct fault faults[] = {
    { "eio", DISK_KINDS_CHANGING, EIO, 1, 1 },
    { "enospc", DISK_KINDS_CHANGING & ~DISK_KIND_SYNC, ENOSPC, 1, 1 },
    { "short", DISK_KIND_WRITE, 0, 1, 1 },
    { "full", DISK_KINDS_CHANGING & ~(DISK_KIND_SYNC | 1 << DISK_UNLINK), ENOSPC, RUN_CALLS, 7 },
    { "emfile", DISK_KIND_OPEN, EMFILE, 1, 1 },
    { "read", DISK_KIND_READ, EIO, 1, 5 },
};

struct fault_case {
    const struct fault *fault;
    uint64_t first;
};

/* --- a life that does not give up --- */

struct survivor {
    const struct break_options *o;
    const char *dir;
    struct progress *p;
    struct tsdb *db;
    unsigned failures; /* that were answered */
    bool sync_failed;
    bool
        excused; /* the fault came while the store was closed or opened: that tells, or needs not */
};

static bool open_again(struct survivor *s)
{
    struct tsdb_options options = script_options(s->dir, NULL, s->o->relaxed);

    tsdb_close(s->db);
    s->db = NULL;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        struct diag diag = { 0 };
        enum err err = tsdb_open(&options, &s->db, &diag);

        if (!err)
            return true;
        s->failures++;
        if (tries + 1 == TRIES_MAX) {
            break_say(s->p, "does not open: %s: %s", err_name(err), diag_text(&diag));
            return false;
        }
    }
    return false;
}

static bool reopen(struct survivor *s)
{
    uint64_t before = disk_shim_counts().faults;
    bool done = open_again(s);

    s->excused = s->excused || disk_shim_counts().faults > before;
    return done;
}

/* What can be read now is right; a reading that fails says so. */
static void look(struct survivor *s, bool must)
{
    struct script_found found = { 0 };
    struct script_expect expect = { .acked = s->p->acked,
                                    .begun = s->p->begun,
                                    .lost_min_ms = INT64_MAX,
                                    .lost_max_ms = INT64_MIN };
    char text[160];
    enum err err = script_read(s->db, &found);
    const char *wrong = err ? NULL : script_check(&found, &expect, text);

    if (err && must)
        break_say(s->p, "select after the fault: %s", err_name(err));
    if (wrong)
        break_say(s->p, "op %d, acked %d, begun %d%s: %s", s->p->op, s->p->acked, s->p->begun,
                  must ? " after the fault" : "", wrong);
    script_found_release(&found);
}

static bool do_op(struct survivor *s, struct script_op op)
{
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        struct diag diag = { 0 };
        enum err err;

        if (op.kind == SCRIPT_REOPEN)
            return reopen(s);
        err = script_do(s->db, op, NULL, &diag);
        if (tsdb_sync_failed(s->db)) {
            s->sync_failed = true;
            if (!reopen(s))
                return false;
        }
        if (!err)
            return true;
        s->failures++;
        if (tries == 0 && !s->sync_failed)
            look(s, false);
        if (tries + 1 == TRIES_MAX || s->p->text[0])
            break_say(s->p, "op %d (kind %d) does not recover: %s: %s", s->p->op, (int)op.kind,
                      err_name(err), diag_text(&diag));
        if (s->p->text[0])
            return false;
    }
    return false;
}

static void survive(const struct break_options *o, const char *dir, struct progress *p,
                    const void *ctx)
{
    const struct fault_case *c = ctx;
    struct survivor s = { .o = o, .dir = dir, .p = p };
    uint64_t before;
    bool alive;

    disk_shim_arm(&(struct disk_plan){ .dir = dir,
                                       .fail_first = c->first,
                                       .fail_last = c->first + c->fault->run - 1,
                                       .fail_kinds = c->fault->kinds,
                                       .fail_errno = c->fault->error });
    alive = reopen(&s);
    for (p->op = 0; alive && p->op < script_op_count(); p->op++) {
        struct script_op op = script_op(p->op);

        if (op.kind == SCRIPT_COMMIT)
            p->begun = op.step;
        alive = do_op(&s, op);
        if (alive && op.kind == SCRIPT_COMMIT)
            p->acked = op.step;
    }
    if (alive)
        look(&s, disk_shim_counts().faults > 0);
    before = disk_shim_counts().faults;
    tsdb_close(s.db);
    p->counts = disk_shim_counts();
    s.excused = s.excused || p->counts.faults > before;
    p->tally[NOT_REACHED] = p->counts.faults == 0;
    p->tally[SYNC_FAILED] = s.sync_failed;
    p->tally[ANSWERED] = p->counts.faults && s.failures && !s.sync_failed;
    p->tally[UNNOTICED] = p->counts.faults && !s.failures && !s.sync_failed;
    if (p->counts.fault == DISK_SYNC && strcmp(p->counts.fault_path, "samples.db-wal") == 0 &&
        !s.sync_failed && !s.excused)
        break_say(p, "the log's sync failed, and the store does not say so");
    if (o->verbose && p->tally[UNNOTICED])
        printf("unnoticed: %s %llu: kind %d of %s\n", c->fault->name, (unsigned long long)c->first,
               (int)p->counts.fault, p->counts.fault_path);
}

static void verify(const struct break_options *o, const char *dir, struct progress *p,
                   const void *ctx)
{
    (void)ctx;
    disk_shim_arm(&(struct disk_plan){ 0 });
    break_verify(o, dir, p);
}

static bool fail_at(const struct break_options *o, const char *dir, struct progress *p,
                    uint64_t number, const void *ctx)
{
    struct fault_case c = { ctx, number };
    int ended = break_child(o, dir, p, survive, &c);

    if (ended)
        break_say(p, "crashed: %d", ended);
    if (!p->text[0] && (ended = break_child(o, dir, p, verify, NULL)))
        break_say(p, "crashed afterwards: %d", ended);
    return !p->text[0];
}

/* --- all of them --- */

/* How many calls of these kinds the script has: those that a fault far behind them would count. */
static uint64_t calls_of(const struct break_options *o, const struct fault *fault)
{
    struct progress *p = break_progress_new();
    struct fault everything = { fault->name, fault->kinds, EIO, 1, 1 };
    uint64_t low = 0;
    uint64_t high = 1;
    char dir[PATH_MAX];

    snprintf(dir, sizeof dir, "%s/whole", o->dir);
    for (bool reached = true; low + 1 < high || reached;) {
        struct fault_case c = { &everything, reached ? high : (low + high) / 2 };

        memset(p, 0, sizeof *p);
        break_dir_make(dir);
        break_child(o, dir, p, survive, &c);
        if (p->counts.faults)
            low = c.first;
        else
            high = c.first, reached = false;
        if (reached)
            high = low * 2;
    }
    break_dir_remove(dir);
    return low;
}

int break_faults(const struct break_options *o)
{
    uint64_t findings = 0;

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct break_options own = *o;
        uint64_t calls = calls_of(o, &faults[i]);
        struct break_result r;

        own.every = faults[i].step * (o->every ? o->every : 1);
        r = break_share(&own, faults[i].name, calls, fail_at, &faults[i]);
        printf("%s: %llu faults among %llu calls: %llu answered, %llu unnoticed and harmless, %llu "
               "failed syncs, %llu not reached, %llu findings\n",
               faults[i].name, (unsigned long long)r.cases, (unsigned long long)calls,
               (unsigned long long)r.tally[ANSWERED], (unsigned long long)r.tally[UNNOTICED],
               (unsigned long long)r.tally[SYNC_FAILED], (unsigned long long)r.tally[NOT_REACHED],
               (unsigned long long)r.findings);
        fflush(stdout);
        findings += r.findings + !r.cases;
    }
    return findings > 0;
}
