#include "break.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FINDINGS_SHOWN = 20 };

void break_say(struct progress *p, const char *format, ...)
{
    va_list arguments;

    if (p->text[0])
        return; /* the first is what the others come from */
    va_start(arguments, format);
    vsnprintf(p->text, sizeof p->text, format, arguments);
    va_end(arguments);
}

struct progress *break_progress_new(void)
{
    void *memory = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        abort();
    return memory;
}

/* --- directories --- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

void break_dir_remove(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void break_dir_make(const char *dir)
{
    break_dir_remove(dir);
    if (mkdir(dir, 0700) < 0) {
        perror(dir);
        exit(2);
    }
}

/* --- children --- */

int break_child(const struct break_options *o, const char *dir, struct progress *p,
                break_body *body, const void *ctx)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        abort();
    if (pid == 0) {
        alarm(BREAK_CHILD_MAX_S);
        body(o, dir, p, ctx);
        _exit(0);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    return WEXITSTATUS(status) ? 256 + WEXITSTATUS(status) : 0;
}

/* --- a life --- */

static struct tsdb *open_store(const struct break_options *o, const char *dir, struct progress *p)
{
    struct tsdb_options options = script_options(dir, NULL, o->relaxed);
    struct diag diag = { 0 };
    struct tsdb *db = NULL;
    enum err err = tsdb_open(&options, &db, &diag);

    if (err)
        break_say(p, "does not open before op %d: %s: %s", p->op, err_name(err), diag_text(&diag));
    return err ? NULL : db;
}

static void note_acked(struct progress *p)
{
    char text[32];

    p->acked = p->begun;
    snprintf(text, sizeof text, "acked %d", p->acked);
    disk_shim_note(text);
}

static void note_begun(struct progress *p, int number, struct script_op op)
{
    char text[48];

    p->op = number;
    if (op.kind == SCRIPT_COMMIT)
        p->begun = op.step;
    snprintf(text, sizeof text, "begun %d %d", number, p->begun);
    disk_shim_note(text);
}

void break_live(const struct break_options *o, const char *dir, struct progress *p)
{
    struct tsdb *db = open_store(o, dir, p);
    struct tsdb_stats stats = { 0 };

    for (int i = p->op; db && i < script_op_count(); i++) {
        struct script_op op = script_op(i);
        struct diag diag = { 0 };
        enum err err = ERR_OK;

        note_begun(p, i, op);
        if (op.kind == SCRIPT_REOPEN) {
            tsdb_stats(db, &stats);
            p->dropped_blocks += stats.blocks_dropped_count;
            tsdb_close(db);
            db = open_store(o, dir, p);
            continue;
        }
        err = script_do(db, op, &p->work, &diag);
        if (err) {
            break_say(p, "op %d (kind %d, step %d): %s: %s", i, (int)op.kind, op.step,
                      err_name(err), diag_text(&diag));
            break;
        }
        if (op.kind == SCRIPT_COMMIT)
            note_acked(p);
    }
    if (db)
        tsdb_stats(db, &stats);
    p->dropped_blocks += db ? stats.blocks_dropped_count : 0;
    tsdb_close(db);
}

static void on_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    if (what)
        break_say(ctx, "verify: %s at %llu: %s", path, (unsigned long long)offset_bytes, what);
}

bool break_verify(const struct break_options *o, const char *dir, struct progress *p)
{
    struct tsdb_verify_result sound = { 0 };
    struct script_found found = { 0 };
    struct diag diag = { 0 };
    char text[160];
    const char *wrong;
    struct tsdb *db;
    enum err err = tsdb_verify(dir, on_damage, p, &sound, &diag);

    if (err && err != ERR_NOT_FOUND) /* nothing is there before the first commit */
        break_say(p, "verify: %s: %s", err_name(err), diag_text(&diag));
    if (sound.damaged_count)
        break_say(p, "verify: %llu damaged places", (unsigned long long)sound.damaged_count);
    db = open_store(o, dir, p);
    if (!db)
        return false;
    err = script_read(db, &found);
    wrong = err ? err_name(err)
                : script_check(&found,
                               &(struct script_expect){ .acked = p->acked,
                                                        .begun = p->begun,
                                                        .lost_min_ms = INT64_MAX,
                                                        .lost_max_ms = INT64_MIN },
                               text);
    if (wrong)
        break_say(p, "after op %d, acked %d, begun %d: %s", p->op, p->acked, p->begun, wrong);
    script_found_release(&found);
    tsdb_close(db);
    return !p->text[0];
}

void break_check(const struct break_options *o, const char *dir, struct progress *p,
                 const void *ctx)
{
    (void)ctx;
    disk_shim_arm(&(struct disk_plan){ 0 });
    if (!break_verify(o, dir, p))
        return;
    break_live(o, dir, p); /* the operation that was cut off is repeated */
    if (!p->text[0] && p->acked != SCRIPT_STEPS)
        break_say(p, "the script did not come to its end");
    if (!p->text[0])
        break_verify(o, dir, p);
}

/* --- sharing the cases out --- */

struct shared_result {
    struct break_result result;
    uint64_t shown;
};

static void run_cases(const struct break_options *o, const char *what, uint64_t count, int worker,
                      break_case *run, const void *ctx, struct shared_result *shared)
{
    struct progress *p = break_progress_new();
    uint64_t every = o->every ? o->every : 1;
    uint64_t first = o->first ? o->first : 1;
    char dir[PATH_MAX];

    snprintf(dir, sizeof dir, "%s/%s-%d", o->dir, what, worker);
    for (uint64_t n = first + (uint64_t)worker * every; n <= count;
         n += every * (uint64_t)o->jobs) {
        memset(p, 0, sizeof *p);
        break_dir_make(dir);
        if (!run(o, dir, p, n, ctx)) {
            __atomic_add_fetch(&shared->result.findings, 1, __ATOMIC_SEQ_CST);
            if (__atomic_add_fetch(&shared->shown, 1, __ATOMIC_SEQ_CST) <= FINDINGS_SHOWN)
                printf("finding: %s %llu: %s\n", what, (unsigned long long)n, p->text);
        } else if (o->verbose) {
            printf("%s %llu: op %d, acked %d, begun %d\n", what, (unsigned long long)n, p->op,
                   p->acked, p->begun);
        }
        fflush(stdout);
        __atomic_add_fetch(&shared->result.cases, 1, __ATOMIC_SEQ_CST);
        for (int i = 0; i < 16; i++)
            __atomic_add_fetch(&shared->result.tally[i], p->tally[i], __ATOMIC_SEQ_CST);
    }
    if (!o->verbose) /* else it is there to be looked at */
        break_dir_remove(dir);
}

struct break_result break_share(const struct break_options *o, const char *what, uint64_t count,
                                break_case *run, const void *ctx)
{
    struct shared_result *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t last = o->last && o->last < count ? o->last : count;
    struct break_result result;
    int status;

    if (shared == MAP_FAILED)
        abort();
    fflush(NULL);
    for (int worker = 0; worker < o->jobs; worker++)
        if (fork() == 0) {
            run_cases(o, what, last, worker, run, ctx, shared);
            _exit(0);
        }
    for (int worker = 0; worker < o->jobs; worker++)
        if (wait(&status) > 0 && status != 0)
            shared->result.findings++; /* a worker that ends is one, too */
    result = shared->result;
    munmap(shared, sizeof *shared);
    return result;
}
