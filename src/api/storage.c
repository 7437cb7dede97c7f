/* What the store holds, and what an operator asks of it: a seal, a backup. */
#include "api/storage.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "api/api.h"
#include "base/file.h"
#include "base/json_read.h"

enum {
    BACKUP_NAME_MAX_BYTES = 64,
    STORAGE_MAX_BYTES = 64 << 20, /* copies of all blocks' rows, some 100 bytes each */
};

static void read_disk(const char *dir, struct storage_view *v)
{
    struct statvfs disk;

    if (statvfs(dir, &disk) != 0)
        return;
    v->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    v->disk_total_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
}

static enum err gather(struct api *api, struct arena *arena, struct storage_view *v)
{
    struct tsdb_block_row *blocks = NULL;
    struct tsdb_damage *damages = NULL;
    enum err err;

    *v = (struct storage_view){
        .now_ms = clock_wall_ms(&api->clock),
        .budget = api->budget,
        .notices = api->notices,
        .failing = atomic_load(&api->own.store_failing),
        .retention_ms = atomic_load(&api->retention_ms),
        .retention_bytes = atomic_load(&api->retention_bytes),
    };
    tsdb_stats(api->db, &v->stats);
    read_disk(api->data_dir, v);
    err = tsdb_blocks(api->db, arena, &blocks, &v->block_count);
    if (!err)
        err = tsdb_damages(api->db, arena, &damages, &v->damage_count);
    v->blocks = blocks;
    v->damages = damages;
    return err;
}

enum err api_storage(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct arena arena = arena_limited(STORAGE_MAX_BYTES);
    struct storage_view view;
    struct json j;
    enum err err = gather(ctx, &arena, &view);

    (void)req;
    if (!err) {
        j = api_json(reply);
        json_open_object(&j);
        storage_json_members(&j, &arena, &view);
        json_close_object(&j);
        err = buf_error(&reply->body);
    }
    arena_release(&arena);
    return err;
}

enum err api_storage_seal(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct http_parked *parked = http_request_park(req);
    enum err err;

    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_seal(api->daemon, parked);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Neither a path, nor hidden, nor "..". */
static bool is_name(struct str name)
{
    if (!name.len || name.len > BACKUP_NAME_MAX_BYTES || !is_letter_or_digit(name.ptr[0]))
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!is_letter_or_digit(name.ptr[i]) && !strchr("._-", name.ptr[i]))
            return false;
    return true;
}

/* "2026-11-20T024107Z": sorts by time, and is a file name everywhere. */
static const char *name_of_time(int64_t now_ms, struct arena *arena)
{
    char text[CLOCK_RFC3339_BYTES];

    clock_format_rfc3339(now_ms, text);
    return arena_printf(arena, "%.13s%.2s%.2sZ", text, text + 14, text + 17);
}

enum err storage_backup_name(struct str body, int64_t now_ms, struct arena *arena, const char **ret,
                             struct diag *diag)
{
    struct json_value root = { .kind = JSON_OBJECT, .text = STR("{}") }, item = { 0 };
    struct str name = STR_NONE;
    enum err err = str_trim(body).len ? json_read(body, &root, diag) : ERR_OK;

    if (err)
        return err;
    if (root.kind != JSON_OBJECT)
        return diag_set(diag, ERR_INVALID, "the body must be an object, as {\"name\": \"monday\"}");
    while (json_read_next(root, &item)) {
        if (!str_equals(item.key, STR("name")))
            return diag_set(diag, ERR_INVALID, "\"%.*s\" is not known here; only name is",
                            (int)(item.key.len < 40 ? item.key.len : 40), item.key.ptr);
        name = STR_NONE;
        if (item.kind == JSON_STRING && !json_read_str(item, arena, &name))
            return arena_error(arena);
        if (!is_name(name))
            return diag_set(diag, ERR_INVALID,
                            "name must be 1 to %d letters, digits, dots, dashes and underscores, "
                            "the first a letter or digit",
                            BACKUP_NAME_MAX_BYTES);
    }
    *ret = name.len ? name.ptr : name_of_time(now_ms, arena);
    return *ret ? ERR_OK : arena_error(arena);
}

/* DATA/backups/NAME, absolute for who asked; what is there already is never touched. */
static enum err choose_dir(struct http_request *req, struct api *api, const char **ret,
                           struct diag *diag)
{
    struct arena *arena = http_request_arena(req);
    const char *name = "", *parent, *dir;
    char resolved[PATH_MAX];
    struct stat there;
    enum err err = storage_backup_name(http_request_body(req), clock_wall_ms(&api->clock), arena,
                                       &name, diag);

    if (err)
        return err;
    parent = arena_printf(arena, "%s/backups", api->data_dir);
    if (!parent)
        return arena_error(arena);
    err = file_make_dir(parent, diag);
    if (!err && !realpath(parent, resolved))
        err = diag_set(diag, ERR_IO, "%s cannot be resolved: %s", parent, strerror(errno));
    if (err)
        return err;
    dir = arena_printf(arena, "%s/%s", resolved, name);
    if (!dir)
        return arena_error(arena);
    if (lstat(dir, &there) == 0)
        return diag_set(diag, ERR_CONFLICT,
                        "there is a backup called \"%s\" already; give another name", name);
    *ret = dir;
    return ERR_OK;
}

enum err api_storage_backup(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    const char *dir = NULL;
    struct http_parked *parked;
    enum err err = choose_dir(req, api, &dir, &reply->diag);

    if (err == ERR_INVALID || err == ERR_CONFLICT)
        reply->field = "name";
    if (err)
        return err;
    parked = http_request_park(req);
    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_backup(api->daemon, parked, dir);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}

void api_answer_job(struct http_parked *parked, enum err err, const struct diag *diag,
                    const struct tsdb_job_result *result, const char *dir)
{
    struct http_reply reply = { .status = 200 };

    if (err) {
        reply.diag = *diag;
    } else {
        struct json j = api_json(&reply);

        json_open_object(&j);
        if (dir) {
            json_member_cstr(&j, "path", dir);
        }
        json_member_int(&j, "blocks", (int64_t)result->block_count);
        json_member_int(&j, "series", (int64_t)result->series_count);
        json_member_int(&j, "samples", (int64_t)result->sample_count);
        json_member_int(&j, "bytes", (int64_t)result->bytes);
        json_member_rounded(&j, "duration_ms", (double)result->duration_ns / 1e6, 3);
        json_close_object(&j);
        err = buf_error(&reply.body);
    }
    http_request_finish(parked, err, &reply);
}
