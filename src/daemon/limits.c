#include "daemon/limits.h"

#include <stdio.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/str.h"

/* A whole number from a file of the kernel; 0 when there is none ("max"). */
static int64_t read_number(const char *path)
{
    char text[64] = "";
    int64_t number = 0;
    FILE *f = fopen(path, "re");

    if (!f)
        return 0;
    if (!fgets(text, sizeof text, f) || !str_parse_i64(str_trim(str_of(text)), &number))
        number = 0;
    fclose(f);
    return number;
}

size_t limits_memory_bytes(int64_t configured_bytes)
{
    static const char *const files[] = { "/sys/fs/cgroup/memory.max",
                                         "/sys/fs/cgroup/memory/memory.limit_in_bytes" };
    int64_t total = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);

    if (configured_bytes > 0)
        return (size_t)configured_bytes;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        int64_t limit = read_number(files[i]);

        if (limit > 0 && limit < total)
            total = limit;
    }
    return (size_t)(total / 2);
}
