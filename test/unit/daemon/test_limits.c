#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/file.h"
#include "daemon/limits.h"

#define MIB(n) ((int64_t)(n) << 20)

/* A mount of control groups, and a file that says which of them the process is in. */
struct groups {
    char dir[64];
    char membership[96];
};

static struct groups groups_new(const char *membership)
{
    struct groups g;

    snprintf(g.dir, sizeof g.dir, "/tmp/fusebox-groups-XXXXXX");
    assert_non_null(mkdtemp(g.dir));
    snprintf(g.membership, sizeof g.membership, "%s/membership", g.dir);
    assert_int_equal(file_write_atomic(g.membership, str_of(membership), NULL), ERR_OK);
    return g;
}

static void put(const struct groups *g, const char *group, const char *file, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", g->dir, group);
    assert_int_equal(file_make_dir(path, NULL), ERR_OK);
    snprintf(path, sizeof path, "%s/%s/%s", g->dir, group, file);
    assert_int_equal(file_write_atomic(path, str_of(text), NULL), ERR_OK);
}

static int64_t limit(const struct groups *g)
{
    return limits_cgroup_bytes(g->membership, g->dir);
}

static void groups_free(struct groups *g)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", g->dir);
    assert_int_equal(system(command), 0);
}

static void test_limits__what_is_configured_wins(void **state UNUSED)
{
    assert_int_equal(limits_memory_bytes(1), 1);
    assert_int_equal(limits_memory_bytes(INT64_C(1) << 40), INT64_C(1) << 40);
}

static void test_limits__otherwise_it_is_at_most_half_of_the_machine(void **state UNUSED)
{
    size_t machine = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
    size_t granted = limits_memory_bytes(0);

    assert_in_range(granted, 1, machine / 2);
    assert_int_equal(limits_memory_bytes(-1), granted);
}

static void test_limits__the_least_of_nested_groups_counts(void **state UNUSED)
{
    struct groups g = groups_new("0::/a/b/c\n");

    assert_int_equal(limit(&g), INT64_MAX);
    put(&g, "", "memory.max", "max\n");
    put(&g, "a", "memory.max", "629145600\n");
    put(&g, "a/b", "memory.max", "268435456\n");
    put(&g, "a/b/c", "memory.max", "max\n");
    put(&g, "a/other", "memory.max", "1048576\n");
    assert_int_equal(limit(&g), MIB(256));
    put(&g, "a/b/c", "memory.max", "134217728\n");
    assert_int_equal(limit(&g), MIB(128));
    groups_free(&g);
}

static void test_limits__the_first_version_has_groups_per_controller(void **state UNUSED)
{
    struct groups g = groups_new("9:name=systemd:/x\n4:cpu,memory:/a/b\n3:cpuset:/tiny\n0::/\n");

    put(&g, "memory", "memory.limit_in_bytes", "9223372036854771712\n");
    put(&g, "memory/a", "memory.limit_in_bytes", "536870912\n");
    put(&g, "memory/tiny", "memory.limit_in_bytes", "1048576\n");
    assert_int_equal(limit(&g), MIB(512));
    put(&g, "memory/a/b", "memory.limit_in_bytes", "67108864\n");
    assert_int_equal(limit(&g), MIB(64));
    groups_free(&g);
}

static void test_limits__a_container_sees_its_own_group_as_the_root(void **state UNUSED)
{
    struct groups g = groups_new("4:memory:/docker/0123abcd\n");

    put(&g, "memory", "memory.limit_in_bytes", "67108864\n");
    assert_int_equal(limit(&g), MIB(64));
    groups_free(&g);
}

static void test_limits__nonsense_limits_nothing(void **state UNUSED)
{
    struct groups g = groups_new("\n:::\nnonsense\n0::\n5:memory\n4:memory:\n");

    put(&g, "", "memory.max", "-5\n");
    put(&g, "memory", "memory.limit_in_bytes", "much\n");
    assert_int_equal(limit(&g), INT64_MAX);
    groups_free(&g);
    assert_int_equal(limits_cgroup_bytes("/not/there", "/not/there/either"), INT64_MAX);
}

static void assert_shares(uint64_t descriptors, int wanted, int connections, int scrapes)
{
    struct limits_files files = limits_share_files(descriptors, wanted);

    assert_int_equal(files.connections, connections);
    assert_int_equal(files.scrapes, scrapes);
}

static void test_limits__connections_leave_descriptors_for_others(void **state UNUSED)
{
    assert_shares(64, 4096, 16, 8);
    assert_shares(1024, 4096, 616, 248);
    assert_shares(65536, 4096, 4096, 1024);
    assert_shares(64, 8, 8, 8);
    assert_shares(32, 4096, 1, 1);
    assert_shares(0, 4096, 1, 1);
    assert_shares(UINT64_MAX, 1000000, 1000000, 1024);
}

static void test_limits__descriptors_are_raised_as_far_as_allowed(void **state UNUSED)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max / 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limits_raise_files(), limit.rlim_max);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
    assert_int_equal(limits_raise_files(), limit.rlim_max);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits__what_is_configured_wins),
        cmocka_unit_test(test_limits__otherwise_it_is_at_most_half_of_the_machine),
        cmocka_unit_test(test_limits__the_least_of_nested_groups_counts),
        cmocka_unit_test(test_limits__the_first_version_has_groups_per_controller),
        cmocka_unit_test(test_limits__a_container_sees_its_own_group_as_the_root),
        cmocka_unit_test(test_limits__nonsense_limits_nothing),
        cmocka_unit_test(test_limits__connections_leave_descriptors_for_others),
        cmocka_unit_test(test_limits__descriptors_are_raised_as_far_as_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
