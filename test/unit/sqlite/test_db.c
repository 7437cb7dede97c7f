#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "sqlite/db.h"

struct fixture {
    char dir[64];
    char path[96];
    struct db *db;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/fusebox-db-XXXXXX");
    if (!mkdtemp(f->dir))
        return 1;
    snprintf(f->path, sizeof f->path, "%s/test.db", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];

    mem_fail_nth(0);
    db_close(f->db);
    unlink(f->path);
    snprintf(path, sizeof path, "%s-wal", f->path);
    unlink(path);
    snprintf(path, sizeof path, "%s-shm", f->path);
    unlink(path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static enum err open_as(struct fixture *f, uint32_t id, int version, struct diag *diag)
{
    struct db_options options = { .path = f->path,
                                  .application_id = id,
                                  .schema_version = version };

    return db_open(&options, &f->db, diag);
}

static void reopen(struct fixture *f)
{
    db_close(f->db);
    f->db = NULL;
    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
}

static int64_t number(struct db *db, const char *sql)
{
    struct db_stmt *stmt;
    int64_t result;
    bool row;

    assert_int_equal(db_prepare(db, sql, &stmt, NULL), ERR_OK);
    assert_int_equal(db_step(stmt, &row, NULL), ERR_OK);
    assert_true(row);
    result = db_column_i64(stmt, 0);
    db_finalize(stmt);
    return result;
}

static void test_db__opens_with_safe_settings(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *stmt;
    bool row;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(number(f->db, "PRAGMA synchronous"), 2);
    assert_int_equal(number(f->db, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(f->db, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number(f->db, "PRAGMA cell_size_check"), 1);
    assert_int_equal(number(f->db, "PRAGMA wal_autocheckpoint"), 0);
    assert_int_equal(number(f->db, "PRAGMA application_id"), 7);
    assert_int_equal(db_prepare(f->db, "PRAGMA journal_mode", &stmt, NULL), ERR_OK);
    assert_int_equal(db_step(stmt, &row, NULL), ERR_OK);
    assert_true(str_equals(db_column_text(stmt, 0), STR("wal")));
    db_finalize(stmt);
    assert_true(db_library_version_number() > 3037000);
    assert_non_null(db_library_version());
}

static void test_db__binds_and_reads_every_type(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *stmt;
    bool row;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(
        db_exec(f->db, "CREATE TABLE t (i INTEGER, d REAL, t TEXT, b BLOB, n TEXT) STRICT", NULL),
        ERR_OK);
    assert_int_equal(db_prepare(f->db, "INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)", &stmt, NULL),
                     ERR_OK);
    db_bind_i64(stmt, 1, INT64_MIN);
    db_bind_double(stmt, 2, -0.5);
    db_bind_text(stmt, 3, STR("it's; --"));
    db_bind_blob(stmt, 4, STR("a\0b"));
    db_bind_null(stmt, 5);
    assert_int_equal(db_run(stmt, NULL), ERR_OK);
    assert_int_equal(db_last_row_id(f->db), 1);
    assert_int_equal(db_changes_count(f->db), 1);
    db_finalize(stmt);
    reopen(f);
    assert_int_equal(db_prepare(f->db, "SELECT * FROM t", &stmt, NULL), ERR_OK);
    assert_int_equal(db_step(stmt, &row, NULL), ERR_OK);
    assert_true(row);
    assert_true(db_column_i64(stmt, 0) == INT64_MIN);
    assert_true(db_column_double(stmt, 1) == -0.5);
    assert_true(str_equals(db_column_text(stmt, 2), STR("it's; --")));
    assert_true(str_equals(db_column_blob(stmt, 3), STR("a\0b")));
    assert_true(db_column_is_null(stmt, 4));
    assert_int_equal(db_step(stmt, &row, NULL), ERR_OK);
    assert_false(row);
    db_finalize(stmt);
}

static void test_db__a_wrong_bind_is_told_by_the_next_step(void **state)
{
    struct fixture *f = *state;
    struct db_stmt *stmt;
    struct diag diag = { 0 };

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(db_prepare(f->db, "SELECT ?1", &stmt, NULL), ERR_OK);
    db_bind_i64(stmt, 2, 1);
    assert_int_equal(db_run(stmt, &diag), ERR_INVALID);
    assert_non_null(strstr(diag.message, f->path));
    db_bind_i64(stmt, 1, 1);
    assert_int_equal(db_run(stmt, NULL), ERR_OK);
    db_finalize(stmt);
    assert_int_equal(db_exec(f->db, "SELEC 1", NULL), ERR_INVALID);
}

static void test_db__rolls_back_what_was_not_committed(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "CREATE TABLE t (i INTEGER)", NULL), ERR_OK);
    assert_int_equal(db_begin(f->db, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES (1)", NULL), ERR_OK);
    db_rollback(f->db);
    db_rollback(f->db);
    assert_int_equal(db_begin(f->db, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES (2)", NULL), ERR_OK);
    assert_int_equal(db_commit(f->db, NULL), ERR_OK);
    assert_int_equal(number(f->db, "SELECT sum(i) FROM t"), 2);
}

static void test_db__checkpoints_only_when_told(void **state)
{
    struct fixture *f = *state;
    size_t grown;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "CREATE TABLE t (b BLOB)", NULL), ERR_OK);
    for (int i = 0; i < 300; i++)
        assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES (zeroblob(40000))", NULL), ERR_OK);
    grown = db_wal_bytes(f->db);
    assert_true(grown > 8u << 20); /* SQLite's own limit would be 4 MiB */
    assert_int_equal(db_checkpoint(f->db, DB_CHECKPOINT_PASSIVE, NULL), ERR_OK);
    assert_int_equal(db_wal_bytes(f->db), 0);
    assert_int_equal(db_checkpoint(f->db, DB_CHECKPOINT_TRUNCATE, NULL), ERR_OK);
    reopen(f);
    assert_int_equal(number(f->db, "SELECT count(*) FROM t"), 300);
}

static void test_db__foreign_and_newer_files_are_left_alone(void **state)
{
    struct fixture *f = *state;
    struct diag diag = { 0 };
    int version = -1;

    assert_int_equal(open_as(f, 7, 2, NULL), ERR_OK);
    assert_int_equal(db_schema_version(f->db, &version, NULL), ERR_OK);
    assert_int_equal(version, 0);
    assert_int_equal(db_set_schema_version(f->db, 2, NULL), ERR_OK);
    db_close(f->db);
    f->db = NULL;
    assert_int_equal(open_as(f, 8, 2, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "another application"));
    diag = (struct diag){ 0 };
    assert_int_equal(open_as(f, 7, 1, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "newer"));
    assert_int_equal(open_as(f, 7, 2, NULL), ERR_OK);
}

static void test_db__garbage_is_corrupt_and_a_missing_directory_is_io(void **state)
{
    struct fixture *f = *state;
    struct db_options nowhere = { .path = "/nonexistent/dir/x.db", .application_id = 7 };
    struct diag diag = { 0 };
    FILE *file = fopen(f->path, "w");

    for (int i = 0; i < 1000; i++)
        fputs("this is no database ", file);
    fclose(file);
    assert_int_equal(open_as(f, 7, 1, &diag), ERR_CORRUPT);
    assert_non_null(strstr(diag.message, f->path));
    assert_int_equal(db_open(&nowhere, &f->db, NULL), ERR_IO);
}

static void test_db__a_second_writer_is_a_conflict(void **state)
{
    struct fixture *f = *state;
    struct db_options options = { .path = f->path, .application_id = 7, .schema_version = 1 };
    struct db *other;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "CREATE TABLE t (i INTEGER)", NULL), ERR_OK);
    assert_int_equal(db_open(&options, &other, NULL), ERR_OK);
    assert_int_equal(db_begin(f->db, NULL), ERR_OK);
    assert_int_equal(db_begin(other, NULL), ERR_CONFLICT);
    db_rollback(f->db);
    db_close(other);
}

static void test_db__a_full_database_is_a_limit(void **state)
{
    struct fixture *f = *state;
    enum err err = ERR_OK;

    assert_int_equal(open_as(f, 7, 1, NULL), ERR_OK);
    assert_int_equal(db_exec(f->db, "PRAGMA max_page_count = 20; CREATE TABLE t (b BLOB)", NULL),
                     ERR_OK);
    for (int i = 0; i < 100 && !err; i++)
        err = db_exec(f->db, "INSERT INTO t VALUES (zeroblob(4000))", NULL);
    assert_int_equal(err, ERR_LIMIT);
}

static void test_db__survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    enum err err;
    long n = 0;

    do {
        mem_fail_nth(++n);
        err = open_as(f, 7, 1, NULL);
        if (!err)
            assert_false(mem_fault_happened());
        else
            assert_int_equal(err, ERR_NOMEM);
        db_close(f->db);
        f->db = NULL;
    } while (mem_fault_happened());
    assert_int_equal(err, ERR_OK);
    assert_true(n > 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_db__opens_with_safe_settings),
        TEST(test_db__binds_and_reads_every_type),
        TEST(test_db__a_wrong_bind_is_told_by_the_next_step),
        TEST(test_db__rolls_back_what_was_not_committed),
        TEST(test_db__checkpoints_only_when_told),
        TEST(test_db__foreign_and_newer_files_are_left_alone),
        TEST(test_db__garbage_is_corrupt_and_a_missing_directory_is_io),
        TEST(test_db__a_second_writer_is_a_conflict),
        TEST(test_db__a_full_database_is_a_limit),
        TEST(test_db__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
