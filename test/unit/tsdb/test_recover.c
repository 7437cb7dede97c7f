#include "tsdb_fixture.h"

static void damage(const struct fixture *f, const char *sql)
{
    struct db_options options = { .application_id = 0x46425453, .schema_version = 3 };
    char path[128];
    struct db *db;

    snprintf(path, sizeof path, "%s/samples.db", f->dir);
    options.path = path;
    assert_int_equal(db_open(&options, &db, NULL), ERR_OK);
    assert_int_equal(db_exec(db, sql, NULL), ERR_OK);
    db_close(db);
}

/* The store opens, says what is damaged, and serves the rest. */
static void check_damage(struct fixture *f, const char *sql, const char *words, size_t left_count)
{
    struct tsdb_options options = fixture_options(f);
    struct arena arena = arena_limited(1 << 20);
    struct tsdb_damage *damages;
    struct collected got;
    size_t count;

    damage(f, sql);
    fixture_open(f, &options);
    assert_int_equal(tsdb_damages(f->db, &arena, &damages, &count), ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(fixture_stats(f).damaged_count, 1);
    assert_non_null(strstr(damages[0].path, "samples.db"));
    if (!strstr(damages[0].what, words))
        fail_msg("%s", damages[0].what);
    assert_int_equal(fixture_select(f->db, NULL, 0, INT64_MIN, INT64_MAX, &got), ERR_OK);
    assert_int_equal(got.sample_count, left_count);
    arena_release(&arena);
}

static void write_three_rows(struct fixture *f)
{
    struct tsdb_options options = fixture_options(f);

    fixture_open(f, &options);
    for (int64_t ts_ms = 1; ts_ms <= 3; ts_ms++)
        assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), ts_ms, 1), ERR_OK);
    tsdb_close(f->db);
    f->db = NULL;
}

static void test_recover__a_damaged_row_is_named_and_set_aside(void **state)
{
    struct fixture *f = *state;

    write_three_rows(f);
    check_damage(
        f,
        "UPDATE log SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB)"
        " WHERE id = 2",
        "table log, row 2: checksum", 2);
    fixture_reopen(f);
    assert_int_equal(fixture_stats(f).damaged_count, 0); /* it lies in the table `damaged` */
}

static void test_recover__rows_that_are_missing_are_named(void **state)
{
    write_three_rows(*state);
    check_damage(*state, "UPDATE log SET id = 0 WHERE id = 2",
                 "table log, row 2: rows from here on are missing", 2);
}

static void test_recover__a_damaged_series_is_named(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;

    write_three_rows(f);
    damage(f, "UPDATE series SET labels = x'0011223344' WHERE ref = 1");
    fixture_open(f, &options);
    assert_int_equal(fixture_stats(f).damaged_count, 2); /* the definition, and its samples */
    assert_int_equal(fixture_select(f->db, NULL, 0, INT64_MIN, INT64_MAX, &got), ERR_OK);
    assert_int_equal(got.sample_count, 0);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 10, 1), ERR_OK);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.first_samples[got.sample_count - 1].ts_ms, 10);
}

static void test_recover__samples_without_their_series_are_named(void **state)
{
    write_three_rows(*state);
    check_damage(*state, "DELETE FROM series", "samples of series without a definition", 0);
}

static void test_recover__a_newer_format_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct diag diag = { 0 };

    write_three_rows(f);
    damage(f, "PRAGMA user_version = 4");
    assert_int_equal(tsdb_open(&options, &f->db, &diag), ERR_CONFLICT);
    assert_non_null(strstr(diag.message, "newer"));
}

/* What the first format wrote is read, and becomes ours. */
static void test_recover__the_first_format_is_taken_over(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct collected got;

    write_three_rows(f);
    damage(f, "ALTER TABLE log ADD COLUMN max_ts INTEGER NOT NULL DEFAULT 7;"
              "DROP TABLE block; DROP TABLE doomed; DROP TABLE meta; DROP TABLE damaged; DROP "
              "TABLE event;"
              "PRAGMA user_version = 1");
    fixture_open(f, &options);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 3);
    fixture_seal(f, 10);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 3);
}

static void write_junk(const struct fixture *f, const char *name)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("no database", file);
    fclose(file);
}

/* A samples.db that does not open is set aside only when a person says so; the blocks stay. */
static void test_recover__recovery_keeps_the_blocks(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct diag diag = { 0 };
    struct collected got;

    fixture_open(f, &options);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 1000, 1), ERR_OK);
    fixture_seal(f, 1000);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 2000, 1), ERR_OK);
    tsdb_close(f->db);
    f->db = NULL;
    write_junk(f, "samples.db");
    assert_int_equal(tsdb_open(&options, &f->db, &diag), ERR_CORRUPT);
    assert_non_null(strstr(diag.message, "storage.recover"));
    options.recover = true;
    fixture_open(f, &options);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 1);
    assert_int_equal(fixture_stats(f).damaged_count, 1);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 3000, 1), ERR_OK);
    fixture_seal(f, 3000); /* under a name that no block has */
    assert_int_equal(fixture_stats(f).blocks_count, 2);
    fixture_reopen(f);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_recover__a_damaged_row_is_named_and_set_aside),
        TEST(test_recover__rows_that_are_missing_are_named),
        TEST(test_recover__a_damaged_series_is_named),
        TEST(test_recover__samples_without_their_series_are_named),
        TEST(test_recover__a_newer_format_is_left_alone),
        TEST(test_recover__the_first_format_is_taken_over),
        TEST(test_recover__recovery_keeps_the_blocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
