/* The embedded engine passes the suite of the port; and what only files can do. */
#include "store_suite.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "sqlite/db.h"
#include "store/migrate.h"

static void unlink_all(const char *path)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
    char file[300];

    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        unlink(file);
    }
}

static enum err open_suite(struct store_suite *suite, struct store **ret, struct diag *diag)
{
    return store_open_sqlite(suite->place, ret, diag);
}

static void wipe(struct store_suite *suite)
{
    unlink_all(suite->place);
}

/* --- files --- */

static char path[64];

static int clean(void **state UNUSED)
{
    unlink_all(path);
    return 0;
}

static struct db *open_raw(uint32_t id, int version)
{
    struct db_options options = { .path = path, .application_id = id, .schema_version = version };
    struct db *db = NULL;

    assert_int_equal(db_open(&options, &db, NULL), ERR_OK);
    return db;
}

static void test_sqlite__another_file_is_left_alone(void **state UNUSED)
{
    struct store *s = NULL;
    struct diag diag = { 0 };

    db_close(open_raw(7, 1));
    assert_int_equal(store_open_sqlite(path, &s, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "another application"));
    assert_null(s);
}

static void test_sqlite__a_newer_file_is_left_alone(void **state UNUSED)
{
    struct store *s = NULL;
    struct db *db;

    assert_int_equal(store_open_sqlite(path, &s, NULL), ERR_OK);
    store_close(s);
    db = open_raw(0x46425354, 99);
    assert_int_equal(db_set_schema_version(db, 99, NULL), ERR_OK);
    db_close(db);
    s = NULL;
    assert_int_equal(store_open_sqlite(path, &s, NULL), ERR_CONFLICT);
    assert_null(s);
}

static void test_sqlite__a_place_that_is_not_there_is_an_error(void **state UNUSED)
{
    struct store *s = NULL;
    struct diag diag = { 0 };

    assert_int_equal(store_open_sqlite("/nonexistent/state.db", &s, &diag), ERR_IO);
    assert_null(s);
    assert_non_null(strstr(diag.message, "/nonexistent/state.db"));
}

static int64_t table_count(struct db *db)
{
    struct db_stmt *stmt = NULL;
    int64_t count;
    bool row = false;

    assert_int_equal(db_prepare(db,
                                "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"
                                " AND name NOT LIKE 'sqlite_%'",
                                &stmt, NULL),
                     ERR_OK);
    assert_int_equal(db_step(stmt, &row, NULL), ERR_OK);
    count = db_column_i64(stmt, 0);
    db_finalize(stmt);
    return count;
}

static void test_sqlite__every_migration_goes_up_down_and_up_again(void **state UNUSED)
{
    struct db *db = open_raw(1, 99);
    int last = (int)store_migration_count, version = -1;

    assert_true(last >= 1);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(migrate_to(db, last, NULL), ERR_OK);
        assert_int_equal(db_schema_version(db, &version, NULL), ERR_OK);
        assert_int_equal(version, last);
        assert_true(table_count(db) >= 1);
        assert_int_equal(migrate_to(db, 0, NULL), ERR_OK);
        assert_int_equal(table_count(db), 0);
    }
    assert_int_equal(migrate_to(db, last + 1, NULL), ERR_INVALID);
    assert_int_equal(migrate_to(db, -1, NULL), ERR_INVALID);
    db_close(db);
}

static void test_sqlite__migrations_are_named_by_their_number(void **state UNUSED)
{
    for (size_t i = 0; i < store_migration_count; i++) {
        assert_int_equal(strtol(store_migrations[i].name, NULL, 10), (long)i + 1);
        assert_true(store_migrations[i].up[0] && store_migrations[i].down[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sqlite__another_file_is_left_alone, clean),
        cmocka_unit_test_teardown(test_sqlite__a_newer_file_is_left_alone, clean),
        cmocka_unit_test_teardown(test_sqlite__a_place_that_is_not_there_is_an_error, clean),
        cmocka_unit_test_teardown(test_sqlite__every_migration_goes_up_down_and_up_again, clean),
        cmocka_unit_test_teardown(test_sqlite__migrations_are_named_by_their_number, clean),
    };
    char dir[] = "/tmp/fusebox-store-XXXXXX";
    struct store_suite suite = { .open = open_suite, .wipe = wipe };
    int failed;

    if (!mkdtemp(dir))
        return 1;
    snprintf(suite.place, sizeof suite.place, "%s/state.db", dir);
    snprintf(path, sizeof path, "%s/files.db", dir);
    failed = store_suite_run(&suite);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
