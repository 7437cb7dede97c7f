/* The commands that read and write the files of a store that no daemon has open. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/human.h"
#include "cli/ask.h"
#include "cli/backup_copy.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "cli/state_files.h"
#include "cli/storage.h"
#include "tsdb/backup.h"
#include "tsdb/tsdb.h"

enum { PATH_BYTES = 4096 };

/* What is told while files are read. */
struct progress {
    bool on_terminal;
    uint64_t files;
};

static void clear_line(const struct progress *p)
{
    if (p->on_terminal && p->files)
        fputs("\r\033[K", stderr);
}

/* A damaged place is a line of stdout; the file that is being read is shown to a terminal. */
static void on_verify(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct progress *p = ctx;

    if (what) {
        clear_line(p);
        ask_print_text(stdout, str_of(path));
        printf(": offset %llu: ", (unsigned long long)offset_bytes);
        ask_print_text(stdout, str_of(what));
        putchar('\n');
        return;
    }
    p->files++;
    if (!p->on_terminal)
        return;
    fprintf(stderr, "\r\033[K%llu  ", (unsigned long long)p->files);
    ask_print_text(stderr, str_of(path));
    fflush(stderr);
}

static int needs(const char *word, const char *flag)
{
    struct diag diag = { 0 };

    diag_set(&diag, ERR_INVALID, "needs %s; `fusebox storage %s --help` tells more", flag, word);
    return storage_complain(word, ERR_INVALID, &diag);
}

/* Takes the lock where a daemon could have it; a backup has none. *ret_fd is -1 then. */
static enum err lock(const char *dir, int *ret_fd, struct diag *diag)
{
    char path[PATH_BYTES];

    *ret_fd = -1;
    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path)
        return diag_set(diag, ERR_LIMIT, "the path is too long: %.100s", dir);
    if (access(dir, F_OK) != 0)
        return diag_set(diag, ERR_NOT_FOUND, "there is no directory %.200s", dir);
    return access(path, F_OK) == 0 ? file_lock_dir(dir, ret_fd, diag) : ERR_OK;
}

static void unlock(int fd)
{
    if (fd >= 0)
        close(fd);
}

static enum err verify(const char *dir, struct tsdb_verify_result *ret, struct diag *diag)
{
    struct progress progress = { .on_terminal = isatty(STDERR_FILENO) };
    enum err err = tsdb_verify(dir, on_verify, &progress, ret, diag);

    clear_line(&progress);
    if (!err && ret->damaged_count)
        err = ERR_CORRUPT;
    return err;
}

static void print_verified(const struct tsdb_verify_result *r)
{
    char blocks[HUMAN_TEXT_BYTES], rows[HUMAN_TEXT_BYTES], series[HUMAN_TEXT_BYTES],
        events[HUMAN_TEXT_BYTES], bytes[HUMAN_TEXT_BYTES];

    printf("%s %s, %s log rows, %s series rows, %s event rows, %s: ",
           human_count(r->blocks_count, blocks), r->blocks_count == 1 ? "block" : "blocks",
           human_count(r->log_rows_count, rows), human_count(r->series_rows_count, series),
           human_count(r->event_rows_count, events), human_bytes(r->bytes, bytes));
    if (r->damaged_count)
        printf("%s%llu damaged %s%s\n", colour_on(stdout, COLOUR_BAD),
               (unsigned long long)r->damaged_count, r->damaged_count == 1 ? "place" : "places",
               colour_off(stdout));
    else
        printf("%snothing is damaged%s\n", colour_on(stdout, COLOUR_GOOD), colour_off(stdout));
}

/* The verdict on a backup that is written now. */
static int verify_backup(const char *dir)
{
    struct tsdb_verify_result result = { 0 };
    struct diag diag = { 0 };
    enum err err = verify(dir, &result, &diag);

    if (err && !result.damaged_count)
        return storage_complain("backup", err, &diag);
    ask_print_text(stdout, str_of(dir));
    fputs(": ", stdout);
    print_verified(&result);
    return err_exit_code(err);
}

int storage_copy_backup(const char *from, const char *to)
{
    struct diag diag = { 0 };
    enum err err = backup_copy(from, to, &diag);

    return err ? storage_complain("backup", err, &diag) : verify_backup(to);
}

int storage_verify(struct cli_flags *flags)
{
    struct tsdb_verify_result result = { 0 };
    struct diag diag = { 0 };
    enum err err;
    int fd = -1;

    if (!flags->data)
        return needs("verify", "--data DIR");
    err = lock(flags->data, &fd, &diag);
    if (!err)
        err = verify(flags->data, &result, &diag);
    unlock(fd);
    if (!err || (err == ERR_CORRUPT && result.damaged_count)) {
        print_verified(&result);
        return err_exit_code(err);
    }
    storage_complain("verify", err, &diag);
    if (err == ERR_CONFLICT)
        fprintf(stderr, "To check it while the daemon runs, make a backup and verify that: fusebox "
                        "storage backup --to DIR\n");
    return err_exit_code(err);
}

int storage_restore(struct cli_flags *flags)
{
    struct progress progress = { .on_terminal = isatty(STDERR_FILENO) };
    struct diag diag = { 0 };
    bool has_state = false;
    enum err err;

    if (!flags->from)
        return needs("restore", "--from BACKUP");
    if (!flags->data)
        return needs("restore", "--data DIR");
    err = state_files_restore(flags->from, flags->data, &has_state, &diag);
    if (!err)
        err = tsdb_restore(flags->from, flags->data, on_verify, &progress, &diag);
    clear_line(&progress);
    if (err && has_state)
        state_files_drop(flags->data);
    if (err) {
        storage_complain("restore", err, &diag);
        if (err == ERR_CONFLICT)
            fprintf(stderr, "Give a directory without a store; nothing was changed.\n");
        return err_exit_code(err);
    }
    printf("%srestored and verified%s: start it with fusebox run --data %s\n",
           colour_on(stdout, COLOUR_GOOD), colour_off(stdout), flags->data);
    return 0;
}

/* Runs what is due until the backup is made: a seal comes first. */
static enum err run_jobs(struct tsdb *db, struct diag *diag)
{
    struct clock clock = clock_system();
    struct tsdb_job_result result = { .kind = TSDB_SEAL };
    struct tsdb_job *job;
    enum err err;

    do {
        err = tsdb_plan(db, clock_wall_ms(&clock), clock_mono_ns(&clock), &job);
        if (err || !job)
            return err ? err : diag_set(diag, ERR_CANCELLED, "the backup was not made");
        tsdb_job_run(job);
        err = tsdb_job_finish(db, job, &result, diag);
    } while (!err && result.kind != TSDB_BACKUP);
    return err;
}

/* By way of a backup inside the store, which may be links; the copy is not. */
static enum err copy_store(const char *data, const char *inside, const char *to, struct diag *diag)
{
    struct tsdb_options options = { .dir = data };
    struct tsdb *db = NULL;
    enum err err;

    backup_remove(inside); /* of one that was interrupted */
    err = state_files_copy(data, inside, diag);
    if (!err)
        err = tsdb_open(&options, &db, diag);
    if (!err)
        err = tsdb_request_backup(db, inside);
    if (!err)
        err = run_jobs(db, diag);
    tsdb_close(db);
    if (!err)
        err = backup_copy(inside, to, diag);
    backup_remove(inside);
    return err;
}

static enum err back_up(const char *data, const char *to, struct diag *diag)
{
    char inside[PATH_BYTES], samples[PATH_BYTES];
    enum err err;
    int fd = -1;

    if (snprintf(inside, sizeof inside, "%s/.backup", data) >= (int)sizeof inside ||
        snprintf(samples, sizeof samples, "%s/samples.db", data) >= (int)sizeof samples)
        return diag_set(diag, ERR_LIMIT, "the path is too long: %.100s", data);
    if (access(samples, F_OK) != 0)
        return diag_set(diag, ERR_NOT_FOUND, "there is no store in %.200s", data);
    err = file_lock_dir(data, &fd, diag);
    if (!err)
        err = copy_store(data, inside, to, diag);
    unlock(fd);
    return err;
}

int storage_backup_offline(const char *data, const char *to)
{
    struct diag diag = { 0 };
    enum err err;

    if (access(to, F_OK) == 0) {
        diag_set(&diag, ERR_CONFLICT, "%.200s is there already: give a directory that is not", to);
        return storage_complain("backup", ERR_CONFLICT, &diag);
    }
    err = back_up(data, to, &diag);
    if (!err)
        return verify_backup(to);
    storage_complain("backup", err, &diag);
    if (err == ERR_CONFLICT)
        fprintf(stderr, "While the daemon runs, ask it: fusebox storage backup --to DIR\n");
    return err_exit_code(err);
}
