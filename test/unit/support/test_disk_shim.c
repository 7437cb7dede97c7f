#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk_replay.h"
#include "disk_shim.h"

enum { SEEDS = 200 };

static char base[64];
static char dir[80];  /* watched */
static char copy[80]; /* what a disk might hold */
static char log_path[80];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st, (void)flag, (void)walk;
    return remove(path);
}

static void make_empty(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    (void)state;
    disk_shim_arm(&(struct disk_plan){ 0 });
    strcpy(base, "/tmp/fusebox-shim-XXXXXX");
    assert_non_null(mkdtemp(base));
    snprintf(dir, sizeof dir, "%s/dir", base);
    snprintf(copy, sizeof copy, "%s/copy", base);
    snprintf(log_path, sizeof log_path, "%s/log", base);
    make_empty(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_shim_arm(&(struct disk_plan){ 0 });
    nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static const char *in(const char *root, const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static int open_new(const char *name)
{
    int fd = open(in(dir, name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    return fd;
}

static void sync_dir(void)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(fsync(fd), 0);
    close(fd);
}

static long size_of(const char *root, const char *name)
{
    struct stat st;

    return stat(in(root, name), &st) < 0 ? -1 : (long)st.st_size;
}

static void test_disk_shim__counts_calls_that_change_the_directory_and_no_others(void **state)
{
    char path[PATH_MAX];
    char byte;
    int fd;

    (void)state;
    disk_shim_arm(&(struct disk_plan){ .dir = dir });
    fd = open_new("a");                         /* 1 */
    assert_int_equal(write(fd, "abc", 3), 3);   /* 2 */
    assert_int_equal(pwrite(fd, "d", 1, 9), 1); /* 3 */
    assert_int_equal(pread(fd, &byte, 1, 0), 1);
    assert_int_equal(ftruncate(fd, 4), 0); /* 4 */
    assert_int_equal(fdatasync(fd), 0);    /* 5 */
    close(fd);
    close(open(in(dir, "a"), O_RDONLY | O_CLOEXEC));
    snprintf(path, sizeof path, "%s", in(dir, "a"));
    assert_int_equal(rename(path, in(dir, "b")), 0);  /* 6 */
    assert_int_equal(mkdir(in(dir, "sub"), 0700), 0); /* 7 */
    sync_dir();                                       /* 8 */
    assert_int_equal(unlink(in(dir, "b")), 0);        /* 9 */
    fd = open(in(base, "elsewhere"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(disk_shim_counts().calls, 9);
}

static void write_twice_or_die(const struct disk_plan *plan)
{
    int fd;

    disk_shim_arm(plan);
    fd = open_new("a"); /* 1 */
    if (write(fd, "0123456789", 10) != 10 || write(fd, "0123456789", 10) != 10)
        _exit(3);
    _exit(0);
}

static long size_after_kill(uint64_t call, enum disk_when when)
{
    int status = 0;
    pid_t pid;

    make_empty(dir);
    pid = fork();
    if (pid == 0)
        write_twice_or_die(&(struct disk_plan){ .dir = dir, .kill_at = call, .when = when });
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
    return size_of(dir, "a");
}

static void test_disk_shim__kills_before_in_the_middle_and_after_a_call(void **state)
{
    (void)state;
    assert_int_equal(size_after_kill(1, DISK_BEFORE), -1);
    assert_int_equal(size_after_kill(1, DISK_AFTER), 0);
    assert_int_equal(size_after_kill(2, DISK_BEFORE), 0);
    assert_int_equal(size_after_kill(2, DISK_MIDDLE), 5);
    assert_int_equal(size_after_kill(2, DISK_AFTER), 10);
    assert_int_equal(size_after_kill(3, DISK_MIDDLE), 15);
}

static void test_disk_shim__fails_the_calls_it_was_told_and_then_no_more(void **state)
{
    int fd;

    (void)state;
    disk_shim_arm(&(struct disk_plan){ .dir = dir,
                                       .fail_first = 2,
                                       .fail_last = 3,
                                       .fail_kinds = DISK_KIND_WRITE,
                                       .fail_errno = ENOSPC });
    fd = open_new("a");
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(write(fd, "abc", 3), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(write(fd, "abc", 3), -1);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_int_equal(disk_shim_counts().faults, 2);
    assert_int_equal(size_of(dir, "a"), 6);
}

static void test_disk_shim__a_short_write_takes_half(void **state)
{
    int fd;

    (void)state;
    disk_shim_arm(&(struct disk_plan){
        .dir = dir, .fail_first = 1, .fail_last = 1, .fail_kinds = DISK_KIND_WRITE });
    fd = open_new("a");
    assert_int_equal(write(fd, "0123456789", 10), 5);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    close(fd);
}

static void test_disk_shim__fails_opening_and_reading(void **state)
{
    char byte;
    int fd;

    (void)state;
    close(open_new("a"));
    disk_shim_arm(&(struct disk_plan){ .dir = dir,
                                       .fail_first = 1,
                                       .fail_last = 1,
                                       .fail_kinds = DISK_KIND_OPEN,
                                       .fail_errno = EMFILE });
    assert_int_equal(open(in(dir, "a"), O_RDONLY | O_CLOEXEC), -1);
    assert_int_equal(errno, EMFILE);
    disk_shim_arm(&(struct disk_plan){ .dir = dir,
                                       .fail_first = 1,
                                       .fail_last = 1,
                                       .fail_kinds = DISK_KIND_READ,
                                       .fail_errno = EIO });
    fd = open(in(dir, "a"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &byte, 1), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

/* --- power cuts --- */

static struct disk_log *record(void (*body)(void))
{
    int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

    disk_shim_arm(&(struct disk_plan){ .dir = dir, .log_fd = fd });
    body();
    disk_shim_arm(&(struct disk_plan){ 0 });
    close(fd);
    return disk_log_read(log_path);
}

static void build(const struct disk_log *log, uint64_t seed)
{
    struct rng rng = rng_seeded(seed);

    make_empty(copy);
    disk_log_build(log, log->count, &rng, copy);
}

static void write_synced_and_more(void)
{
    char block[4096];
    int fd = open_new("a");

    memset(block, 'a', sizeof block);
    assert_int_equal(pwrite(fd, block, sizeof block, 0), sizeof block);
    assert_int_equal(fsync(fd), 0);
    sync_dir();
    memset(block, 'b', sizeof block);
    assert_int_equal(pwrite(fd, block, sizeof block, 0), sizeof block);
    close(fd);
}

static void read_all(const char *name, char *to, size_t len)
{
    int fd = open(in(copy, name), O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, to, len), (ssize_t)len);
    close(fd);
}

static void test_disk_replay__synced_bytes_stay_and_others_come_by_sectors(void **state)
{
    struct disk_log *log = record(write_synced_and_more);
    bool old = false;
    bool new = false;
    bool torn = false;
    char bytes[4096];

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        size_t sectors = 0;

        build(log, seed);
        assert_int_equal(size_of(copy, "a"), 4096);
        read_all("a", bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++)
            assert_true((bytes[i] == 'a' || bytes[i] == 'b') && bytes[i] == bytes[i & ~511u]);
        for (size_t i = 0; i < sizeof bytes; i += 512)
            sectors += bytes[i] == 'b';
        old = old || sectors == 0;
        new = new || sectors == 8;
        torn = torn || (sectors > 0 && sectors < 8);
    }
    assert_true(old && new &&torn);
    disk_log_free(log);
}

static void replace_by_rename(void)
{
    char path[PATH_MAX];
    int fd = open_new("a");

    assert_int_equal(write(fd, "old", 3), 3);
    assert_int_equal(fsync(fd), 0);
    close(fd);
    sync_dir();
    fd = open_new("a.tmp");
    assert_int_equal(write(fd, "newer", 5), 5);
    assert_int_equal(fsync(fd), 0);
    close(fd);
    snprintf(path, sizeof path, "%s", in(dir, "a.tmp"));
    assert_int_equal(rename(path, in(dir, "a")), 0);
    fd = open_new("b");
    close(fd);
}

static void test_disk_replay__names_that_no_sync_covers_may_be_lost_in_order(void **state)
{
    struct disk_log *log = record(replace_by_rename);
    unsigned seen[4] = { 0 };

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        bool temporary;
        bool renamed;
        bool b;

        build(log, seed);
        temporary = size_of(copy, "a.tmp") == 5;
        renamed = size_of(copy, "a") == 5;
        b = size_of(copy, "b") == 0;
        assert_true(renamed || size_of(copy, "a") == 3);
        assert_false(temporary && renamed);
        assert_true(renamed || !b); /* b was made after the rename */
        seen[b ? 3 : renamed ? 2 : temporary ? 1 : 0]++;
    }
    for (int i = 0; i < 4; i++)
        assert_true(seen[i] > 0);
    disk_log_free(log);
}

static void make_in_a_new_directory(void)
{
    int fd;

    assert_int_equal(mkdir(in(dir, "sub"), 0700), 0);
    fd = open_new("sub/a");
    assert_int_equal(fsync(fd), 0);
    close(fd);
    fd = open(in(dir, "sub"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(fsync(fd), 0);
    close(fd);
}

static void test_disk_replay__a_file_goes_with_its_directory(void **state)
{
    struct disk_log *log = record(make_in_a_new_directory);
    unsigned there = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        build(log, seed);
        if (access(in(copy, "sub"), F_OK) == 0) {
            there++;
            assert_int_equal(size_of(copy, "sub/a"), 0);
        }
    }
    assert_true(there > 0 && there < SEEDS);
    disk_log_free(log);
}

static void note_between_calls(void)
{
    int fd = open_new("a");

    disk_shim_note("said");
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
}

static void test_disk_replay__notes_stand_at_their_place(void **state)
{
    struct disk_log *log = record(note_between_calls);

    (void)state;
    assert_int_equal(log->count, 3);
    assert_int_equal(log->records[1].head.kind, DISK_NOTE);
    assert_string_equal(log->records[1].bytes, "said");
    assert_int_equal(log->records[2].head.file, log->records[0].head.file);
    disk_log_free(log);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_disk_shim__counts_calls_that_change_the_directory_and_no_others),
        TEST(test_disk_shim__kills_before_in_the_middle_and_after_a_call),
        TEST(test_disk_shim__fails_the_calls_it_was_told_and_then_no_more),
        TEST(test_disk_shim__a_short_write_takes_half),
        TEST(test_disk_shim__fails_opening_and_reading),
        TEST(test_disk_replay__synced_bytes_stay_and_others_come_by_sectors),
        TEST(test_disk_replay__names_that_no_sync_covers_may_be_lost_in_order),
        TEST(test_disk_replay__a_file_goes_with_its_directory),
        TEST(test_disk_replay__notes_stand_at_their_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
