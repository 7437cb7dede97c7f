#include "tsdb/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"
#include "tsdb/file_copy.h"
#include "tsdb/internal.h"

enum { MANIFEST_MAX_BYTES = 64 << 20 };

/* The first had no file of events. */
static const char manifest_head_1[] = "fusebox backup 1\n";
static const char manifest_head[] = "fusebox backup 2\n";

static void print_manifest(const struct block_set *set, struct buf *out)
{
    buf_append_cstr(out, manifest_head);
    for (size_t i = 0; i < set->count; i++) {
        const struct manifest_row *row = &set->entries[i].row;

        buf_printf(out, "%lld %d %lld %s\n", (long long)row->seq, row->level,
                   (long long)row->created_ms, row->name);
    }
    buf_printf(out, "crc32c %08x\n", (unsigned)crc32c(0, out->data, out->len));
}

static enum err write_manifest(const struct block_set *set, const char *dir, struct diag *diag)
{
    struct buf text = buf_limited(MANIFEST_MAX_BYTES);
    char path[TSDB_PATH_BYTES];
    enum err err;

    print_manifest(set, &text);
    err = buf_error(&text);
    if (!err && !tsdb_path(dir, "MANIFEST", path))
        err = ERR_LIMIT;
    if (!err)
        err = file_write_atomic(path, buf_str(&text), diag);
    buf_release(&text);
    return err;
}

static enum err copy_blocks(const struct backup *b, const char *blocks_dir,
                            struct tsdb_job_result *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    enum err err = ERR_OK;

    for (size_t i = 0; i < b->set->count && !err; i++) {
        const struct block_entry *entry = &b->set->entries[i];

        if (atomic_load(b->cancel))
            return ERR_CANCELLED;
        if (!tsdb_path(blocks_dir, entry->row.name, path))
            return diag_set(diag, ERR_LIMIT, "%s: the path is too long", blocks_dir);
        err = file_link_or_copy(block_path(entry->block), path, diag);
        r->block_count++;
        r->bytes += block_info(entry->block)->bytes;
        r->sample_count += block_info(entry->block)->sample_count;
    }
    return err ? err : file_sync_dir(blocks_dir, diag);
}

static enum err copy_events(const struct backup *b, struct tsdb_job_result *r, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    uint64_t bytes = 0;
    enum err err;

    if (!tsdb_path(b->dir, "events", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", b->dir);
    err = backup_events_write(b->events, path, b->cancel, &bytes, diag);
    r->bytes += bytes;
    return err;
}

static void remove_backup(const struct backup *b, const char *blocks_dir)
{
    char path[TSDB_PATH_BYTES];

    for (size_t i = 0; i < b->set->count; i++)
        if (tsdb_path(blocks_dir, b->set->entries[i].row.name, path))
            unlink(path);
    if (tsdb_path(b->dir, "events", path))
        unlink(path);
    if (tsdb_path(b->dir, "state.db", path))
        unlink(path);
    rmdir(blocks_dir);
    rmdir(b->dir);
}

enum err backup_write(const struct backup *b, struct tsdb_job_result *ret, struct diag *diag)
{
    struct tsdb_job_result r = { .kind = TSDB_BACKUP };
    int64_t started_ns = tsdb_mono_ns();
    char blocks_dir[TSDB_PATH_BYTES];
    enum err err;

    if (!tsdb_path(b->dir, "blocks", blocks_dir))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", b->dir);
    if (access(blocks_dir, F_OK) == 0)
        return diag_set(diag, ERR_CONFLICT, "%s is there already", b->dir);
    err = file_make_dir(blocks_dir, diag);
    if (!err)
        err = copy_blocks(b, blocks_dir, &r, diag);
    if (!err)
        err = copy_events(b, &r, diag);
    if (!err)
        err = write_manifest(b->set, b->dir, diag);
    if (err) {
        remove_backup(b, blocks_dir);
        return err;
    }
    r.duration_ns = tsdb_mono_ns() - started_ns;
    *ret = r;
    return ERR_OK;
}

/* --- reading a manifest --- */

static bool take_number(struct str *line, int64_t *ret)
{
    struct str word;

    *line = str_cut(*line, ' ', &word);
    return str_parse_i64(word, ret);
}

static bool parse_row(struct str line, struct manifest_row *row)
{
    int64_t level;

    if (!take_number(&line, &row->seq) || !take_number(&line, &level) ||
        !take_number(&line, &row->created_ms) || level < 0 || level > 1000 || line.len == 0 ||
        line.len >= MANIFEST_NAME_BYTES || line.ptr[0] == '.' || str_find(line, '/') < line.len)
        return false;
    row->level = (int)level;
    snprintf(row->name, sizeof row->name, "%.*s", STR_ARG(line));
    return true;
}

static bool has_head(struct str text, const char *wanted)
{
    return str_has_prefix(text, str_of(wanted));
}

/* The last line is a checksum over all before it. */
static bool checksum_holds(struct str text, struct str *ret_body)
{
    static const size_t line_bytes = sizeof "crc32c 00000000\n" - 1;
    char line[sizeof "crc32c 00000000\n"];

    if (text.len < sizeof manifest_head - 1 + line_bytes ||
        (!has_head(text, manifest_head) && !has_head(text, manifest_head_1)))
        return false;
    *ret_body = (struct str){ text.ptr, text.len - line_bytes };
    snprintf(line, sizeof line, "crc32c %08x\n", (unsigned)crc32c(0, text.ptr, ret_body->len));
    return memcmp(line, text.ptr + ret_body->len, line_bytes) == 0;
}

static enum err parse_manifest(struct str text, const char *path, struct vec *rows,
                               struct diag *diag)
{
    struct str body, line;

    if (!checksum_holds(text, &body))
        return diag_set(diag, ERR_CORRUPT, "%s: is damaged, or no manifest of a backup", path);
    body = str_cut(body, '\n', &line);
    for (int number = 2; body.len; number++) {
        struct manifest_row *row = vec_push(rows);

        body = str_cut(body, '\n', &line);
        if (!row)
            return vec_error(rows);
        if (!parse_row(line, row))
            return diag_set_at(diag, ERR_CORRUPT, number, 1, "%s: line %d is no block", path,
                               number);
    }
    return ERR_OK;
}

enum err backup_read_manifest(const char *dir, struct vec *rows, bool *ret_events,
                              struct diag *diag)
{
    struct arena arena = arena_limited(MANIFEST_MAX_BYTES + 4096);
    char path[TSDB_PATH_BYTES];
    struct str text;
    enum err err;

    if (!tsdb_path(dir, "MANIFEST", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    err = file_read(&arena, path, MANIFEST_MAX_BYTES, &text, diag);
    if (!err)
        err = parse_manifest(text, path, rows, diag);
    if (!err)
        *ret_events = has_head(text, manifest_head);
    arena_release(&arena);
    return err;
}
