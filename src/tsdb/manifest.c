#include "tsdb/manifest.h"

#include <stdio.h>

static const char sql_put_block[] = "INSERT OR REPLACE INTO block"
                                    " (seq, name, level, created_ms, crc)"
                                    " VALUES (?1, ?2, ?3, ?4, ?5)";
static const char sql_drop_block[] = "DELETE FROM block WHERE seq = ?1";
static const char sql_doom[] = "INSERT OR IGNORE INTO doomed (name) VALUES (?1)";
static const char sql_reprieve[] = "DELETE FROM doomed WHERE name = ?1";
static const char sql_put_meta[] = "INSERT INTO meta (key, value, crc) VALUES (?1, ?2, ?3)"
                                   " ON CONFLICT (key) DO UPDATE"
                                   " SET value = excluded.value, crc = excluded.crc";

static enum err read_last_seq(struct manifest *m, int64_t *ret, struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(m->log->db, "SELECT max(seq) FROM block", &stmt, diag);

    if (!err)
        err = db_step(stmt, &row, diag);
    if (!err)
        *ret = row ? db_column_i64(stmt, 0) : 0;
    db_finalize(stmt);
    return err;
}

static enum err prepare_all(struct manifest *m, struct diag *diag)
{
    const struct {
        const char *sql;
        struct db_stmt **stmt;
    } all[] = {
        { sql_put_block, &m->put_block }, { sql_drop_block, &m->drop_block },
        { sql_doom, &m->doom },           { sql_reprieve, &m->reprieve },
        { sql_put_meta, &m->put_meta },
    };
    enum err err = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(all) && !err; i++)
        err = db_prepare(m->log->db, all[i].sql, all[i].stmt, diag);
    return err;
}

enum err manifest_open(struct manifest *m, struct log_store *log, struct diag *diag)
{
    int64_t last_seq = 0;
    enum err err;

    *m = (struct manifest){ .log = log };
    err = prepare_all(m, diag);
    if (!err)
        err = log_store_get_meta(m->log, "next_job", 1, &m->next_job, diag);
    if (!err)
        err = read_last_seq(m, &last_seq, diag);
    m->next_seq = last_seq + 1;
    if (err)
        manifest_close(m);
    return err;
}

void manifest_close(struct manifest *m)
{
    db_finalize(m->put_block);
    db_finalize(m->drop_block);
    db_finalize(m->doom);
    db_finalize(m->reprieve);
    db_finalize(m->put_meta);
    *m = (struct manifest){ 0 };
}

/* A name of ours: no slash, no dot in front, and short. */
static bool take_name(struct str name, char out[MANIFEST_NAME_BYTES])
{
    if (name.len == 0 || name.len >= MANIFEST_NAME_BYTES || name.ptr[0] == '.' ||
        str_find(name, '/') < name.len || str_find(name, '\0') < name.len)
        return false;
    snprintf(out, MANIFEST_NAME_BYTES, "%.*s", STR_ARG(name));
    return true;
}

static enum err bad_name(const struct manifest *m, const char *table, struct diag *diag)
{
    return diag_set(diag, ERR_CORRUPT, "%s: table %s holds a name that is no file's", m->log->path,
                    table);
}

static int64_t checksum_of(const struct manifest_row *row)
{
    const int64_t numbers[] = { row->seq, row->level, row->created_ms };

    return log_store_checksum(str_of(row->name), numbers, ARRAY_LEN(numbers));
}

enum err manifest_read_blocks(struct manifest *m, manifest_on_block *on_block, void *ctx,
                              struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(m->log->db,
                              "SELECT seq, name, level, created_ms, crc FROM block ORDER BY seq",
                              &stmt, diag);

    while (!err && !(err = db_step(stmt, &row, diag)) && row) {
        struct manifest_row block = {
            .seq = db_column_i64(stmt, 0),
            .level = (int)db_column_i64(stmt, 2),
            .created_ms = db_column_i64(stmt, 3),
        };

        if (!take_name(db_column_text(stmt, 1), block.name))
            err = bad_name(m, "block", diag);
        else if (db_column_i64(stmt, 4) != checksum_of(&block))
            err = diag_set(diag, ERR_CORRUPT, "%s: table block, row %lld: the checksum is wrong",
                           m->log->path, (long long)block.seq);
        else
            err = on_block(ctx, &block);
    }
    db_finalize(stmt);
    return err;
}

enum err manifest_read_doomed(struct manifest *m, manifest_on_doomed *on_doomed, void *ctx,
                              struct diag *diag)
{
    struct db_stmt *stmt = NULL;
    bool row = false;
    enum err err = db_prepare(m->log->db, "SELECT name FROM doomed", &stmt, diag);

    while (!err && !(err = db_step(stmt, &row, diag)) && row) {
        char name[MANIFEST_NAME_BYTES];

        err = take_name(db_column_text(stmt, 0), name) ? on_doomed(ctx, name)
                                                       : bad_name(m, "doomed", diag);
    }
    db_finalize(stmt);
    return err;
}

enum err manifest_put_block(struct manifest *m, const struct manifest_row *row)
{
    db_bind_i64(m->put_block, 1, row->seq);
    db_bind_text(m->put_block, 2, str_of(row->name));
    db_bind_i64(m->put_block, 3, row->level);
    db_bind_i64(m->put_block, 4, row->created_ms);
    db_bind_i64(m->put_block, 5, checksum_of(row));
    return db_run(m->put_block, NULL);
}

enum err manifest_drop_block(struct manifest *m, int64_t seq)
{
    db_bind_i64(m->drop_block, 1, seq);
    return db_run(m->drop_block, NULL);
}

enum err manifest_doom(struct manifest *m, const char *name)
{
    db_bind_text(m->doom, 1, str_of(name));
    return db_run(m->doom, NULL);
}

enum err manifest_reprieve(struct manifest *m, const char *name)
{
    db_bind_text(m->reprieve, 1, str_of(name));
    return db_run(m->reprieve, NULL);
}

enum err manifest_put_meta(struct manifest *m, const char *key, int64_t value)
{
    db_bind_text(m->put_meta, 1, str_of(key));
    db_bind_i64(m->put_meta, 2, value);
    db_bind_i64(m->put_meta, 3, log_store_checksum(str_of(key), &value, 1));
    return db_run(m->put_meta, NULL);
}
