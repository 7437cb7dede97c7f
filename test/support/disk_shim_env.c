/* The shim's plan from the environment, for LD_PRELOAD. What it does not understand ends the
 * program: a test that silently breaks nothing is worse than none. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "disk_shim.h"

static const struct {
    const char *name;
    int number;
} errors[] = { { "EIO", EIO },     { "ENOSPC", ENOSPC }, { "EMFILE", EMFILE },
               { "EROFS", EROFS }, { "EACCES", EACCES }, { "short", 0 } };

static const struct {
    const char *name;
    unsigned kinds;
} kinds[] = { { "sync", DISK_KIND_SYNC },
              { "write", DISK_KIND_WRITE },
              { "open", DISK_KIND_OPEN },
              { "read", DISK_KIND_READ } };

static _Noreturn void refuse(const char *variable)
{
    fprintf(stderr, "disk_shim: %s=%s is not understood\n", variable, getenv(variable));
    _exit(2);
}

static uint64_t number_of(const char *text, char **end, const char *variable)
{
    uint64_t number = strtoull(text, end, 10);

    if (*end == text)
        refuse(variable);
    return number;
}

static void read_kill(struct disk_plan *plan, const char *text)
{
    char *end;

    plan->kill_at = number_of(text, &end, "DISK_SHIM_KILL");
    if (strcmp(end, ":middle") == 0)
        plan->when = DISK_MIDDLE;
    else if (strcmp(end, ":after") == 0)
        plan->when = DISK_AFTER;
    else if (*end && strcmp(end, ":before") != 0)
        refuse("DISK_SHIM_KILL");
}

static const char *read_kinds(struct disk_plan *plan, const char *text)
{
    plan->fail_kinds = DISK_KINDS_CHANGING;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i].name);

        if (strncmp(text, kinds[i].name, len) == 0 && text[len] == ':') {
            plan->fail_kinds = kinds[i].kinds;
            return text + len + 1;
        }
    }
    return text;
}

static void read_fail(struct disk_plan *plan, const char *text)
{
    char *end;

    plan->fail_first = number_of(read_kinds(plan, text), &end, "DISK_SHIM_FAIL");
    plan->fail_last = plan->fail_first;
    if (*end == ':' && end[1] >= '0' && end[1] <= '9')
        plan->fail_last = number_of(end + 1, &end, "DISK_SHIM_FAIL");
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (*end == ':' && strcmp(end + 1, errors[i].name) == 0) {
            plan->fail_errno = errors[i].number;
            return;
        }
    refuse("DISK_SHIM_FAIL");
}

static void __attribute__((constructor)) read_environment(void)
{
    struct disk_plan plan = { .dir = getenv("DISK_SHIM_DIR"),
                              .fail_file = getenv("DISK_SHIM_FAIL_FILE") };
    const char *text;
    char *end;

    if (!plan.dir)
        return;
    if (plan.dir[0] != '/')
        refuse("DISK_SHIM_DIR");
    if ((text = getenv("DISK_SHIM_KILL")))
        read_kill(&plan, text);
    if ((text = getenv("DISK_SHIM_FAIL")))
        read_fail(&plan, text);
    if ((text = getenv("DISK_SHIM_SLOW")))
        plan.slow_ms = (int)number_of(text, &end, "DISK_SHIM_SLOW");
    if ((text = getenv("DISK_SHIM_LOG"))) {
        plan.log_fd = (int)syscall(SYS_openat, AT_FDCWD, text,
                                   O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
        if (plan.log_fd < 0)
            refuse("DISK_SHIM_LOG");
    }
    disk_shim_arm(&plan);
}

static void __attribute__((destructor)) write_count(void)
{
    const char *path = getenv("DISK_SHIM_COUNT");
    char text[32];
    int len;
    int fd;

    if (!path || !getenv("DISK_SHIM_DIR"))
        return;
    len = snprintf(text, sizeof text, "%llu\n", (unsigned long long)disk_shim_counts().calls);
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || syscall(SYS_write, fd, text, (size_t)len) != len)
        fprintf(stderr, "disk_shim: cannot write %s\n", path);
}
