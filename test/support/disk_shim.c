#include "disk_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "disk_log.h"
#include "disk_shim_core.h"

enum { INODES_MAX = 65536 };

/* A watched descriptor. */
struct watched {
    char *path; /* NULL: not watched */
    uint32_t file;
};

static struct {
    pthread_mutex_t lock;
    struct disk_plan plan;
    char dir[PATH_MAX];
    size_t dir_len;
    uint64_t fail_calls; /* of plan.fail_kinds */
    struct disk_counts counts;
    struct watched fds[DISK_SHIM_FDS_MAX];
    ino_t inodes[INODES_MAX]; /* of file number + 1 */
    uint32_t file_count;
} shim = { .lock = PTHREAD_MUTEX_INITIALIZER };

void disk_shim_arm(const struct disk_plan *plan)
{
    shim.plan = *plan;
    shim.fail_calls = 0;
    shim.counts = (struct disk_counts){ 0 };
    shim.dir_len = 0;
    if (plan->dir) {
        snprintf(shim.dir, sizeof shim.dir, "%s", plan->dir);
        shim.dir_len = strlen(shim.dir);
        while (shim.dir_len > 1 && shim.dir[shim.dir_len - 1] == '/')
            shim.dir[--shim.dir_len] = '\0';
    }
}

struct disk_counts disk_shim_counts(void)
{
    struct disk_counts counts;

    pthread_mutex_lock(&shim.lock);
    counts = shim.counts;
    pthread_mutex_unlock(&shim.lock);
    return counts;
}

/* The part of an absolute path that lies behind the watched directory. */
static const char *inside(char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    if (strncmp(path, shim.dir, shim.dir_len) != 0)
        return NULL;
    path += shim.dir_len;
    if (*path && *path != '/')
        return NULL;
    return *path ? path + 1 : path;
}

const char *shim_path(int dir_fd, const char *path, char space[PATH_MAX])
{
    const char *base;
    size_t len;
    int put;

    if (!shim.dir_len || !path)
        return NULL;
    if (path[0] == '/') {
        put = snprintf(space, PATH_MAX, "%s", path);
    } else if (dir_fd == AT_FDCWD) {
        if (!getcwd(space, PATH_MAX))
            return NULL;
        len = strlen(space);
        put = snprintf(space + len, PATH_MAX - len, "/%s", path) + (int)len;
    } else {
        base = shim_fd_path(dir_fd, NULL);
        if (!base)
            return NULL;
        put = snprintf(space, PATH_MAX, "%s/%s%s%s", shim.dir, base, *base ? "/" : "", path);
    }
    return put < 0 || put >= PATH_MAX ? NULL : inside(space);
}

const char *shim_fd_path(int fd, uint32_t *ret_file)
{
    if (fd < 0 || fd >= DISK_SHIM_FDS_MAX || !shim.fds[fd].path)
        return NULL;
    if (ret_file)
        *ret_file = shim.fds[fd].file;
    return shim.fds[fd].path;
}

/* An inode's number may come back after a removal, so a file that was made is a new one. */
static uint32_t file_number(int fd, bool created)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode))
        return 0;
    for (uint32_t i = shim.file_count; !created && i > 0; i--)
        if (shim.inodes[i - 1] == st.st_ino)
            return i;
    if (shim.file_count == INODES_MAX)
        abort();
    shim.inodes[shim.file_count] = st.st_ino;
    return ++shim.file_count;
}

void shim_fd_opened(int fd, const char *path, bool created)
{
    if (fd < 0 || fd >= DISK_SHIM_FDS_MAX)
        return;
    shim_fd_closed(fd);
    shim.fds[fd].path = strdup(path);
    shim.fds[fd].file = file_number(fd, created);
}

void shim_fd_closed(int fd)
{
    if (fd < 0 || fd >= DISK_SHIM_FDS_MAX || !shim.fds[fd].path)
        return;
    free(shim.fds[fd].path);
    shim.fds[fd].path = NULL;
}

void shim_file_renamed(const char *from, const char *to)
{
    for (int fd = 0; fd < DISK_SHIM_FDS_MAX; fd++) {
        struct watched *w = &shim.fds[fd];

        if (w->path && strcmp(w->path, from) == 0) {
            free(w->path);
            w->path = strdup(to);
        }
    }
}

static void record(const struct disk_call *call, int64_t offset, const void *bytes, size_t len)
{
    const char *path = call->path ? call->path : "";
    const char *path2 = call->path2 ? call->path2 : "";
    struct disk_record_head head = { .kind = call->kind,
                                     .file = call->file,
                                     .offset = offset,
                                     .len = (uint32_t)len,
                                     .path_len = (uint16_t)strlen(path),
                                     .path2_len = (uint16_t)strlen(path2) };
    struct iovec parts[4] = { { &head, sizeof head },
                              { (void *)(uintptr_t)path, head.path_len },
                              { (void *)(uintptr_t)path2, head.path2_len },
                              { (void *)(uintptr_t)bytes, len } };
    size_t total = sizeof head + head.path_len + head.path2_len + len;

    if (syscall(SYS_writev, shim.plan.log_fd, parts, 4) != (long)total)
        abort(); /* a log with holes proves nothing */
}

static bool fault_is_due(const struct disk_call *call)
{
    const struct disk_plan *plan = &shim.plan;

    if (!plan->fail_first || !(plan->fail_kinds & 1u << call->kind))
        return false;
    if (plan->fail_file && syscall(SYS_access, plan->fail_file, F_OK) != 0)
        return false;
    shim.fail_calls++;
    if (shim.fail_calls < plan->fail_first ||
        (plan->fail_last && shim.fail_calls > plan->fail_last))
        return false;
    return plan->fail_errno || call->kind == DISK_WRITE;
}

static void pause_ms(int ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

bool shim_enter(struct disk_call *call)
{
    bool changes = DISK_KINDS_CHANGING & 1u << call->kind;

    if (call->kind == DISK_SYNC && shim.plan.slow_ms > 0)
        pause_ms(shim.plan.slow_ms);
    pthread_mutex_lock(&shim.lock);
    shim.counts.calls += changes;
    if (changes && shim.plan.kill_at && shim.counts.calls == shim.plan.kill_at) {
        if (shim.plan.when == DISK_BEFORE)
            raise(SIGKILL);
        call->killing = true;
        call->half = shim.plan.when == DISK_MIDDLE && call->kind == DISK_WRITE;
    }
    if (!fault_is_due(call))
        return true;
    shim.counts.faults++;
    shim.counts.fault = call->kind;
    snprintf(shim.counts.fault_path, sizeof shim.counts.fault_path, "%s", call->path);
    call->half = true;
    if (!shim.plan.fail_errno)
        return true;
    pthread_mutex_unlock(&shim.lock);
    errno = shim.plan.fail_errno;
    return false;
}

void shim_leave(const struct disk_call *call, bool done, int64_t offset, const void *bytes,
                size_t len)
{
    int error = errno;

    if (done && shim.plan.log_fd > 0 && call->kind != DISK_OPEN && call->kind != DISK_READ)
        record(call, offset, bytes, len);
    if (call->killing)
        raise(SIGKILL);
    pthread_mutex_unlock(&shim.lock);
    errno = error;
}

void disk_shim_note(const char *text)
{
    struct disk_call call = { .kind = DISK_NOTE };

    if (shim.plan.log_fd <= 0)
        return;
    pthread_mutex_lock(&shim.lock);
    shim_leave(&call, true, 0, text, strlen(text));
}
