#include "daemon/limits.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"

enum { LINE_MAX_BYTES = 4096 };

/* A whole number from a file of the kernel; INT64_MAX when there is none ("max"). */
static int64_t read_number(const char *path)
{
    char text[64] = "";
    int64_t number = INT64_MAX;
    FILE *f = fopen(path, "re");

    if (!f)
        return INT64_MAX;
    if (!fgets(text, sizeof text, f) || !str_parse_i64(str_trim(str_of(text)), &number) ||
        number <= 0)
        number = INT64_MAX;
    fclose(f);
    return number;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The limits of `group` ("/a/b") and of all above it. A container may see its own group as the
 * root while the kernel names it from outside: a group that is not there limits nothing. */
static int64_t least_upwards(const char *mount, const char *controller, struct str group,
                             const char *file)
{
    int64_t bytes = INT64_MAX;
    char path[PATH_MAX + LINE_MAX_BYTES];

    for (;;) {
        snprintf(path, sizeof path, "%s%s%.*s/%s", mount, controller, STR_ARG(group), file);
        bytes = least(bytes, read_number(path));
        if (group.len <= 1)
            return bytes;
        while (group.len && group.ptr[group.len - 1] != '/')
            group.len--;
        group.len -= group.len > 0;
    }
}

static bool has_controller(struct str list, struct str wanted)
{
    while (list.len) {
        struct str one;

        list = str_cut(list, ',', &one);
        if (str_equals(one, wanted))
            return true;
    }
    return false;
}

/* A line "ID:CONTROLLERS:GROUP"; v2 is the one without controllers. */
static int64_t limit_of_line(struct str line, const char *mount)
{
    struct str id, controllers, group = str_cut(str_cut(line, ':', &id), ':', &controllers);

    if (str_equals(id, STR("0")) && !controllers.len)
        return least(least_upwards(mount, "", group, "memory.max"),
                     least_upwards(mount, "/unified", group, "memory.max"));
    if (has_controller(controllers, STR("memory")))
        return least_upwards(mount, "/memory", group, "memory.limit_in_bytes");
    return INT64_MAX;
}

int64_t limits_cgroup_bytes(const char *membership, const char *mount)
{
    struct str root = STR("/");
    int64_t bytes = least(least_upwards(mount, "", root, "memory.max"),
                          least_upwards(mount, "/memory", root, "memory.limit_in_bytes"));
    FILE *f = fopen(membership, "re");
    char line[LINE_MAX_BYTES];

    if (!f)
        return bytes;
    while (fgets(line, sizeof line, f))
        bytes = least(bytes, limit_of_line(str_trim(str_of(line)), mount));
    fclose(f);
    return bytes;
}

size_t limits_memory_bytes(int64_t configured_bytes)
{
    int64_t total = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    if (configured_bytes > 0)
        return (size_t)configured_bytes;
    return (size_t)(least(total, limits_cgroup_bytes("/proc/self/cgroup", "/sys/fs/cgroup")) / 2);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int at_least_one(uint64_t count)
{
    return count ? (int)smaller(count, INT_MAX) : 1;
}

struct limits_files limits_share_files(uint64_t descriptors, int wanted_connections)
{
    uint64_t left = descriptors > LIMITS_RESERVED_FILES ? descriptors - LIMITS_RESERVED_FILES : 0;
    uint64_t scrapes = smaller(left / 4, LIMITS_SCRAPES_MAX);
    uint64_t blocks = smaller(left / 4, LIMITS_BLOCKS_MAX);
    uint64_t connections = smaller(left - scrapes - blocks, (uint64_t)wanted_connections);

    return (struct limits_files){ at_least_one(connections), at_least_one(scrapes) };
}

uint64_t limits_raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit))
        return LIMITS_RESERVED_FILES;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = { limit.rlim_max, limit.rlim_max };

        if (!setrlimit(RLIMIT_NOFILE, &raised))
            return raised.rlim_cur;
    }
    return limit.rlim_cur;
}
