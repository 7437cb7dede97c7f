#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite/db.h"
#include "tsdb/wal_check.h"

enum { WAL_MAX_BYTES = 1 << 20, HEADER_BYTES = 32, FRAME_BYTES = 24 + 4096 };

static char dir[64];
static uint8_t wal[WAL_MAX_BYTES]; /* of a store that was not closed */
static size_t wal_len;

static const char *in_dir(const char *name)
{
    static char path[100];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void write_wal(size_t len)
{
    int fd = open(in_dir("wal"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, wal, len), (ssize_t)len);
    close(fd);
}

/* Five transactions or more. */
static int set_up(void **state)
{
    char path[100];
    struct db *db = NULL;
    int fd;

    (void)state;
    strcpy(dir, "/tmp/fusebox-wal-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s", in_dir("db"));
    assert_int_equal(
        db_open(&(struct db_options){ .path = path, .application_id = 1, .exclusive = true }, &db,
                NULL),
        ERR_OK);
    assert_int_equal(db_exec(db, "CREATE TABLE t (a)", NULL), ERR_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(db_exec(db, "INSERT INTO t VALUES (zeroblob(9000))", NULL), ERR_OK);
    fd = open(in_dir("db-wal"), O_RDONLY | O_CLOEXEC);
    wal_len = (size_t)read(fd, wal, sizeof wal);
    close(fd);
    db_close(db);
    assert_true(wal_len > HEADER_BYTES + 5 * FRAME_BYTES && wal_len < sizeof wal);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(in_dir("db"));
    unlink(in_dir("db-wal"));
    unlink(in_dir("wal"));
    return rmdir(dir);
}

static bool look(uint64_t *ret_offset_bytes)
{
    *ret_offset_bytes = 0;
    return wal_is_damaged(in_dir("wal"), ret_offset_bytes);
}

/* The frame where the last transaction begins: behind the last commit but one. */
static size_t last_transaction(void)
{
    size_t commits[64];
    size_t count = 0;

    for (size_t at = HEADER_BYTES; at < wal_len; at += FRAME_BYTES)
        if (wal[at + 4] || wal[at + 5] || wal[at + 6] || wal[at + 7])
            commits[count++] = at;
    assert_true(count >= 5);
    return commits[count - 2] + FRAME_BYTES;
}

static void test_wal_check__a_whole_wal_is_sound(void **state)
{
    uint64_t offset;

    (void)state;
    write_wal(wal_len);
    assert_false(look(&offset));
    unlink(in_dir("wal"));
    assert_false(look(&offset));
}

static void test_wal_check__a_bit_before_the_last_transaction_is_found_where_it_is(void **state)
{
    uint64_t offset;

    (void)state;
    for (size_t at = HEADER_BYTES; at < last_transaction(); at += 97) {
        wal[at] ^= 4;
        write_wal(wal_len);
        assert_true(look(&offset));
        assert_int_equal(offset, at - (at - HEADER_BYTES) % FRAME_BYTES);
        wal[at] ^= 4;
    }
}

static void test_wal_check__a_damaged_header_is_found(void **state)
{
    uint64_t offset;

    (void)state;
    for (size_t at = 0; at < HEADER_BYTES; at++) {
        wal[at] ^= 2;
        write_wal(wal_len);
        assert_true(look(&offset));
        wal[at] ^= 2;
    }
}

static void test_wal_check__a_header_that_was_being_renewed_is_no_damage(void **state)
{
    uint64_t offset;

    (void)state;
    assert_int_not_equal(wal[15], 0xff);
    wal[15]++;
    write_wal(wal_len);
    assert_false(look(&offset));
    wal[15]--;
}

static void test_wal_check__a_torn_end_is_no_damage(void **state)
{
    uint64_t offset;

    (void)state;
    for (size_t at = last_transaction(); at < wal_len; at += 101) {
        wal[at] ^= 4;
        write_wal(wal_len);
        assert_false(look(&offset));
        wal[at] ^= 4;
    }
    for (size_t len = 0; len < wal_len; len += 1009) {
        write_wal(len);
        assert_false(look(&offset));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wal_check__a_whole_wal_is_sound),
        cmocka_unit_test(test_wal_check__a_bit_before_the_last_transaction_is_found_where_it_is),
        cmocka_unit_test(test_wal_check__a_damaged_header_is_found),
        cmocka_unit_test(test_wal_check__a_header_that_was_being_renewed_is_no_damage),
        cmocka_unit_test(test_wal_check__a_torn_end_is_no_damage),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
