#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static enum err fail_errno(struct diag *diag, const char *doing, const char *path)
{
    enum err err = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;

    return diag_set(diag, err, "cannot %s %s: %s", doing, path, strerror(errno));
}

/* A missing folder is no answer to a question: who writes gets ERR_IO. */
static enum err fail_write(struct diag *diag, const char *doing, const char *path)
{
    return diag_set(diag, ERR_IO, "cannot %s %s: %s", doing, path, strerror(errno));
}

static enum err read_all(int fd, struct arena *arena, const char *path, size_t limit_bytes,
                         struct str *ret_text, struct diag *diag)
{
    struct stat st;
    size_t len = 0;
    char *text;

    if (fstat(fd, &st) < 0)
        return fail_errno(diag, "read", path);
    if (!S_ISREG(st.st_mode))
        return diag_set(diag, ERR_IO, "%s is not a regular file", path);
    if ((size_t)st.st_size > limit_bytes)
        return diag_set(diag, ERR_LIMIT, "%s has %lld bytes, at most %zu are read", path,
                        (long long)st.st_size, limit_bytes);
    text = arena_alloc(arena, (size_t)st.st_size + 1);
    if (!text)
        return diag_set(diag, arena_error(arena), "no memory to read %s", path);
    while (len < (size_t)st.st_size) {
        ssize_t got = read(fd, text + len, (size_t)st.st_size - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(diag, "read", path);
        if (got == 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    *ret_text = (struct str){ text, len };
    return ERR_OK;
}

enum err file_read(struct arena *arena, const char *path, size_t limit_bytes, struct str *ret_text,
                   struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum err err;

    if (fd < 0)
        return fail_errno(diag, "open", path);
    err = read_all(fd, arena, path, limit_bytes, ret_text, diag);
    close(fd);
    return err;
}

static bool write_all(int fd, struct str text)
{
    while (text.len) {
        ssize_t put = write(fd, text.ptr, text.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        text.ptr += put;
        text.len -= (size_t)put;
    }
    return true;
}

static void sync_dir_of(const char *path)
{
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    int fd;

    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    fd = open(dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

enum err file_write_atomic(const char *path, struct str text, struct diag *diag)
{
    char temp[PATH_BYTES];
    enum err err = ERR_OK;
    int fd;

    if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", path);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return fail_write(diag, "write beside", path);
    if (!write_all(fd, text) || fsync(fd) < 0)
        err = fail_write(diag, "write", temp);
    if (close(fd) < 0 && !err)
        err = fail_write(diag, "write", temp);
    if (!err && rename(temp, path) < 0)
        err = fail_write(diag, "replace", path);
    if (err) {
        unlink(temp);
        return err;
    }
    sync_dir_of(path);
    return ERR_OK;
}

enum err file_make_dir(const char *path, struct diag *diag)
{
    struct stat st = { .st_mode = 0 };
    char part[PATH_BYTES];
    size_t len = strlen(path);

    if (len >= sizeof part)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", path);
    for (size_t i = 1; i <= len; i++) {
        if (i < len && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return fail_write(diag, "make directory", part);
    }
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return diag_set(diag, ERR_IO, "%s is in the way: not a directory", path);
    return ERR_OK;
}

enum err file_lock_dir(const char *dir, int *ret_fd, struct diag *diag)
{
    char path[PATH_BYTES], pid[32] = "";
    int fd;

    if (snprintf(path, sizeof path, "%s/lock", dir) >= (int)sizeof path)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(diag, "open", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        ssize_t got = read(fd, pid, sizeof pid - 1);

        close(fd);
        return diag_set(diag, ERR_CONFLICT,
                        "%s is in use by process %.*s: stop it, or give another --data", dir,
                        got > 0 ? (int)strcspn(pid, "\n") : 1, got > 0 ? pid : "?");
    }
    snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0) {
        close(fd);
        return fail_errno(diag, "write", path);
    }
    *ret_fd = fd;
    return ERR_OK;
}
