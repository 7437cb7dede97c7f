#include "ingest/file_sd.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"

enum { FILE_ARENA_MAX_BYTES = 64 << 20, LIST_MAX_BYTES = 16 << 20 };

struct target_file {
    struct target_file *next;
    const char *path;
    struct arena path_arena;
    struct stat stat; /* of what was read last */
    int64_t read_mono_ns;
    uint64_t hash; /* of what was read last */
    bool known;    /* was read at least once */
    bool broken;
    struct arena arena; /* the last good content */
    const struct config_target *targets;
    size_t target_count;
};

/* One pattern of one job. */
struct source {
    size_t scrape_idx;
    struct str job;
    struct str pattern;
    int64_t refresh_ns;
    struct target_file *files; /* in the order of their names */
    bool broken;
};

struct file_sd {
    struct source *sources;
    size_t count;
    size_t file_count;
    file_sd_tell *tell;
    void *ctx;
};

/* --- life --- */

static void free_file(struct target_file *f)
{
    arena_release(&f->arena);
    arena_release(&f->path_arena);
    mem_free(f);
}

static struct target_file *new_file(const char *path)
{
    struct target_file *f = mem_alloc_zero(1, sizeof *f);

    if (!f)
        return NULL;
    f->path_arena = arena_limited(LIST_MAX_BYTES);
    f->path = arena_copy(&f->path_arena, str_of(path));
    if (f->path)
        return f;
    free_file(f);
    return NULL;
}

static size_t count_patterns(const struct config_scrape *scrapes, size_t count)
{
    size_t patterns = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < scrapes[i].file_sd_count; k++)
            patterns += scrapes[i].file_sds[k].pattern_count;
    return patterns;
}

static void add_sources(struct file_sd *sd, const struct config_scrape *scrape, size_t scrape_idx)
{
    for (size_t i = 0; i < scrape->file_sd_count; i++)
        for (size_t k = 0; k < scrape->file_sds[i].pattern_count; k++)
            sd->sources[sd->count++] = (struct source){
                .scrape_idx = scrape_idx,
                .job = scrape->job_name,
                .pattern = scrape->file_sds[i].patterns[k],
                .refresh_ns = scrape->file_sds[i].refresh_interval_ms * 1000000,
            };
}

enum err file_sd_new(const struct config *cfg, struct file_sd **ret)
{
    struct file_sd *sd = mem_alloc_zero(1, sizeof *sd);
    size_t count;
    const struct config_scrape *scrapes = config_scrapes(cfg, &count);

    if (!sd)
        return ERR_NOMEM;
    sd->sources = mem_alloc_zero(count_patterns(scrapes, count) + 1, sizeof *sd->sources);
    if (!sd->sources) {
        mem_free(sd);
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        add_sources(sd, &scrapes[i], i);
    *ret = sd;
    return ERR_OK;
}

void file_sd_free(struct file_sd *sd)
{
    if (!sd)
        return;
    for (size_t i = 0; i < sd->count; i++) {
        while (sd->sources[i].files) {
            struct target_file *f = sd->sources[i].files;

            sd->sources[i].files = f->next;
            free_file(f);
        }
    }
    mem_free(sd->sources);
    mem_free(sd);
}

void file_sd_take_over(struct file_sd *sd, struct file_sd *old)
{
    for (size_t i = 0; i < sd->count; i++) {
        struct source *to = &sd->sources[i];

        for (size_t k = 0; old && k < old->count && !to->files; k++) {
            struct source *from = &old->sources[k];

            if (!str_equals(to->job, from->job) || !str_equals(to->pattern, from->pattern))
                continue;
            to->files = from->files;
            to->broken = from->broken;
            from->files = NULL;
        }
    }
}

/* --- one file --- */

static void tell(const struct file_sd *sd, const struct source *source, const char *path,
                 const struct diag *diag)
{
    if (sd->tell)
        sd->tell(sd->ctx, &(struct file_sd_news){ .job = source->job, .path = path, .diag = diag });
}

/* The time of the inode's change too: it tells of a file that may be read now. */
static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static enum err parse(struct target_file *f, struct str text, struct diag *diag)
{
    struct arena arena = arena_limited(FILE_ARENA_MAX_BYTES);
    const struct config_target *targets;
    size_t count;
    enum err err = config_read_targets(text, f->path, &arena, &targets, &count, diag);

    if (err) {
        arena_release(&arena);
        return err;
    }
    arena_release(&f->arena);
    f->arena = arena;
    f->targets = targets;
    f->target_count = count;
    return ERR_OK;
}

/* Reads the file; *ret_changed: its targets are others now. */
static enum err read_again(struct target_file *f, bool *ret_changed, struct diag *diag)
{
    struct arena scratch = arena_limited(2 * CONFIG_TARGET_FILE_MAX_BYTES);
    struct str text;
    enum err err = file_read(&scratch, f->path, CONFIG_TARGET_FILE_MAX_BYTES, &text, diag);

    if (!err && (!f->known || f->broken || hash_str(text) != f->hash)) {
        err = parse(f, text, diag);
        f->hash = hash_str(text);
        *ret_changed = !err;
    }
    arena_release(&scratch);
    return err;
}

/* True when its targets changed. */
static bool look_at(struct file_sd *sd, const struct source *source, struct target_file *f,
                    int64_t mono_ns)
{
    struct diag diag = { 0 };
    struct stat now;
    bool changed = false, same, was_broken = f->broken;
    enum err err;

    if (stat(f->path, &now) != 0)
        return false; /* it went since the list was made; the next list knows */
    same = f->known && is_same(&now, &f->stat);
    if (same && mono_ns - f->read_mono_ns < source->refresh_ns)
        return false;
    err = read_again(f, &changed, &diag);
    f->broken = err != ERR_OK;
    f->known = true;
    f->stat = now; /* from before it was read: a change in between is seen next time */
    f->read_mono_ns = mono_ns;
    if (err == ERR_NOMEM)
        f->known = false; /* tried again at the next poll */
    if (err && !(was_broken && same))
        tell(sd, source, f->path, &diag);
    if (!err && was_broken)
        tell(sd, source, f->path, NULL);
    return changed;
}

/* --- one pattern --- */

/* Takes the file out of the chain `*files`, together with those before it, which are gone. */
static struct target_file *take_known(struct target_file **files, const char *path, bool *changed)
{
    while (*files) {
        struct target_file *f = *files;
        int order = strcmp(f->path, path);

        if (order > 0)
            return NULL;
        *files = f->next;
        f->next = NULL;
        if (order == 0)
            return f;
        *changed |= f->target_count > 0;
        free_file(f);
    }
    return NULL;
}

static bool replace_files(struct file_sd *sd, struct source *source, const char *const *paths,
                          size_t count, int64_t mono_ns)
{
    struct target_file *old = source->files, **end = &source->files;
    bool changed = false;

    source->files = NULL;
    for (size_t i = 0; i < count; i++) {
        struct target_file *f = take_known(&old, paths[i], &changed);

        if (!f && sd->file_count < FILE_SD_FILES_MAX)
            f = new_file(paths[i]);
        if (!f)
            continue;
        sd->file_count++;
        changed |= look_at(sd, source, f, mono_ns);
        *end = f;
        end = &f->next;
    }
    while (old) {
        struct target_file *gone = old;

        old = gone->next;
        changed |= gone->target_count > 0;
        free_file(gone);
    }
    return changed;
}

static bool poll_source(struct file_sd *sd, struct source *source, int64_t mono_ns)
{
    struct arena scratch = arena_limited(LIST_MAX_BYTES);
    const char *const *paths;
    struct diag diag = { 0 };
    bool changed = false;
    size_t count;
    enum err err = config_find_files(source->pattern, &scratch, &paths, &count);

    if (!err)
        changed = replace_files(sd, source, paths, count, mono_ns);
    if (err && !source->broken) {
        diag_set(&diag, err, "the folder cannot be listed: %s", err_text(err));
        tell(sd, source, "file_sd_configs", &diag);
    }
    source->broken = err != ERR_OK;
    arena_release(&scratch);
    return changed;
}

bool file_sd_poll(struct file_sd *sd, int64_t mono_ns, file_sd_tell *tell_news, void *ctx)
{
    bool changed = false;

    sd->tell = tell_news;
    sd->ctx = ctx;
    sd->file_count = 0;
    for (size_t i = 0; i < sd->count; i++)
        changed |= poll_source(sd, &sd->sources[i], mono_ns);
    return changed;
}

enum err file_sd_for_each(const struct file_sd *sd, size_t scrape_idx,
                          enum err (*each)(void *ctx, const struct config_target *target),
                          void *ctx)
{
    for (size_t i = 0; i < sd->count; i++) {
        if (sd->sources[i].scrape_idx != scrape_idx)
            continue;
        for (const struct target_file *f = sd->sources[i].files; f; f = f->next) {
            for (size_t k = 0; k < f->target_count; k++) {
                enum err err = each(ctx, &f->targets[k]);

                if (err)
                    return err;
            }
        }
    }
    return ERR_OK;
}
