#include "tsdb/file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/crc32c.h"

enum { COPY_BYTES = 1 << 20, READ_BYTES = 1 << 15 };

static enum err fail(struct diag *diag, const char *from, const char *to)
{
    enum err err = errno == ENOSPC || errno == EDQUOT ? ERR_LIMIT : ERR_IO;

    return diag_set(diag, err, "copying %.100s to %.100s: %s", from, to, strerror(errno));
}

static bool copy_all(int from, int to)
{
    for (;;) {
        ssize_t count = sendfile(to, from, NULL, COPY_BYTES);

        if (count == 0)
            return fsync(to) == 0;
        if (count < 0 && errno != EINTR)
            return false;
    }
}

enum err file_copy(const char *from, const char *to, struct diag *diag)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum err err = ERR_OK;

    if (in < 0 || out < 0 || !copy_all(in, out)) {
        err = fail(diag, from, to);
        if (out >= 0)
            unlink(to);
    }
    if (out >= 0)
        close(out);
    if (in >= 0)
        close(in);
    return err;
}

enum err file_link_or_copy(const char *from, const char *to, struct diag *diag)
{
    if (link(from, to) == 0)
        return ERR_OK;
    if (errno == EXDEV || errno == EPERM || errno == EMLINK || errno == EOPNOTSUPP)
        return file_copy(from, to, diag);
    return fail(diag, from, to);
}

enum err file_checksum(const char *path, uint64_t *ret_bytes, uint32_t *ret_crc, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[READ_BYTES];
    uint64_t bytes = 0;
    uint32_t crc = 0;
    ssize_t got = fd;

    while (got >= 0 && (got = read(fd, block, sizeof block)) > 0) {
        crc = crc32c(crc, block, (size_t)got);
        bytes += (uint64_t)got;
    }
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return diag_set(diag, fd < 0 && errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                        strerror(errno));
    *ret_bytes = bytes;
    *ret_crc = crc;
    return ERR_OK;
}

enum err file_sync_dir(const char *path, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = ERR_OK;

    if (fd < 0 || fsync(fd) != 0)
        err = diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return err;
}
