#include "tsdb_fixture.h"

#include "base/file.h"
#include "tsdb/backup.h"

enum { PATH_BYTES = 256 };
static const int64_t day = 86400000;

static char text_of_path[PATH_BYTES];

static const char *path_of(const struct fixture *f, const char *name)
{
    snprintf(text_of_path, sizeof text_of_path, "%s/%s", f->dir, name);
    return text_of_path;
}

static bool is_there(const struct fixture *f, const char *name)
{
    return access(path_of(f, name), F_OK) == 0;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
    assert_int_equal(file_write_atomic(path_of(f, name), str_of(text), NULL), ERR_OK);
}

static void make_dir(const struct fixture *f, const char *name)
{
    assert_int_equal(file_make_dir(path_of(f, name), NULL), ERR_OK);
}

/* A block for each of some days. */
static void fill_days(struct fixture *f, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(fixture_commit_at(f->db, fixture_ref(f, 1), i * day, (double)i, i * day),
                         ERR_OK);
        fixture_seal(f, i * day);
    }
}

/* Into backups/one, behind a seal of its own. */
static void back_up(struct fixture *f, int64_t now_ms)
{
    struct tsdb_job_result result;
    bool ran;

    assert_int_equal(tsdb_request_backup(f->db, path_of(f, "backups/one")), ERR_OK);
    assert_int_equal(tsdb_request_backup(f->db, path_of(f, "backups/one")), ERR_OVERLOADED);
    assert_int_equal(fixture_job(f->db, now_ms, 0, &result, &ran), ERR_OK);
    assert_int_equal(result.kind, TSDB_SEAL);
    assert_int_equal(fixture_job(f->db, now_ms, 0, &result, &ran), ERR_OK);
    assert_true(ran);
    assert_int_equal(result.kind, TSDB_BACKUP);
    assert_int_equal(result.block_count, fixture_stats(f).blocks_count);
    tsdb_close(f->db);
    f->db = NULL;
}

static void fill_and_back_up(struct fixture *f, const char *state)
{
    struct tsdb_options options = fixture_options(f);

    fixture_open(f, &options);
    fill_days(f, 3);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 3 * day, 1), ERR_OK);
    if (state) {
        make_dir(f, "backups/one");
        put(f, "backups/one/state.db", state);
    }
    back_up(f, 3 * day);
}

static void no_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    (void)ctx;
    if (what)
        fail_msg("%s %llu: %s", path, (unsigned long long)offset_bytes, what);
}

static enum err restore(struct fixture *f, struct diag *diag)
{
    char restored[PATH_BYTES];

    make_dir(f, "restored");
    snprintf(restored, sizeof restored, "%s", path_of(f, "restored"));
    return tsdb_restore(path_of(f, "backups/one"), restored, NULL, NULL, diag);
}

static void test_backup__is_restored(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct tsdb_verify_result verified;
    struct collected got;

    fill_and_back_up(f, NULL);
    assert_int_equal(tsdb_verify(f->dir, no_damage, NULL, &verified, NULL), ERR_OK);
    assert_int_equal(verified.blocks_count, 4);
    assert_int_equal(verified.damaged_count, 0);
    assert_int_equal(tsdb_verify(path_of(f, "backups/one"), no_damage, NULL, &verified, NULL),
                     ERR_OK);
    assert_int_equal(verified.blocks_count, 4);
    assert_int_equal(restore(f, NULL), ERR_OK);
    assert_int_equal(restore(f, NULL), ERR_CONFLICT);
    options.dir = path_of(f, "restored");
    fixture_open(f, &options);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 4);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 4 * day, 1), ERR_OK);
    fixture_seal(f, 4 * day);
    assert_int_equal(fixture_stats(f).blocks_count, 5);
}

static void count_state(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    int *said = ctx;

    (void)offset_bytes;
    if (what && strstr(path, "state.db"))
        ++*said;
}

/* Who verifies is told, and nothing is restored. */
static void assert_state_is_damaged(struct fixture *f, const char *words)
{
    struct tsdb_verify_result verified;
    struct diag diag = { 0 };
    int said = 0;

    assert_int_equal(tsdb_verify(path_of(f, "backups/one"), count_state, &said, &verified, NULL),
                     ERR_OK);
    assert_int_equal(verified.damaged_count, 1);
    assert_int_equal(said, 1);
    assert_int_not_equal(restore(f, &diag), ERR_OK);
    if (!strstr(diag_text(&diag), words))
        fail_msg("%s", diag_text(&diag));
    assert_false(is_there(f, "restored/samples.db"));
}

static void test_backup__knows_what_was_defined_by_its_checksum(void **state)
{
    struct fixture *f = *state;

    fill_and_back_up(f, "what people defined");
    assert_int_equal(restore(f, NULL), ERR_OK);
    fixture_remove_dir(path_of(f, "restored"));
    put(f, "backups/one/state.db", "what people defiled");
    assert_state_is_damaged(f, "state.db is damaged");
    put(f, "backups/one/state.db", "what people defined, and more");
    assert_state_is_damaged(f, "state.db is damaged");
    assert_int_equal(unlink(path_of(f, "backups/one/state.db")), 0);
    assert_state_is_damaged(f, "No such file");
}

/* Formats 1 and 2 say nothing of state.db. */
static void test_backup__of_older_formats_are_restored(void **state)
{
    static const char first[] = "fusebox backup 1\ncrc32c cd557623\n",
                      second[] = "fusebox backup 2\ncrc32c f9b2deba\n",
                      unknown[] = "fusebox backup 9\ncrc32c 5041b59b\n";
    struct fixture *f = *state;
    struct diag diag = { 0 };

    make_dir(f, "backups/one/blocks");
    put(f, "backups/one/state.db", "of that time");
    put(f, "backups/one/MANIFEST", first);
    if (restore(f, &diag))
        fail_msg("%s", diag_text(&diag));
    fixture_remove_dir(path_of(f, "restored"));
    put(f, "backups/one/MANIFEST", second);
    assert_int_equal(restore(f, &diag), ERR_NOT_FOUND);
    assert_non_null(strstr(diag_text(&diag), "events"));
    put(f, "backups/one/MANIFEST", unknown);
    assert_int_equal(restore(f, NULL), ERR_CORRUPT);
}

static void test_backup__that_was_interrupted_is_removed(void **state)
{
    struct fixture *f = *state;

    fill_and_back_up(f, "defined");
    make_dir(f, "backups/empty");
    make_dir(f, "backups/half/blocks");
    put(f, "backups/half/blocks/00000001-2026-11-20.block", "half");
    put(f, "backups/half/state.db", "defined");
    put(f, "backups/half/state.db-journal", "");
    put(f, "backups/half/events", "told");
    put(f, "backups/half/MANIFEST.a8Kz0x", "fuse");
    make_dir(f, "backups/other/blocks");
    put(f, "backups/other/diary", "of somebody");
    put(f, "backups/file", "of somebody");
    assert_int_equal(symlink(f->dir, path_of(f, "backups/link")), 0);
    assert_int_equal(tsdb_remove_unfinished_backups(path_of(f, "backups")), 2);
    assert_false(is_there(f, "backups/empty"));
    assert_false(is_there(f, "backups/half"));
    assert_true(is_there(f, "backups/one/MANIFEST"));
    assert_true(is_there(f, "backups/other/diary"));
    assert_true(is_there(f, "backups/file"));
    assert_true(is_there(f, "backups/link"));
    assert_int_equal(tsdb_remove_unfinished_backups(path_of(f, "backups")), 0);
    assert_int_equal(tsdb_remove_unfinished_backups(path_of(f, "nowhere")), 0);
    assert_int_equal(restore(f, NULL), ERR_OK);
}

static void test_backup__is_verified_or_memory_fails(void **state)
{
    struct fixture *f = *state;
    struct tsdb_verify_result verified;
    bool failed;
    long n = 0;

    fill_and_back_up(f, "defined");
    do {
        enum err err;

        mem_fail_nth(++n);
        err = tsdb_verify(path_of(f, "backups/one"), no_damage, NULL, &verified, NULL);
        failed = mem_fault_happened();
        assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
    } while (failed);
    mem_fail_nth(0);
    assert_true(n > 5);
    assert_int_equal(verified.blocks_count, 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup__is_restored),
        TEST(test_backup__knows_what_was_defined_by_its_checksum),
        TEST(test_backup__of_older_formats_are_restored),
        TEST(test_backup__that_was_interrupted_is_removed),
        TEST(test_backup__is_verified_or_memory_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
