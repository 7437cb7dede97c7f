/* Events word for word beside the samples: committed, read, pruned, verified, backed up. */
#include "tsdb_fixture.h"

enum { TEXT_BYTES = 4096, LISTED_BYTES = 8192 };
static const int64_t hour = 3600000;
static const int64_t sec_ns = 1000000000;

static enum err commit_events(struct tsdb *db, const char *text, uint32_t count, int64_t now_ms)
{
    struct sample_batch *batch = sample_batch_new(0);
    enum err err;

    if (!batch)
        return ERR_NOMEM;
    batch->received_ms = now_ms;
    batch->events = (struct batch_events){ str_of(text), count, count / 2, now_ms, now_ms + 5 };
    err = tsdb_commit(db, &batch, 1, now_ms);
    sample_batch_free(batch);
    return err;
}

struct listed {
    char text[LISTED_BYTES];
    int left; /* rows until it stops; -1: never */
};

/* "seq+count/ids received: text" per row. */
static bool on_events(void *ctx, const struct tsdb_events *row)
{
    struct listed *l = ctx;
    size_t len = strlen(l->text);

    snprintf(l->text + len, sizeof l->text - len, "%lld+%u/%u %lld: %.*s\n",
             (long long)row->first_seq, row->count, row->id_count, (long long)row->received_ms,
             STR_ARG(row->text));
    return --l->left != 0;
}

static const struct tsdb_events_range all = { .before_seq = INT64_MAX,
                                              .since_ms = INT64_MIN,
                                              .until_ms = INT64_MAX };

static const char *list(struct fixture *f, const struct tsdb_events_range *range, int rows)
{
    static struct listed l;

    l = (struct listed){ .left = rows };
    assert_int_equal(tsdb_read_events(f->db, range, on_events, &l), ERR_OK);
    return l.text;
}

static void open_with(struct fixture *f, int64_t retention_ms, uint64_t max_bytes)
{
    struct tsdb_options options = fixture_options(f);

    options.events_retention_ms = retention_ms;
    options.events_max_bytes = max_bytes;
    tsdb_close(f->db);
    f->db = NULL;
    fixture_open(f, &options);
}

static void test_events__are_read_newest_first_and_last(void **state)
{
    struct fixture *f = *state;
    struct tsdb_events_range range = all;

    open_with(f, 0, 0);
    assert_string_equal(list(f, &all, -1), "");
    assert_int_equal(commit_events(f->db, "one", 3, 1000), ERR_OK);
    assert_int_equal(commit_events(f->db, "two two two two two two two two two", 1, 2000), ERR_OK);
    for (int pass = 0; pass < 2; pass++) {
        assert_string_equal(list(f, &all, -1), "4+1/0 2000: two two two two two two two two two\n"
                                               "1+3/1 1000: one\n");
        assert_int_equal(fixture_stats(f).event_rows_count, 2);
        assert_int_equal(fixture_stats(f).events_count, 4);
        assert_true(fixture_stats(f).events_bytes > 24);
        fixture_reopen(f);
    }
    assert_int_equal(commit_events(f->db, "three", 1, 3000), ERR_OK);
    assert_string_equal(list(f, &all, 1), "5+1/0 3000: three\n");
    range.before_seq = 4;
    assert_string_equal(list(f, &range, -1), "1+3/1 1000: one\n");
    range = all;
    range.identified = true;
    assert_string_equal(list(f, &range, -1), "1+3/1 1000: one\n");
    range = all;
    range.since_ms = 2005;
    range.until_ms = 2999;
    assert_string_equal(list(f, &range, -1), "4+1/0 2000: two two two two two two two two two\n");
}

static void test_events__stay_when_their_samples_are_sealed(void **state)
{
    struct fixture *f = *state;
    struct sample_batch *batch = sample_batch_new(1);

    open_with(f, 0, 0);
    batch->items[batch->count++] = (struct series_sample){ fixture_ref(f, 1), 1000, 1 };
    batch->events = (struct batch_events){ STR("told"), 1, 0, 1000, 1000 };
    assert_int_equal(tsdb_commit(f->db, &batch, 1, 1000), ERR_OK);
    sample_batch_free(batch);
    fixture_seal(f, 1000);
    assert_int_equal(fixture_stats(f).log_rows_count, 0);
    assert_string_equal(list(f, &all, -1), "1+1/0 0: told\n");
    fixture_reopen(f);
    assert_string_equal(list(f, &all, -1), "1+1/0 0: told\n");
}

static void maintain(struct fixture *f, int64_t now_ms, int64_t mono_ns)
{
    assert_int_equal(tsdb_maintain(f->db, now_ms, mono_ns, NULL, NULL), ERR_OK);
}

static void test_events__go_by_age_and_their_numbers_never_come_back(void **state)
{
    struct fixture *f = *state;

    open_with(f, 24 * hour, 0);
    assert_int_equal(commit_events(f->db, "old", 7, 100 * hour), ERR_OK);
    assert_int_equal(commit_events(f->db, "new", 2, 110 * hour), ERR_OK);
    maintain(f, 110 * hour, 0);
    assert_string_equal(list(f, &all, -1), "8+2/1 396000000: new\n1+7/3 360000000: old\n");
    maintain(f, 124 * hour + 1, 14 * 3600 * sec_ns);
    assert_string_equal(list(f, &all, -1), "8+2/1 396000000: new\n");
    assert_int_equal(fixture_stats(f).events_count, 2);
    maintain(f, 140 * hour, 30 * 3600 * sec_ns);
    assert_string_equal(list(f, &all, -1), "");
    assert_int_equal(fixture_stats(f).events_bytes, 0);
    open_with(f, 24 * hour, 0);
    assert_int_equal(commit_events(f->db, "next", 1, 140 * hour), ERR_OK);
    assert_string_equal(list(f, &all, -1), "10+1/0 504000000: next\n");
}

static void test_events__a_clock_jump_takes_none_along(void **state)
{
    struct fixture *f = *state;

    open_with(f, 24 * hour, 0);
    assert_int_equal(commit_events(f->db, "now", 1, 100 * hour), ERR_OK);
    maintain(f, 100 * hour, sec_ns);
    maintain(f, 900 * hour, 2 * sec_ns);
    assert_string_equal(list(f, &all, -1), "1+1/0 360000000: now\n");
}

static void test_events__the_oldest_go_when_they_are_too_large(void **state)
{
    struct fixture *f = *state;

    open_with(f, 0, 0);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(commit_events(f->db, "a text of its own", 1, i), ERR_OK);
    tsdb_set_events_retention(f->db, 0, 100 * (17 + 12));
    maintain(f, 5000, 0);
    assert_int_equal(fixture_stats(f).events_count, 100);
    assert_int_equal(fixture_stats(f).events_bytes, 100 * (17 + 12));
    assert_string_equal(list(f, &all, 1), "3000+1/0 2999: a text of its own\n");
    tsdb_set_events_retention(f->db, 0, 0);
    maintain(f, 5000, 0);
    assert_int_equal(fixture_stats(f).event_rows_count, 100);
}

/* --- damage --- */

static void change(const struct fixture *f, const char *sql)
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

static void count_damage(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    char *text = ctx;

    if (what)
        snprintf(text, TEXT_BYTES, "%s %llu %s", strrchr(path, '/') + 1,
                 (unsigned long long)offset_bytes, what);
}

static void test_events__a_damaged_row_is_named_and_the_others_are_read(void **state)
{
    static const char *const damages[] = {
        "UPDATE event SET body = CAST(substr(body, 1, 14) || x'ff' || substr(body, 16) AS BLOB)"
        " WHERE seq = 3",
        "UPDATE event SET received_ms = 1 WHERE seq = 3",
        "UPDATE event SET count = 1 WHERE seq = 3",
        "UPDATE event SET body = x'01' WHERE seq = 3",
    };
    struct fixture *f = *state;
    struct tsdb_verify_result verified;
    char text[TEXT_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
        tsdb_close(f->db);
        f->db = NULL;
        fixture_remove_files(f);
        open_with(f, 0, 0);
        for (int n = 0; n < 3; n++)
            assert_int_equal(commit_events(f->db, "a text of its own", 2, 1000), ERR_OK);
        tsdb_close(f->db);
        f->db = NULL;
        change(f, damages[i]);
        text[0] = '\0';
        assert_int_equal(tsdb_verify(f->dir, count_damage, text, &verified, NULL), ERR_OK);
        assert_int_equal(verified.damaged_count, 1);
        assert_int_equal(verified.event_rows_count, 3);
        assert_non_null(strstr(text, "samples.db 3 table event, row 3: "));
        open_with(f, 0, 0);
        assert_string_equal(list(f, &all, -1),
                            "5+2/1 1000: a text of its own\n1+2/1 1000: a text of its own\n");
        assert_int_equal(fixture_stats(f).damaged_count, 1);
    }
}

static void test_events__a_store_of_the_second_format_gets_the_table(void **state)
{
    struct fixture *f = *state;
    struct collected got;

    open_with(f, 0, 0);
    assert_int_equal(fixture_commit_one(f->db, fixture_ref(f, 1), 1, 1), ERR_OK);
    tsdb_close(f->db);
    f->db = NULL;
    change(f, "DROP TABLE event; PRAGMA user_version = 2");
    open_with(f, 0, 0);
    assert_int_equal(fixture_read(f->db, 1, &got), ERR_OK);
    assert_int_equal(got.sample_count, 1);
    assert_int_equal(commit_events(f->db, "one", 1, 1000), ERR_OK);
    assert_string_equal(list(f, &all, -1), "1+1/0 1000: one\n");
}

/* --- backups --- */

static void make_backup(struct fixture *f, const char *backup)
{
    struct tsdb_job_result result;
    bool ran = true;

    assert_int_equal(tsdb_request_backup(f->db, backup), ERR_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fixture_job(f->db, 1000, 0, &result, &ran), ERR_OK);
    assert_int_equal(result.kind, TSDB_BACKUP);
    tsdb_close(f->db);
    f->db = NULL;
}

/* Damages a byte of the backup's file of events; -1: removes the file. */
static void break_file(const char *backup, long offset)
{
    char path[160];
    FILE *file;
    int byte;

    snprintf(path, sizeof path, "%s/events", backup);
    if (offset < 0) {
        assert_int_equal(remove(path), 0);
        return;
    }
    file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, offset, SEEK_SET);
    byte = fgetc(file);
    fseek(file, offset, SEEK_SET);
    fputc(byte ^ 1, file);
    fclose(file);
}

static long file_size(const char *backup)
{
    char path[160];
    struct stat st;

    snprintf(path, sizeof path, "%s/events", backup);
    assert_int_equal(stat(path, &st), 0);
    return (long)st.st_size;
}

static void test_events__a_backup_has_them(void **state)
{
    struct fixture *f = *state;
    struct tsdb_options options = fixture_options(f);
    struct tsdb_verify_result verified;
    char backup[128], restored[128], text[TEXT_BYTES] = "";

    open_with(f, 0, 0);
    for (int i = 0; i < 600; i++) /* more than a slice */
        assert_int_equal(commit_events(f->db, "a text of its own", 2, i), ERR_OK);
    snprintf(backup, sizeof backup, "%s/backups/one", f->dir);
    snprintf(restored, sizeof restored, "%s/restored", f->dir);
    make_backup(f, backup);
    assert_int_equal(tsdb_verify(backup, count_damage, text, &verified, NULL), ERR_OK);
    assert_string_equal(text, "");
    assert_int_equal(verified.event_rows_count, 600);
    assert_int_equal(mkdir(restored, 0700), 0);
    assert_int_equal(tsdb_restore(backup, restored, count_damage, text, NULL), ERR_OK);
    options.dir = restored;
    fixture_open(f, &options);
    assert_int_equal(fixture_stats(f).events_count, 1200);
    assert_string_equal(list(f, &all, 1), "1199+2/1 599: a text of its own\n");
    assert_int_equal(commit_events(f->db, "next", 1, 1000), ERR_OK);
    assert_string_equal(list(f, &all, 1), "1201+1/0 1000: next\n");
}

static void test_events__a_damaged_backup_is_named_and_not_restored(void **state)
{
    struct fixture *f = *state;
    struct tsdb_verify_result verified;
    char backup[128], restored[128], path[160];
    long size;

    open_with(f, 0, 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(commit_events(f->db, "a text of its own", 2, i), ERR_OK);
    snprintf(backup, sizeof backup, "%s/backups/one", f->dir);
    snprintf(restored, sizeof restored, "%s/restored", f->dir);
    snprintf(path, sizeof path, "%s/samples.db", restored);
    make_backup(f, backup);
    assert_int_equal(mkdir(restored, 0700), 0);
    size = file_size(backup);
    for (long at = 0; at < size; at++) {
        char text[TEXT_BYTES] = "";

        break_file(backup, at);
        assert_int_equal(tsdb_verify(backup, count_damage, text, &verified, NULL), ERR_OK);
        assert_int_equal(verified.damaged_count, 1);
        assert_int_equal(strncmp(text, "events ", 7), 0);
        if (at % 16 == 0) {
            assert_int_equal(tsdb_restore(backup, restored, count_damage, text, NULL), ERR_CORRUPT);
            assert_int_not_equal(access(path, F_OK), 0);
        }
        break_file(backup, at);
    }
    break_file(backup, -1);
    assert_int_equal(tsdb_verify(backup, count_damage, path, &verified, NULL), ERR_OK);
    assert_int_equal(verified.damaged_count, 1);
}

/* --- without memory --- */

static void test_events__without_memory_nothing_is_half_done(void **state)
{
    struct fixture *f = *state;
    bool happened = true;
    uint64_t stored = 0;

    open_with(f, 0, 0);
    for (long n = 1; happened; n++) {
        struct listed l = { .left = -1 };
        enum err err;

        mem_fail_nth(n);
        err = commit_events(f->db, "a text of its own", 1, 1000);
        if (!err)
            stored++;
        if (!err)
            err = tsdb_read_events(f->db, &all, on_events, &l);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || (happened && err == ERR_NOMEM));
        assert_int_equal(fixture_stats(f).events_count, stored);
    }
    assert_true(stored > 1);
    fixture_reopen(f);
    assert_int_equal(fixture_stats(f).events_count, stored);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_events__are_read_newest_first_and_last),
        TEST(test_events__stay_when_their_samples_are_sealed),
        TEST(test_events__go_by_age_and_their_numbers_never_come_back),
        TEST(test_events__a_clock_jump_takes_none_along),
        TEST(test_events__the_oldest_go_when_they_are_too_large),
        TEST(test_events__a_damaged_row_is_named_and_the_others_are_read),
        TEST(test_events__a_store_of_the_second_format_gets_the_table),
        TEST(test_events__a_backup_has_them),
        TEST(test_events__a_damaged_backup_is_named_and_not_restored),
        TEST(test_events__without_memory_nothing_is_half_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
