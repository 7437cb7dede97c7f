#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "daemon/disk.h"

#define MIB(n) ((uint64_t)(n) << 20)

struct stage {
    char dir[64], reserve[96];
    struct disk_space space;
    bool silent;
    struct disk disk;
};

static bool ask(void *ctx, const char *dir, struct disk_space *ret)
{
    struct stage *s = ctx;

    (void)dir;
    *ret = s->space;
    return !s->silent;
}

static void stage_init(struct stage *s, uint64_t free_bytes, uint64_t total_bytes,
                       uint64_t min_free_bytes)
{
    *s = (struct stage){ .space = { free_bytes, total_bytes } };
    snprintf(s->dir, sizeof s->dir, "/tmp/fusebox-disk-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    snprintf(s->reserve, sizeof s->reserve, "%s/reserve", s->dir);
    disk_init(&s->disk, s->dir, min_free_bytes);
    s->disk.ask = ask;
    s->disk.ctx = s;
}

static void stage_release(struct stage *s)
{
    disk_release_reserve(&s->disk);
    assert_int_equal(rmdir(s->dir), 0);
}

static bool look_at(struct stage *s, uint64_t free_bytes)
{
    s->space.free_bytes = free_bytes;
    return disk_look(&s->disk);
}

static bool has_reserve(struct stage *s)
{
    struct stat status;

    return !stat(s->reserve, &status) && status.st_size == DISK_RESERVE_BYTES;
}

static void test_disk__the_preset_is_a_share_with_a_ceiling(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, MIB(100), MIB(200), 0);
    disk_look(&s.disk);
    assert_int_equal(disk_min_free_bytes(&s.disk), MIB(10));
    s.space.total_bytes = MIB(1 << 20);
    disk_look(&s.disk);
    assert_int_equal(disk_min_free_bytes(&s.disk), MIB(512));
    s.disk.min_free_bytes = MIB(3);
    assert_int_equal(disk_min_free_bytes(&s.disk), MIB(3));
    stage_release(&s);
}

static void test_disk__is_low_below_the_minimum_and_until_a_fifth_above_it(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, MIB(100), MIB(200), MIB(50));
    assert_false(look_at(&s, MIB(50)));
    assert_true(look_at(&s, MIB(50) - 1));
    assert_true(look_at(&s, MIB(55)));
    assert_true(look_at(&s, MIB(60) - 1));
    assert_false(look_at(&s, MIB(60)));
    assert_false(look_at(&s, MIB(50)));
    s.silent = true;
    assert_false(look_at(&s, 0));
    stage_release(&s);
}

static void test_disk__a_reserve_is_made_given_and_made_again(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, 0, MIB(1000), MIB(50));
    assert_false(look_at(&s, MIB(500)));
    assert_true(has_reserve(&s));
    assert_false(look_at(&s, MIB(50)));
    assert_true(look_at(&s, MIB(1)));
    assert_true(has_reserve(&s));
    assert_true(look_at(&s, 0));
    assert_false(has_reserve(&s));
    /* What the reserve gave is for seals, and no reason to go on. */
    assert_true(look_at(&s, MIB(16)));
    assert_true(look_at(&s, MIB(60 + 16) - 1));
    assert_false(has_reserve(&s));
    assert_false(look_at(&s, MIB(60 + 16)));
    assert_true(has_reserve(&s));
    stage_release(&s);
}

static void test_disk__a_small_file_system_has_no_reserve(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, 0, MIB(200), 0);
    assert_false(look_at(&s, MIB(190)));
    assert_false(has_reserve(&s));
    stage_release(&s);
}

static void test_disk__where_there_is_plenty_no_reserve_takes_room(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, 0, MIB(100000), 0);
    assert_false(look_at(&s, MIB(4096)));
    assert_false(has_reserve(&s));
    assert_false(look_at(&s, MIB(4095)));
    assert_true(has_reserve(&s));
    assert_false(look_at(&s, MIB(5000)));
    assert_false(has_reserve(&s));
    stage_release(&s);
}

static void test_disk__a_reserve_of_a_run_before_is_known(void **state UNUSED)
{
    struct stage s;
    struct disk again;

    stage_init(&s, 0, MIB(1000), MIB(50));
    look_at(&s, MIB(500));
    disk_init(&again, s.dir, MIB(50));
    assert_true(again.has_reserve);
    stage_release(&s);
    disk_init(&again, s.dir, MIB(50));
    assert_false(again.has_reserve);
}

static void test_disk__asks_the_file_system(void **state UNUSED)
{
    struct stage s;

    stage_init(&s, 0, 0, 1);
    disk_init(&s.disk, s.dir, 1);
    disk_look(&s.disk);
    assert_true(s.disk.total_bytes > 0);
    assert_true(s.disk.free_bytes <= s.disk.total_bytes);
    stage_release(&s);
}

static void test_disk__finds_why_a_write_fails(void **state UNUSED)
{
    struct stage s;
    struct disk gone;

    assert_int_equal(disk_trouble_of(ENOSPC), TROUBLE_DISK_FULL);
    assert_int_equal(disk_trouble_of(EDQUOT), TROUBLE_DISK_FULL);
    assert_int_equal(disk_trouble_of(EROFS), TROUBLE_READ_ONLY);
    assert_int_equal(disk_trouble_of(EACCES), TROUBLE_READ_ONLY);
    assert_int_equal(disk_trouble_of(EIO), TROUBLE_IO);
    stage_init(&s, 0, 0, 1);
    assert_int_equal(disk_find_trouble(&s.disk), TROUBLE_IO); /* a write of ours succeeds */
    stage_release(&s);
    disk_init(&gone, "/proc", 1);
    assert_int_not_equal(disk_find_trouble(&gone), TROUBLE_DISK_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disk__the_preset_is_a_share_with_a_ceiling),
        cmocka_unit_test(test_disk__is_low_below_the_minimum_and_until_a_fifth_above_it),
        cmocka_unit_test(test_disk__a_reserve_is_made_given_and_made_again),
        cmocka_unit_test(test_disk__a_small_file_system_has_no_reserve),
        cmocka_unit_test(test_disk__where_there_is_plenty_no_reserve_takes_room),
        cmocka_unit_test(test_disk__a_reserve_of_a_run_before_is_known),
        cmocka_unit_test(test_disk__asks_the_file_system),
        cmocka_unit_test(test_disk__finds_why_a_write_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
