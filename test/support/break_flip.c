/*
 * Damage: one bit turned over, or a file cut short, in every kind of file of a
 * store that was closed and of one that was killed. Never a wrong number, never a
 * crash; what is lost lies in the damaged file, and its place is named.
 *
 * What SQLite cannot see it cannot name, and each is counted: a page that is free,
 * and a WAL whose checksums break, which reads like the torn end of a power cut.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "break.h"

enum { CASES_DEFAULT = 2000, FILES_MAX = 200, CUT_ONE_IN = 10, STORES = 2, KILLED_STEP = 26 };

enum tally { UNSEEN, SERVED, LOST_NAMED, REFUSED, LOST_WAL, RECOVERED };

struct file {
    char name[200]; /* in the store */
    char *bytes;
    size_t len;
    int64_t min_ts_ms, max_ts_ms; /* what may be lost with it */
};

struct store {
    struct file files[FILES_MAX];
    size_t count;
    int acked;
};

/* --- the stores that are damaged, kept in memory --- */

static void live_and_die(const struct break_options *o, const char *dir, struct progress *p,
                         const void *ctx)
{
    struct tsdb_options options = script_options(dir, NULL, o->relaxed);
    struct tsdb *db = NULL;

    if (!ctx) {
        break_live(o, dir, p);
        return;
    }
    if (tsdb_open(&options, &db, NULL))
        exit(2);
    for (int i = 0; i < script_op_count(); i++) {
        struct script_op op = script_op(i);

        if (op.kind != SCRIPT_REOPEN && script_do(db, op, NULL, NULL))
            exit(2);
        if (op.kind == SCRIPT_COMMIT)
            p->acked = op.step;
        if (p->acked == KILLED_STEP)
            raise(SIGKILL);
    }
}

static void load(struct store *store, const char *dir, const char *name)
{
    struct file *file = &store->files[store->count];
    char path[PATH_MAX];
    struct stat st;
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (store->count == FILES_MAX || fd < 0 || fstat(fd, &st) < 0)
        exit(2);
    snprintf(file->name, sizeof file->name, "%s", name);
    file->len = (size_t)st.st_size;
    file->bytes = malloc(file->len + 1);
    if (!file->bytes || read(fd, file->bytes, file->len) != (ssize_t)file->len)
        exit(2);
    file->min_ts_ms = INT64_MIN;
    file->max_ts_ms = INT64_MAX;
    close(fd);
    store->count += file->len > 0;
}

static void load_all(struct store *store, const char *dir, const char *part)
{
    char path[PATH_MAX];
    struct dirent *entry;
    DIR *stream;

    snprintf(path, sizeof path, "%s/%s", dir, part);
    stream = opendir(path);
    while (stream && (entry = readdir(stream))) {
        char name[sizeof store->files->name];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s%s%.150s", part, *part ? "/" : "", entry->d_name);
        if (entry->d_type == DT_DIR)
            load_all(store, dir, name);
        else
            load(store, dir, name);
    }
    closedir(stream);
}

/* The times that each block covers, as the undamaged store says. */
static void read_ranges(struct store *store, const char *dir)
{
    struct tsdb_options options = script_options(dir, NULL, false);
    struct arena arena = arena_limited(1 << 20);
    struct tsdb_block_row *rows = NULL;
    struct tsdb *db = NULL;
    size_t count = 0;

    if (tsdb_open(&options, &db, NULL) || tsdb_blocks(db, &arena, &rows, &count))
        exit(2);
    for (size_t f = 0; f < store->count; f++)
        for (size_t i = 0; i < count; i++)
            if (strstr(store->files[f].name, rows[i].name)) {
                store->files[f].min_ts_ms = rows[i].min_ts_ms;
                store->files[f].max_ts_ms = rows[i].max_ts_ms;
            }
    tsdb_close(db);
    arena_release(&arena);
}

static void make_store(const struct break_options *o, struct store *store, bool killed)
{
    struct progress *p = break_progress_new();
    char dir[PATH_MAX];
    int ended;

    snprintf(dir, sizeof dir, "%s/whole", o->dir);
    break_dir_make(dir);
    ended = break_child(o, dir, p, live_and_die, killed ? p : NULL);
    if (ended != (killed ? SIGKILL : 0) || p->text[0]) {
        printf("finding: undisturbed: ended with %d: %s\n", ended, p->text);
        exit(1);
    }
    store->acked = p->acked;
    load_all(store, dir, "");
    read_ranges(store, dir);
    break_dir_remove(dir);
}

/* --- one case --- */

struct damage {
    const struct store *store;
    const struct file *file;
    bool cut;
    size_t offset; /* of the byte, or where it is cut */
    int bit;
};

static struct damage choose(const struct store *stores, uint64_t number)
{
    struct rng rng = rng_seeded(number);
    struct damage d = { .store = &stores[rng_below(&rng, STORES)] };

    do
        d.file = &d.store->files[rng_below(&rng, d.store->count)];
    while (strcmp(d.file->name, "lock") == 0);
    if (rng_below(&rng, 3) == 0) /* the log is one file of many, and has most to lose */
        for (size_t i = 0; i < d.store->count; i++)
            if (strncmp(d.store->files[i].name, "samples.db", 10) == 0 &&
                (d.file == &d.store->files[i] || rng_below(&rng, 2)))
                d.file = &d.store->files[i];
    d.cut = rng_below(&rng, CUT_ONE_IN) == 0;
    d.offset = (size_t)rng_below(&rng, d.file->len);
    d.bit = (int)rng_below(&rng, 8);
    return d;
}

static void write_store(const struct damage *d, const char *dir)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < d->store->count; i++) {
        const struct file *file = &d->store->files[i];
        size_t len = file == d->file && d->cut ? d->offset : file->len;
        char *slash;
        int fd;

        snprintf(path, sizeof path, "%s/%s", dir, file->name);
        slash = strrchr(path, '/');
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
        fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, file->bytes, len) != (ssize_t)len)
            exit(2);
        if (file == d->file && !d->cut) {
            char byte = (char)(file->bytes[d->offset] ^ 1 << d->bit);

            if (pwrite(fd, &byte, 1, (off_t)d->offset) != 1)
                exit(2);
        }
        close(fd);
    }
}

static bool is_block(const struct damage *d)
{
    return strncmp(d->file->name, "blocks/", 7) == 0;
}

static bool is_wal(const struct damage *d)
{
    return strcmp(d->file->name, "samples.db-wal") == 0;
}

static const char *base_name(const struct damage *d)
{
    const char *slash = strrchr(d->file->name, '/');

    return slash ? slash + 1 : d->file->name;
}

struct named {
    const struct damage *d;
    unsigned right, wrong;
    char text[300];
};

static void note_named(struct named *named, const char *path, const char *what)
{
    if (!what)
        return;
    if (strstr(path, base_name(named->d)) || (is_wal(named->d) && strstr(path, "samples.db")))
        named->right++;
    else if (!named->wrong++)
        snprintf(named->text, sizeof named->text, "%s: %s", path, what);
}

static void on_verify(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    (void)offset_bytes;
    note_named(ctx, path, what);
}

static void read_damages(struct tsdb *db, struct named *named)
{
    struct arena arena = arena_limited(1 << 20);
    struct tsdb_damage *rows = NULL;
    size_t count = 0;

    if (tsdb_damages(db, &arena, &rows, &count) == ERR_OK)
        for (size_t i = 0; i < count; i++)
            note_named(named, rows[i].path, rows[i].what);
    arena_release(&arena);
}

/* What the store gives: answers false when it is wrong; *ret_lost: how many samples it lacks. */
static bool read_store(struct tsdb *db, const struct damage *d, bool any, struct progress *p,
                       size_t *ret_lost)
{
    struct script_expect expect = { .acked = d->store->acked,
                                    .begun = d->store->acked,
                                    .lost_min_ms = any ? INT64_MIN : d->file->min_ts_ms,
                                    .lost_max_ms = any ? INT64_MAX : d->file->max_ts_ms,
                                    .ret_lost = ret_lost };
    struct script_found found = { 0 };
    enum err err = script_read(db, &found);
    char text[160];
    const char *wrong = script_check(&found, &expect, text);

    script_found_release(&found);
    if (err && (err != ERR_CORRUPT || is_block(d)))
        break_say(p, "select: %s", err_name(err));
    if (wrong)
        break_say(p, "%s", wrong);
    return !p->text[0];
}

/* A store that does not open says where, and opens when it may set the log aside. */
static void recover(const struct damage *d, const char *dir, const struct diag *diag, enum err err,
                    struct progress *p)
{
    struct tsdb_options options = script_options(dir, NULL, false);
    struct diag diag2 = { 0 };
    struct tsdb *db = NULL;
    size_t lost = 0;

    if (is_block(d))
        break_say(p, "one block keeps the store from opening: %s", diag_text(diag));
    if (!strstr(diag_text(diag), "samples.db") || err == ERR_IO)
        break_say(p, "refused with %s, and no place: %s", err_name(err), diag_text(diag));
    options.recover = true;
    err = tsdb_open(&options, &db, &diag2);
    if (err == ERR_CONFLICT) /* it looks like another program's file: that is not set aside */
        return;
    if (err) {
        break_say(p, "does not recover: %s: %s", err_name(err), diag_text(&diag2));
        return;
    }
    read_store(db, d, true, p, &lost);
    tsdb_close(db);
    p->tally[RECOVERED]++;
}

static void judge(const struct damage *d, const struct named *verified, const struct named *named,
                  size_t lost, struct progress *p)
{
    if (verified->wrong || named->wrong)
        break_say(p, "the wrong place is named: %s%s", verified->text, named->text);
    if (is_block(d) && !verified->right)
        break_say(p, "verify does not see it");
    if (lost && is_wal(d) && !named->right)
        p->tally[LOST_WAL]++;
    else if (lost && !named->right)
        break_say(p, "%zu samples are lost and nobody says so (verify names it: %s)", lost,
                  verified->right ? "yes" : "no");
    else
        p->tally[lost ? LOST_NAMED : verified->right ? SERVED : UNSEEN]++;
}

static void look_at_it(const struct break_options *o, const char *dir, struct progress *p,
                       const void *ctx)
{
    struct tsdb_options options = script_options(dir, NULL, o->relaxed);
    const struct damage *d = ctx;
    struct named verified = { .d = d };
    struct named named = { .d = d };
    struct tsdb_verify_result sound = { 0 };
    struct diag diag = { 0 };
    struct tsdb *db = NULL;
    size_t lost = 0;
    enum err err;

    err = tsdb_verify(dir, on_verify, &verified, &sound, &diag);
    if (err)
        note_named(&verified, diag_text(&diag), diag_text(&diag));
    memset(&diag, 0, sizeof diag);
    err = tsdb_open(&options, &db, &diag);
    if (err) {
        p->tally[REFUSED]++;
        recover(d, dir, &diag, err, p);
        if (!verified.right)
            break_say(p, "the store refuses what verify finds sound: %s: %s", err_name(err),
                      diag_text(&diag));
        return;
    }
    if (read_store(db, d, false, p, &lost)) {
        read_damages(db, &named);
        judge(d, &verified, &named, lost, p);
    }
    tsdb_close(db);
}

static bool damage_one(const struct break_options *o, const char *dir, struct progress *p,
                       uint64_t number, const void *ctx)
{
    struct damage d = choose(ctx, number);
    char text[BREAK_TEXT_BYTES];
    int ended;

    write_store(&d, dir);
    ended = break_child(o, dir, p, look_at_it, &d);
    if (ended)
        break_say(p, "crashed: %d", ended);
    if (!p->text[0])
        return true;
    memcpy(text, p->text, sizeof text);
    snprintf(p->text, sizeof p->text, "(%s of the %s store, %s %zu.%d of %zu) %.300s", d.file->name,
             d.store->acked == KILLED_STEP ? "killed" : "closed", d.cut ? "cut at" : "bit",
             d.offset, d.bit, d.file->len, text);
    return false;
}

int break_flip(const struct break_options *o)
{
    struct store *stores = calloc(STORES, sizeof *stores);
    struct break_result r;

    if (!stores)
        return 2;
    make_store(o, &stores[0], false);
    make_store(o, &stores[1], true);
    r = break_share(o, "flip", o->last ? o->last : CASES_DEFAULT, damage_one, stores);
    printf(
        "flip: %llu damages: %llu unseen and harmless, %llu named and all served, %llu named and "
        "something lost, %llu refused (%llu recovered), %llu ends of the WAL lost, %llu findings\n",
        (unsigned long long)r.cases, (unsigned long long)r.tally[UNSEEN],
        (unsigned long long)r.tally[SERVED], (unsigned long long)r.tally[LOST_NAMED],
        (unsigned long long)r.tally[REFUSED], (unsigned long long)r.tally[RECOVERED],
        (unsigned long long)r.tally[LOST_WAL], (unsigned long long)r.findings);
    for (int s = 0; s < STORES; s++)
        for (size_t i = 0; i < stores[s].count; i++)
            free(stores[s].files[i].bytes);
    free(stores);
    return r.findings || !r.cases;
}
