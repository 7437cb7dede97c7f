#include "daemon/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const uint64_t MIN_FREE_MAX_BYTES = 512 << 20;
static const uint64_t PLENTY_MIN_BYTES = UINT64_C(1) << 30;
enum { MIN_FREE_SHARE = 20, PLENTY_TIMES = 8 };

static bool ask_system(void *ctx, const char *dir, struct disk_space *ret)
{
    struct statvfs s;

    (void)ctx;
    if (statvfs(dir, &s))
        return false;
    ret->free_bytes = (uint64_t)s.f_bavail * s.f_frsize;
    ret->total_bytes = (uint64_t)s.f_blocks * s.f_frsize;
    return true;
}

static bool path_of(const struct disk *d, const char *name, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/%s", d->dir, name);

    return len > 0 && len < PATH_MAX;
}

void disk_init(struct disk *d, const char *dir, uint64_t min_free_bytes)
{
    struct stat status;
    char path[PATH_MAX];

    *d = (struct disk){ .dir = dir, .min_free_bytes = min_free_bytes, .ask = ask_system };
    d->has_reserve = path_of(d, "reserve", path) && !stat(path, &status) &&
                     status.st_size == DISK_RESERVE_BYTES;
}

uint64_t disk_min_free_bytes(const struct disk *d)
{
    uint64_t share = d->total_bytes / MIN_FREE_SHARE;

    if (d->min_free_bytes)
        return d->min_free_bytes;
    return share < MIN_FREE_MAX_BYTES ? share : MIN_FREE_MAX_BYTES;
}

/* Where there is plenty, a reserve would only take room. */
static bool has_plenty(const struct disk *d)
{
    uint64_t plenty = disk_min_free_bytes(d) * PLENTY_TIMES;

    return d->free_bytes >= (plenty > PLENTY_MIN_BYTES ? plenty : PLENTY_MIN_BYTES);
}

static bool wants_reserve(const struct disk *d)
{
    return d->total_bytes >= DISK_RESERVE_FROM_BYTES && !has_plenty(d);
}

void disk_release_reserve(struct disk *d)
{
    char path[PATH_MAX];

    if (path_of(d, "reserve", path))
        (void)unlink(path);
    d->has_reserve = false;
}

/* A reserve that cannot be made is tried again at the next look. */
static void make_reserve(struct disk *d)
{
    char path[PATH_MAX];
    int fd = path_of(d, "reserve", path) ? open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600) : -1;

    if (fd < 0)
        return;
    d->has_reserve = !posix_fallocate(fd, 0, DISK_RESERVE_BYTES);
    close(fd);
    if (!d->has_reserve)
        disk_release_reserve(d);
}

bool disk_look(struct disk *d)
{
    struct disk_space space = { 0 };
    uint64_t enough, usable, reserve;

    if (!d->ask(d->ctx, d->dir, &space))
        return d->low;
    d->free_bytes = space.free_bytes;
    d->total_bytes = space.total_bytes;
    enough = disk_min_free_bytes(d) + disk_min_free_bytes(d) / 5;
    reserve = d->has_reserve || !wants_reserve(d) ? 0 : DISK_RESERVE_BYTES; /* is to be kept free */
    usable = space.free_bytes > reserve ? space.free_bytes - reserve : 0;
    if (usable == 0 || (d->has_reserve && !wants_reserve(d)))
        disk_release_reserve(d);
    else if (reserve && usable >= enough)
        make_reserve(d);
    d->low = usable < (d->low ? enough : disk_min_free_bytes(d));
    return d->low;
}

enum store_trouble disk_trouble_of(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return TROUBLE_DISK_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return TROUBLE_READ_ONLY;
    default:
        return TROUBLE_IO;
    }
}

enum store_trouble disk_find_trouble(const struct disk *d)
{
    enum store_trouble trouble = TROUBLE_IO;
    char path[PATH_MAX];
    int fd;

    if (!path_of(d, "probe", path))
        return trouble;
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return disk_trouble_of(errno);
    if (pwrite(fd, "", 1, 0) != 1)
        trouble = disk_trouble_of(errno);
    close(fd);
    (void)unlink(path);
    return trouble;
}
