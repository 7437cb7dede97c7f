/*
 * MANIFEST, the text that makes a directory a backup:
 *
 *   fusebox backup 3
 *   state.db 24576 1a2b3c4d            when there is one: bytes, CRC-32C
 *   SEQ LEVEL CREATED_MS NAME          a line per block
 *   crc32c 5e6f7a8b                    of everything before this line
 *
 * The first format had no file of events, the second no line of state.db.
 */
#include "tsdb/backup_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/file.h"
#include "tsdb/file_copy.h"
#include "tsdb/internal.h"

enum { MANIFEST_MAX_BYTES = 64 << 20 };

static const char *const heads[] = { "fusebox backup 1\n", "fusebox backup 2\n",
                                     "fusebox backup 3\n" };
enum { HEAD_BYTES = sizeof "fusebox backup 3\n" - 1, VERSION_OF_EVENTS = 2, VERSION = 3 };

/* --- writing --- */

static enum err print_state(const char *dir, struct buf *out, struct diag *diag)
{
    char path[TSDB_PATH_BYTES];
    uint64_t bytes;
    uint32_t crc;
    enum err err;

    if (!tsdb_path(dir, "state.db", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    if (access(path, F_OK) != 0)
        return ERR_OK;
    err = file_checksum(path, &bytes, &crc, diag);
    if (!err)
        buf_printf(out, "state.db %llu %08x\n", (unsigned long long)bytes, (unsigned)crc);
    return err;
}

static void print_rows(const struct block_set *set, struct buf *out)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct manifest_row *row = &set->entries[i].row;

        buf_printf(out, "%lld %d %lld %s\n", (long long)row->seq, row->level,
                   (long long)row->created_ms, row->name);
    }
}

static enum err print_manifest(const struct block_set *set, const char *dir, struct buf *out,
                               struct diag *diag)
{
    enum err err;

    buf_append_cstr(out, heads[VERSION - 1]);
    err = print_state(dir, out, diag);
    if (err)
        return err;
    print_rows(set, out);
    buf_printf(out, "crc32c %08x\n", (unsigned)crc32c(0, out->data, out->len));
    return buf_error(out);
}

enum err backup_write_manifest(const struct block_set *set, const char *dir, struct diag *diag)
{
    struct buf text = buf_limited(MANIFEST_MAX_BYTES);
    char path[TSDB_PATH_BYTES];
    enum err err = print_manifest(set, dir, &text, diag);

    if (!err && !tsdb_path(dir, "MANIFEST", path))
        err = ERR_LIMIT;
    if (!err)
        err = file_write_atomic(path, buf_str(&text), diag);
    buf_release(&text);
    return err;
}

/* --- reading --- */

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

/* 1 to VERSION; 0: none of them. */
static int version_of(struct str text)
{
    for (int version = VERSION; version > 0; version--)
        if (str_has_prefix(text, str_of(heads[version - 1])))
            return version;
    return 0;
}

/* The last line is a checksum over all before it. */
static bool checksum_holds(struct str text, struct str *ret_body)
{
    static const size_t line_bytes = sizeof "crc32c 00000000\n" - 1;
    char line[sizeof "crc32c 00000000\n"];

    if (text.len < HEAD_BYTES + line_bytes || !version_of(text))
        return false;
    *ret_body = (struct str){ text.ptr, text.len - line_bytes };
    snprintf(line, sizeof line, "crc32c %08x\n", (unsigned)crc32c(0, text.ptr, ret_body->len));
    return memcmp(line, text.ptr + ret_body->len, line_bytes) == 0;
}

/* Takes the line of state.db away, where it is the first. */
static bool take_state(struct str *body, struct backup_contents *c)
{
    char crc[] = "00000000", *end;
    struct str line, word;
    int64_t bytes;

    if (!str_has_prefix(*body, STR("state.db ")))
        return true;
    *body = str_cut(*body, '\n', &line);
    line = str_cut(line, ' ', &word);
    if (!take_number(&line, &bytes) || bytes < 0 || line.len != sizeof crc - 1)
        return false;
    memcpy(crc, line.ptr, line.len);
    c->has_state = true;
    c->state_bytes = (uint64_t)bytes;
    c->state_crc = (uint32_t)strtoul(crc, &end, 16);
    return *end == '\0';
}

static enum err parse_manifest(struct str text, const char *path, struct backup_contents *c,
                               struct diag *diag)
{
    struct str body, line;

    if (!checksum_holds(text, &body))
        return diag_set(diag, ERR_CORRUPT, "%s: is damaged, or no manifest of a backup", path);
    c->has_events = version_of(text) >= VERSION_OF_EVENTS;
    body = str_cut(body, '\n', &line);
    if (!take_state(&body, c))
        return diag_set(diag, ERR_CORRUPT, "%s: the line of state.db is none", path);
    for (int number = 2 + c->has_state; body.len; number++) {
        struct manifest_row *row = vec_push(&c->rows);

        body = str_cut(body, '\n', &line);
        if (!row)
            return vec_error(&c->rows);
        if (!parse_row(line, row))
            return diag_set_at(diag, ERR_CORRUPT, number, 1, "%s: line %d is no block", path,
                               number);
    }
    return ERR_OK;
}

enum err backup_read_manifest(const char *dir, struct backup_contents *ret, struct diag *diag)
{
    struct backup_contents c = { .rows = vec_of(sizeof(struct manifest_row), MANIFEST_BLOCKS_MAX) };
    struct arena arena = arena_limited(MANIFEST_MAX_BYTES + 4096);
    char path[TSDB_PATH_BYTES];
    struct str text;
    enum err err;

    if (!tsdb_path(dir, "MANIFEST", path))
        return diag_set(diag, ERR_LIMIT, "%s: the path is too long", dir);
    err = file_read(&arena, path, MANIFEST_MAX_BYTES, &text, diag);
    if (!err)
        err = parse_manifest(text, path, &c, diag);
    arena_release(&arena);
    if (err)
        backup_contents_release(&c);
    else
        *ret = c;
    return err;
}

void backup_contents_release(struct backup_contents *c)
{
    vec_release(&c->rows);
}

enum err backup_check_state(const struct backup_contents *c, const char *path, struct diag *diag)
{
    uint64_t bytes;
    uint32_t crc;
    enum err err;

    if (!c->has_state)
        return ERR_OK;
    err = file_checksum(path, &bytes, &crc, diag);
    if (!err && (bytes != c->state_bytes || crc != c->state_crc))
        err = diag_set(diag, ERR_CORRUPT, "%s is damaged: it is not what MANIFEST says", path);
    return err;
}
