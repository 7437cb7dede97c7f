/*
 * The calls that the shim takes the place of. Each does the system call itself, so nothing behind
 * it has to be found; every name that libc gives to a call is here.
 */
#undef _FILE_OFFSET_BITS /* it makes two names of a call one */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "disk_shim_core.h"

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags);
int __openat64_2(int dir_fd, const char *path, int flags);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t buf_len);
ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t buf_len);
ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t offset, size_t buf_len);

/* --- opening and closing --- */

static bool exists(int dir_fd, const char *path)
{
    struct stat st;

    return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_at(int dir_fd, const char *path, int flags, mode_t mode)
{
    char space[PATH_MAX];
    struct disk_call call = { .kind = DISK_OPEN, .path = shim_path(dir_fd, path, space) };
    bool there;
    int fd;

    if (!call.path)
        return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
    there = exists(dir_fd, path);
    if (flags & O_CREAT && !there)
        call.kind = DISK_CREATE;
    else if (flags & O_TRUNC && there)
        call.kind = DISK_TRUNCATE;
    if (!shim_enter(&call))
        return -1;
    fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
    if (fd >= 0)
        shim_fd_opened(fd, call.path, call.kind == DISK_CREATE);
    if (fd >= 0)
        shim_fd_path(fd, &call.file);
    shim_leave(&call, fd >= 0, 0, NULL, 0);
    return fd;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(arguments, flags);                                                                \
        mode = mode_of(flags, arguments);                                                          \
        va_end(arguments);                                                                         \
        return open_at(AT_FDCWD, path, flags, mode);                                               \
    }
#define OPENAT(name)                                                                               \
    int name(int dir_fd, const char *path, int flags, ...)                                         \
    {                                                                                              \
        va_list arguments;                                                                         \
        mode_t mode;                                                                               \
                                                                                                   \
        va_start(arguments, flags);                                                                \
        mode = mode_of(flags, arguments);                                                          \
        va_end(arguments);                                                                         \
        return open_at(dir_fd, path, flags, mode);                                                 \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dir_fd, const char *path, int flags)
{
    return open_at(dir_fd, path, flags, 0);
}

int __openat64_2(int dir_fd, const char *path, int flags)
{
    return open_at(dir_fd, path, flags, 0);
}

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int creat64(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd)
{
    shim_fd_closed(fd);
    return (int)syscall(SYS_close, fd);
}

/* --- reading, which can only fail --- */

static ssize_t read_at(int fd, void *buf, size_t len, off_t offset, bool at)
{
    struct disk_call call = { .kind = DISK_READ, .path = shim_fd_path(fd, NULL) };
    ssize_t got;

    if (call.path && !shim_enter(&call))
        return -1;
    got = at ? syscall(SYS_pread64, fd, buf, len, offset) : syscall(SYS_read, fd, buf, len);
    if (call.path)
        shim_leave(&call, got >= 0, offset, NULL, 0);
    return got;
}

ssize_t read(int fd, void *buf, size_t len)
{
    return read_at(fd, buf, len, 0, false);
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
    return read_at(fd, buf, len, offset, true);
}

ssize_t pread64(int fd, void *buf, size_t len, off_t offset)
{
    return read_at(fd, buf, len, offset, true);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t buf_len)
{
    return len > buf_len ? (abort(), -1) : read_at(fd, buf, len, 0, false);
}

ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t buf_len)
{
    return len > buf_len ? (abort(), -1) : read_at(fd, buf, len, offset, true);
}

ssize_t __pread64_chk(int fd, void *buf, size_t len, off_t offset, size_t buf_len)
{
    return len > buf_len ? (abort(), -1) : read_at(fd, buf, len, offset, true);
}

/* --- writing --- */

static ssize_t do_write(int fd, const void *buf, size_t len, off_t offset, bool at)
{
    return at ? syscall(SYS_pwrite64, fd, buf, len, offset) : syscall(SYS_write, fd, buf, len);
}

/* Where a write without an offset goes. */
static off_t place_of(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return lseek(fd, 0, flags >= 0 && flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

static ssize_t write_at(int fd, const void *buf, size_t len, off_t offset, bool at)
{
    struct disk_call call = { .kind = DISK_WRITE };
    ssize_t put;

    call.path = shim_fd_path(fd, &call.file);
    if (!call.path)
        return do_write(fd, buf, len, offset, at);
    if (!shim_enter(&call))
        return -1;
    if (!at)
        offset = place_of(fd);
    put = do_write(fd, buf, call.half && len > 1 ? len / 2 : len, offset, at);
    shim_leave(&call, put >= 0, offset, buf, put > 0 ? (size_t)put : 0);
    return put;
}

/* What a program says must stand in the log at its place in the order of its calls. */
static void note_output(const void *buf, ssize_t put)
{
    char text[512];

    if (put <= 0 || (size_t)put >= sizeof text)
        return;
    memcpy(text, buf, (size_t)put);
    text[put] = '\0';
    disk_shim_note(text);
}

ssize_t write(int fd, const void *buf, size_t len)
{
    ssize_t put = write_at(fd, buf, len, 0, false);

    if (fd == STDOUT_FILENO)
        note_output(buf, put);
    return put;
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
    return write_at(fd, buf, len, offset, true);
}

ssize_t pwrite64(int fd, const void *buf, size_t len, off_t offset)
{
    return write_at(fd, buf, len, offset, true);
}

/* A gathered write is recorded as one; it may be short, as the system's may. */
static ssize_t writev_at(int fd, const struct iovec *parts, int count, off_t offset, bool at)
{
    ssize_t put;
    size_t len = 0;
    char *all;

    if (!shim_fd_path(fd, NULL))
        return at ? syscall(SYS_pwritev, fd, parts, count, offset, 0)
                  : syscall(SYS_writev, fd, parts, count);
    for (int i = 0; i < count; i++)
        len += parts[i].iov_len;
    all = malloc(len + 1);
    if (!all)
        abort();
    len = 0;
    for (int i = 0; i < count; i++) {
        memcpy(all + len, parts[i].iov_base, parts[i].iov_len);
        len += parts[i].iov_len;
    }
    put = write_at(fd, all, len, offset, at);
    free(all);
    return put;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return writev_at(fd, parts, count, 0, false);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return writev_at(fd, parts, count, offset, true);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
{
    return writev_at(fd, parts, count, offset, true);
}

/* --- sizes and syncs --- */

static int truncate_fd(int fd, off_t size)
{
    struct disk_call call = { .kind = DISK_TRUNCATE };
    int ret;

    call.path = shim_fd_path(fd, &call.file);
    if (!call.path)
        return (int)syscall(SYS_ftruncate, fd, size);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(SYS_ftruncate, fd, size);
    shim_leave(&call, ret == 0, size, NULL, 0);
    return ret;
}

int ftruncate(int fd, off_t size)
{
    return truncate_fd(fd, size);
}

int ftruncate64(int fd, off_t size)
{
    return truncate_fd(fd, size);
}

static int allocate(int fd, int mode, off_t offset, off_t len)
{
    struct disk_call call = { .kind = DISK_ALLOCATE };
    int ret;

    call.path = shim_fd_path(fd, &call.file);
    if (!call.path)
        return (int)syscall(SYS_fallocate, fd, mode, offset, len);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(SYS_fallocate, fd, mode, offset, len);
    shim_leave(&call, ret == 0 && mode == 0, offset + len, NULL, 0);
    return ret;
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
    return allocate(fd, mode, offset, len);
}

int fallocate64(int fd, int mode, off_t offset, off_t len)
{
    return allocate(fd, mode, offset, len);
}

int posix_fallocate(int fd, off_t offset, off_t len)
{
    return allocate(fd, 0, offset, len) < 0 ? errno : 0;
}

int posix_fallocate64(int fd, off_t offset, off_t len)
{
    return allocate(fd, 0, offset, len) < 0 ? errno : 0;
}

static int sync_fd(int fd, long number)
{
    struct disk_call call = { .kind = DISK_SYNC };
    int ret;

    call.path = shim_fd_path(fd, &call.file);
    if (!call.path)
        return (int)syscall(number, fd);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(number, fd);
    shim_leave(&call, ret == 0, 0, NULL, 0);
    return ret;
}

int fsync(int fd)
{
    return sync_fd(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_fd(fd, SYS_fdatasync);
}

/* --- names --- */

static int rename_at(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    char space[PATH_MAX];
    char space2[PATH_MAX];
    struct disk_call call = { .kind = DISK_RENAME,
                              .path = shim_path(from_fd, from, space),
                              .path2 = shim_path(to_fd, to, space2) };
    int ret;

    if (!call.path || !call.path2)
        return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
    if (ret == 0)
        shim_file_renamed(call.path, call.path2);
    shim_leave(&call, ret == 0, 0, NULL, 0);
    return ret;
}

int rename(const char *from, const char *to)
{
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return rename_at(from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    return rename_at(from_fd, from, to_fd, to, flags);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    char space[PATH_MAX];
    char space2[PATH_MAX];
    struct disk_call call = { .kind = DISK_LINK,
                              .path = shim_path(from_fd, from, space),
                              .path2 = shim_path(to_fd, to, space2) };
    int ret;

    if (!call.path || !call.path2)
        return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
    shim_leave(&call, ret == 0, 0, NULL, 0);
    return ret;
}

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static int change_name(enum disk_kind kind, int dir_fd, const char *path, int argument)
{
    char space[PATH_MAX];
    struct disk_call call = { .kind = kind, .path = shim_path(dir_fd, path, space) };
    long number = kind == DISK_MKDIR ? SYS_mkdirat : SYS_unlinkat;
    int ret;

    if (!call.path)
        return (int)syscall(number, dir_fd, path, argument);
    if (!shim_enter(&call))
        return -1;
    ret = (int)syscall(number, dir_fd, path, argument);
    shim_leave(&call, ret == 0, 0, NULL, 0);
    return ret;
}

int unlink(const char *path)
{
    return change_name(DISK_UNLINK, AT_FDCWD, path, 0);
}

int unlinkat(int dir_fd, const char *path, int flags)
{
    return change_name(DISK_UNLINK, dir_fd, path, flags);
}

int rmdir(const char *path)
{
    return change_name(DISK_UNLINK, AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char *path)
{
    struct stat st;
    bool is_dir = fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);

    return change_name(DISK_UNLINK, AT_FDCWD, path, is_dir ? AT_REMOVEDIR : 0);
}

int mkdir(const char *path, mode_t mode)
{
    return change_name(DISK_MKDIR, AT_FDCWD, path, (int)mode);
}

int mkdirat(int dir_fd, const char *path, mode_t mode)
{
    return change_name(DISK_MKDIR, dir_fd, path, (int)mode);
}
