#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "config/report.h"
#include "config/snapshot.h"

enum { CHECK_ARENA_MAX_BYTES = 64 << 20 };

enum err config_find_files(struct str pattern, struct arena *arena, const char *const **ret,
                           size_t *ret_count)
{
    const char *name = arena_copy(arena, pattern);
    const char **paths;
    glob_t found;
    int failed;

    if (!name)
        return arena_error(arena);
    failed = glob(name, GLOB_PERIOD, NULL, &found);
    if (failed && failed != GLOB_NOMATCH) {
        globfree(&found);
        return failed == GLOB_NOSPACE ? ERR_NOMEM : ERR_IO;
    }
    paths = arena_alloc_zero(arena, found.gl_pathc + 1, sizeof *paths);
    for (size_t i = 0; paths && i < found.gl_pathc; i++) {
        paths[i] = arena_copy(arena, str_of(found.gl_pathv[i]));
        if (!paths[i])
            paths = NULL;
    }
    *ret_count = found.gl_pathc;
    globfree(&found);
    if (!paths)
        return arena_error(arena);
    *ret = paths;
    return ERR_OK;
}

/* --- what `check config` looks at --- */

struct check {
    struct report *report;
    struct node at; /* the job */
    struct arena arena;
};

static void check_readable(struct check *c, const char *key, struct str path)
{
    const char *name = arena_copy(&c->arena, path);

    if (!name)
        report_fatal(c->report, arena_error(&c->arena));
    else if (path.len && access(name, R_OK) != 0)
        report_error(c->report, &c->at, "%s %.160s: %s", key, name,
                     errno == ENOENT ? "there is no such file" : "it cannot be read");
}

static void check_targets(struct check *c, const char *path)
{
    const struct config_target *targets;
    struct diag diag = { 0 };
    struct str text;
    size_t count;
    enum err err = file_read(&c->arena, path, CONFIG_TARGET_FILE_MAX_BYTES, &text, &diag);

    if (!err)
        err = config_read_targets(text, path, &c->arena, &targets, &count, &diag);
    if (err == ERR_NOMEM)
        report_fatal(c->report, err);
    else if (err && diag.line)
        report_error(c->report, &c->at, "%.100s:%d:%d: %.120s", path, diag.line, diag.column,
                     diag_text(&diag));
    else if (err)
        report_error(c->report, &c->at, "%.200s", diag_text(&diag));
}

static void check_pattern(struct check *c, struct str pattern)
{
    const char *const *paths = NULL;
    size_t count = 0;
    enum err err = config_find_files(pattern, &c->arena, &paths, &count);

    if (err)
        report_fatal(c->report, err);
    else if (!count)
        report_warning(c->report, "line %d: no file of targets is named %.*s", c->at.line,
                       (int)(pattern.len < 160 ? pattern.len : 160), pattern.ptr);
    for (size_t i = 0; !err && i < count; i++)
        check_targets(c, paths[i]);
}

static void check_job(struct check *c, const struct config_scrape *scrape)
{
    const struct config_access *access = &scrape->access;

    check_readable(c, "password_file", access->password_file);
    check_readable(c, "credentials_file", access->credentials_file);
    check_readable(c, "ca_file", access->ca_file);
    check_readable(c, "cert_file", access->cert_file);
    check_readable(c, "key_file", access->key_file);
    for (size_t i = 0; i < scrape->file_sd_count; i++)
        for (size_t k = 0; k < scrape->file_sds[i].pattern_count; k++)
            check_pattern(c, scrape->file_sds[i].patterns[k]);
}

enum err config_check_files(const struct config *cfg, const char *file,
                            struct config_errors *errors)
{
    struct report report;
    enum err err;

    report_init(&report, str_of(file), errors);
    for (size_t i = 0; i < cfg->scrape_count; i++) {
        struct check c = { .report = &report,
                           .at = { .line = cfg->scrapes[i].line, .column = cfg->scrapes[i].column },
                           .arena = arena_limited(CHECK_ARENA_MAX_BYTES) };

        check_job(&c, &cfg->scrapes[i]);
        arena_release(&c.arena);
    }
    err = report_finish(&report);
    report_release(&report);
    return err;
}
