#include "disk_replay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES = 512, NAMES_MAX = 4096, TORN_ONE_IN = 3 };

static _Noreturn void stop(const char *what, const char *path)
{
    fprintf(stderr, "disk_replay: %s %s: %s\n", what, path, strerror(errno));
    exit(2);
}

/* --- reading --- */

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    char *bytes;
    long len;

    if (!file || fseek(file, 0, SEEK_END) < 0 || (len = ftell(file)) < 0 ||
        fseek(file, 0, SEEK_SET) < 0)
        stop("cannot read", path);
    bytes = malloc((size_t)len + 1);
    if (!bytes || fread(bytes, 1, (size_t)len, file) != (size_t)len)
        stop("cannot read", path);
    fclose(file);
    *ret_len = (size_t)len;
    return bytes;
}

static const char *keep(char **to, const char *from, size_t len)
{
    char *kept = *to;

    memcpy(kept, from, len);
    kept[len] = '\0';
    *to += len + 1;
    return kept;
}

/* Answers the bytes that the record takes; 0: it is cut off. */
static size_t parse(const char *from, size_t left, struct disk_record *record, char **to)
{
    struct disk_record_head *head = &record->head;
    size_t len;

    if (left < sizeof *head)
        return 0;
    memcpy(head, from, sizeof *head);
    len = sizeof *head + head->path_len + head->path2_len + head->len;
    if (left < len)
        return 0;
    from += sizeof *head;
    record->path = keep(to, from, head->path_len);
    record->path2 = keep(to, from + head->path_len, head->path2_len);
    record->bytes = keep(to, from + head->path_len + head->path2_len, head->len);
    return len;
}

struct disk_log *disk_log_read(const char *path)
{
    size_t len;
    char *raw = read_file(path, &len);
    struct disk_log *log = calloc(1, sizeof *log);
    size_t most = len / sizeof(struct disk_record_head) + 1;
    char *to;

    if (!log)
        stop("no memory for", path);
    log->records = calloc(most, sizeof *log->records);
    log->text = to = malloc(len + 3 * most);
    if (!log->records || !to)
        stop("no memory for", path);
    for (size_t at = 0; at < len;) {
        size_t took = parse(raw + at, len - at, &log->records[log->count], &to);

        if (!took) /* the process was killed while it wrote */
            break;
        log->count++;
        at += took;
    }
    free(raw);
    return log;
}

void disk_log_free(struct disk_log *log)
{
    if (!log)
        return;
    free(log->records);
    free(log->text);
    free(log);
}

/* --- names --- */

/* What a name stands for when all is said and done. */
struct name {
    const char *path;
    uint32_t file; /* 0: a directory */
};

struct names {
    struct name items[NAMES_MAX];
    size_t count;
};

static size_t parent_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) : 0;
}

static bool lies_in(const char *path, const char *dir)
{
    return parent_len(path) == strlen(dir) && strncmp(path, dir, strlen(dir)) == 0;
}

static struct name *find(struct names *names, const char *path)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i].path, path) == 0)
            return &names->items[i];
    return NULL;
}

static void drop(struct names *names, const char *path)
{
    struct name *name = find(names, path);

    if (name)
        *name = names->items[--names->count];
}

static void put(struct names *names, const char *path, uint32_t file)
{
    drop(names, path);
    if (names->count == NAMES_MAX)
        stop("too many names", path);
    names->items[names->count++] = (struct name){ path, file };
}

static bool changes_names(const struct disk_record *r)
{
    return r->head.kind == DISK_CREATE || r->head.kind == DISK_UNLINK ||
           r->head.kind == DISK_MKDIR || r->head.kind == DISK_RENAME || r->head.kind == DISK_LINK;
}

/* The directory that a change of names belongs to: where the name appears or goes. */
static const char *changed_path(const struct disk_record *r)
{
    return r->head.kind == DISK_RENAME || r->head.kind == DISK_LINK ? r->path2 : r->path;
}

static void apply_name(struct names *names, const struct disk_record *r)
{
    struct name *from = find(names, r->path);

    if (r->head.kind == DISK_CREATE || r->head.kind == DISK_MKDIR) {
        put(names, r->path, r->head.file);
    } else if (r->head.kind == DISK_UNLINK) {
        drop(names, r->path);
    } else if (from) { /* otherwise its making was lost with another directory */
        put(names, r->path2, from->file);
        if (r->head.kind == DISK_RENAME)
            drop(names, r->path);
    }
}

/* How many of the first `cut` records may count for names in `dir`: an index. */
static size_t names_end(const struct disk_log *log, size_t cut, const char *dir, struct rng *rng)
{
    size_t synced = 0;
    size_t pending = 0;
    size_t kept;
    size_t i;

    for (i = 0; i < cut; i++) {
        const struct disk_record *r = &log->records[i];

        if (r->head.kind == DISK_SYNC && r->head.file == 0 && strcmp(r->path, dir) == 0)
            synced = i, pending = 0;
        else if (changes_names(r) && lies_in(changed_path(r), dir))
            pending++;
    }
    kept = pending ? (size_t)rng_below(rng, pending + 1) : 0;
    for (i = synced; i < cut; i++) {
        const struct disk_record *r = &log->records[i];

        if (changes_names(r) && lies_in(changed_path(r), dir) && kept-- == 0)
            break;
    }
    return i;
}

struct dir_end {
    const char *path;
    size_t end;
};

static void build_names(const struct disk_log *log, size_t cut, struct rng *rng,
                        struct names *names)
{
    struct dir_end dirs[64] = { { "", names_end(log, cut, "", rng) } };
    size_t dir_count = 1;

    for (size_t i = 0; i < cut; i++) {
        const struct disk_record *r = &log->records[i];
        size_t d = 0;

        if (!changes_names(r))
            continue;
        while (d < dir_count && !lies_in(changed_path(r), dirs[d].path))
            d++;
        if (d == dir_count || i >= dirs[d].end)
            continue; /* in a directory that is lost, or itself lost */
        apply_name(names, r);
        if (r->head.kind == DISK_MKDIR) {
            if (dir_count == sizeof dirs / sizeof *dirs)
                stop("too many directories", r->path);
            dirs[dir_count++] = (struct dir_end){ r->path, names_end(log, cut, r->path, rng) };
        }
    }
}

/* --- bytes --- */

struct content {
    char *bytes;
    size_t len, capacity;
};

static void resize(struct content *c, size_t len)
{
    if (len > c->capacity) {
        c->capacity = len * 2 + 4096;
        c->bytes = realloc(c->bytes, c->capacity);
        if (!c->bytes)
            stop("no memory", "for a file");
    }
    if (len > c->len)
        memset(c->bytes + c->len, 0, len - c->len);
    c->len = len;
}

/* The part of a write that lies in the sector at `at`; all of it, or none. */
static size_t write_sector(struct content *c, const struct disk_record *r, size_t done, bool take)
{
    size_t at = (size_t)r->head.offset + done;
    size_t len = SECTOR_BYTES - at % SECTOR_BYTES;

    len = len < r->head.len - done ? len : r->head.len - done;
    if (take) {
        if (at + len > c->len)
            resize(c, at + len);
        memcpy(c->bytes + at, r->bytes + done, len);
    }
    return len;
}

/* rng: tears it; NULL: does it whole. */
static void apply_bytes(struct content *c, const struct disk_record *r, struct rng *rng)
{
    bool torn = rng && rng_below(rng, TORN_ONE_IN) == 0;

    if (r->head.kind == DISK_TRUNCATE)
        resize(c, (size_t)r->head.offset);
    else if (r->head.kind == DISK_ALLOCATE && (size_t)r->head.offset > c->len)
        resize(c, (size_t)r->head.offset);
    for (size_t done = 0; r->head.kind == DISK_WRITE && done < r->head.len;)
        done += write_sector(c, r, done, !torn || rng_below(rng, 2) == 0);
}

static bool changes_bytes(const struct disk_record *r)
{
    return r->head.kind == DISK_WRITE || r->head.kind == DISK_TRUNCATE ||
           r->head.kind == DISK_ALLOCATE;
}

static void shuffle(size_t *items, size_t count, struct rng *rng)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)rng_below(rng, i);
        size_t kept = items[i - 1];

        items[i - 1] = items[other];
        items[other] = kept;
    }
}

/* What of the changes that no sync covers is there: decided for each file anew. */
static void apply_pending(struct content *c, const struct disk_log *log, size_t *pending,
                          size_t count, struct rng *rng)
{
    enum { NONE, ALL, FIRST, ANY_IN_ORDER, ANY, WAYS };
    uint64_t way = rng_below(rng, WAYS);

    if (way == NONE)
        return;
    if (way == FIRST)
        count = (size_t)rng_below(rng, count + 1);
    if (way == ANY)
        shuffle(pending, count, rng);
    for (size_t i = 0; i < count; i++)
        if (way == ALL || way == FIRST || rng_below(rng, 2) == 0)
            apply_bytes(c, &log->records[pending[i]],
                        way != ALL && (way != FIRST || i + 1 == count) ? rng : NULL);
}

static void build_bytes(const struct disk_log *log, size_t cut, uint32_t file, struct rng *rng,
                        struct content *c)
{
    size_t *pending = malloc((cut + 1) * sizeof *pending);
    size_t synced = 0;
    size_t count = 0;

    if (!pending)
        stop("no memory", "for a file");
    for (size_t i = 0; i < cut; i++)
        if (log->records[i].head.file == file && log->records[i].head.kind == DISK_SYNC)
            synced = i;
    for (size_t i = 0; i < cut; i++) {
        const struct disk_record *r = &log->records[i];

        if (r->head.file != file || !changes_bytes(r))
            continue;
        if (i < synced)
            apply_bytes(c, r, NULL);
        else
            pending[count++] = i;
    }
    if (count)
        apply_pending(c, log, pending, count, rng);
    free(pending);
}

/* --- the directory --- */

static void write_file(const char *path, const struct content *c)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, c->bytes, c->len) != (ssize_t)c->len || close(fd) < 0)
        stop("cannot write", path);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->path, ((const struct name *)b)->path);
}

void disk_log_build(const struct disk_log *log, size_t cut, struct rng *rng, const char *dir)
{
    struct names *names = calloc(1, sizeof *names);
    struct content content = { 0 };
    char path[PATH_MAX];

    if (!names)
        stop("no memory for", dir);
    build_names(log, cut, rng, names);
    qsort(names->items, names->count, sizeof *names->items, by_path); /* parents first */
    for (size_t i = 0; i < names->count; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names->items[i].path);
        if (names->items[i].file == 0 && mkdir(path, 0700) < 0)
            stop("cannot make", path);
    }
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].file == 0)
            continue;
        content.len = 0;
        build_bytes(log, cut, names->items[i].file, rng, &content);
        snprintf(path, sizeof path, "%s/%s", dir, names->items[i].path);
        write_file(path, &content);
    }
    free(content.bytes);
    free(names);
}
