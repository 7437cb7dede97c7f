#include "block/block_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"

/*
 *   newest ◄──► ... ◄──► oldest       all with a descriptor
 */
static struct {
    struct lock lock;
    struct block_file *newest, *oldest;
    size_t count;
} open_files = { .lock = { PTHREAD_MUTEX_INITIALIZER, LOCK_RANK_BLOCK_FILES } };

enum err block_file_init(struct block_file *f, const char *path)
{
    *f = (struct block_file){ .path = mem_copy(path, strlen(path)), .fd = -1 };
    return f->path ? ERR_OK : ERR_NOMEM;
}

/* --- the list; the lock is held --- */

static void unlink_from_list(struct block_file *f)
{
    if (f->newer)
        f->newer->older = f->older;
    else
        open_files.newest = f->older;
    if (f->older)
        f->older->newer = f->newer;
    else
        open_files.oldest = f->newer;
    f->newer = f->older = NULL;
    open_files.count--;
}

static void link_newest(struct block_file *f)
{
    f->older = open_files.newest;
    if (f->older)
        f->older->newer = f;
    else
        open_files.oldest = f;
    open_files.newest = f;
    open_files.count++;
}

static void close_file(struct block_file *f)
{
    unlink_from_list(f);
    close(f->fd);
    f->fd = -1;
}

static bool close_oldest_idle(void)
{
    struct block_file *f = open_files.oldest;

    while (f && f->reader_count)
        f = f->newer;
    if (f)
        close_file(f);
    return f != NULL;
}

static enum err fail_open(struct diag *diag)
{
    bool refused = errno == EMFILE || errno == ENFILE;

    return diag_set(diag, refused ? ERR_LIMIT : ERR_IO, "cannot open it: %s", strerror(errno));
}

static enum err open_file(struct block_file *f, struct diag *diag)
{
    if (open_files.count >= BLOCK_FILES_OPEN_MAX && !close_oldest_idle())
        return diag_set(diag, ERR_LIMIT, "%d files of blocks are being read", BLOCK_FILES_OPEN_MAX);
    do {
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    } while (f->fd < 0 &&
             (errno == EINTR || ((errno == EMFILE || errno == ENFILE) && close_oldest_idle())));
    if (f->fd < 0)
        return fail_open(diag);
    link_newest(f);
    return ERR_OK;
}

static enum err begin_reading(struct block_file *f, struct diag *diag)
{
    enum err err = ERR_OK;

    lock_take(&open_files.lock);
    if (f->fd < 0) {
        err = open_file(f, diag);
    } else if (f != open_files.newest) {
        unlink_from_list(f);
        link_newest(f);
    }
    f->reader_count += !err;
    lock_drop(&open_files.lock);
    return err;
}

static void end_reading(struct block_file *f)
{
    lock_take(&open_files.lock);
    f->reader_count--;
    lock_drop(&open_files.lock);
}

/* --- reading --- */

void block_file_close_idle(struct block_file *f)
{
    lock_take(&open_files.lock);
    if (f->fd >= 0 && !f->reader_count)
        close_file(f);
    lock_drop(&open_files.lock);
}

void block_file_release(struct block_file *f)
{
    block_file_close_idle(f);
    mem_free(f->path);
    f->path = NULL;
}

enum err block_file_size(struct block_file *f, uint64_t *ret_bytes, struct diag *diag)
{
    enum err err = begin_reading(f, diag);
    struct stat st;

    if (err)
        return err;
    if (fstat(f->fd, &st) < 0)
        err = diag_set(diag, ERR_IO, "cannot read it: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        err = diag_set(diag, ERR_IO, "it is not a regular file");
    else
        *ret_bytes = (uint64_t)st.st_size;
    end_reading(f);
    return err;
}

static enum err read_whole(int fd, uint64_t offset, size_t len, char *bytes, struct diag *diag)
{
    for (size_t done = 0; done < len;) {
        ssize_t got = pread(fd, bytes + done, len - done, (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return diag_set(diag, ERR_IO, "cannot read it: %s", strerror(errno));
        if (got == 0)
            return diag_set(diag, ERR_CORRUPT, "the file ends before");
        done += (size_t)got;
    }
    return ERR_OK;
}

enum err block_file_read(struct block_file *f, uint64_t offset, size_t len, struct buf *out,
                         struct diag *diag)
{
    enum err err;

    buf_clear(out);
    if (!buf_reserve(out, len))
        return diag_set(diag, buf_error(out), "no memory to read it");
    err = begin_reading(f, diag);
    if (err)
        return err;
    err = read_whole(f->fd, offset, len, out->data, diag);
    end_reading(f);
    if (!err)
        out->len = len;
    return err;
}

bool block_files_close_one(void)
{
    bool closed;

    lock_take(&open_files.lock);
    closed = close_oldest_idle();
    lock_drop(&open_files.lock);
    return closed;
}

size_t block_files_open_count(void)
{
    size_t count;

    lock_take(&open_files.lock);
    count = open_files.count;
    lock_drop(&open_files.lock);
    return count;
}
