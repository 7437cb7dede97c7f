#include "block/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "block/block_file.h"

static void discard(struct out_file *f)
{
    if (f->fd >= 0) {
        close(f->fd);
        unlink(f->temp_path);
    }
    if (f->dir_fd >= 0)
        close(f->dir_fd);
    f->fd = f->dir_fd = -1;
}

static enum err fail(struct out_file *f, const char *doing, struct diag *diag)
{
    bool full = errno == ENOSPC || errno == EDQUOT;

    f->failed = full ? ERR_LIMIT : ERR_IO;
    diag_set(diag, f->failed, "cannot %s %s: %s", doing, f->temp_path, strerror(errno));
    discard(f);
    return f->failed;
}

static char *join(const char *dir, const char *name, const char *suffix)
{
    size_t bytes = strlen(dir) + strlen(name) + strlen(suffix) + 2;
    char *path = mem_alloc(bytes);

    if (path)
        snprintf(path, bytes, "%s/%s%s", dir, name, suffix);
    return path;
}

static int open_any(const char *path, int flags)
{
    int fd;

    do {
        fd = open(path, flags | O_CLOEXEC, 0600);
    } while (fd < 0 &&
             (errno == EINTR || ((errno == EMFILE || errno == ENFILE) && block_files_close_one())));
    return fd;
}

enum err out_file_open(struct out_file *f, const char *dir, const char *name, struct diag *diag)
{
    *f = (struct out_file){
        .path = join(dir, name, ""),
        .temp_path = join(dir, name, ".tmp"),
        .buffer = mem_alloc(OUT_FILE_BUFFER_BYTES),
        .fd = -1,
        .dir_fd = -1,
    };
    if (!f->path || !f->temp_path || !f->buffer) {
        out_file_close(f);
        return diag_set(diag, ERR_NOMEM, "no memory to write %s/%s", dir, name);
    }
    f->fd = open_any(f->temp_path, O_WRONLY | O_CREAT | O_TRUNC);
    f->dir_fd = f->fd < 0 ? -1 : open_any(dir, O_RDONLY | O_DIRECTORY);
    if (f->dir_fd < 0) {
        enum err err = fail(f, "make", diag);

        out_file_close(f);
        return err;
    }
    return ERR_OK;
}

void out_file_close(struct out_file *f)
{
    if (f->temp_path)
        discard(f);
    mem_free(f->path);
    mem_free(f->temp_path);
    mem_free(f->buffer);
    *f = (struct out_file){ .fd = -1, .dir_fd = -1 };
}

static enum err flush(struct out_file *f, struct diag *diag)
{
    size_t done = 0;

    while (done < f->buffered_bytes) {
        ssize_t put = pwrite(f->fd, f->buffer + done, f->buffered_bytes - done,
                             (off_t)(f->written_bytes + done));

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail(f, "write", diag);
        done += (size_t)put;
    }
    f->written_bytes += done;
    f->buffered_bytes = 0;
    return ERR_OK;
}

enum err out_file_append(struct out_file *f, struct str bytes, struct diag *diag)
{
    if (f->failed)
        return f->failed;
    while (bytes.len) {
        size_t room = OUT_FILE_BUFFER_BYTES - f->buffered_bytes;
        size_t part = bytes.len < room ? bytes.len : room;

        memcpy(f->buffer + f->buffered_bytes, bytes.ptr, part);
        f->buffered_bytes += part;
        bytes.ptr += part;
        bytes.len -= part;
        if (f->buffered_bytes == OUT_FILE_BUFFER_BYTES) {
            enum err err = flush(f, diag);

            if (err)
                return err;
        }
    }
    return ERR_OK;
}

enum err out_file_finish(struct out_file *f, struct diag *diag)
{
    enum err err = f->failed ? f->failed : flush(f, diag);

    if (err)
        return err;
    if (fsync(f->fd) < 0)
        return fail(f, "sync", diag);
    if (rename(f->temp_path, f->path) < 0)
        return fail(f, "rename", diag);
    close(f->fd);
    f->fd = -1;
    if (fsync(f->dir_fd) == 0)
        return ERR_OK;
    fail(f, "sync the directory of", diag);
    unlink(f->path);
    return f->failed;
}
