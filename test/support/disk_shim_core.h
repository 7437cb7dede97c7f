/* What the interposed calls (disk_calls.c) ask of the shim's state (disk_shim.c). */
#ifndef FUSEBOX_TEST_DISK_SHIM_CORE_H
#define FUSEBOX_TEST_DISK_SHIM_CORE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "disk_shim.h"

/* A call under way. */
struct disk_call {
    enum disk_kind kind;
    const char *path; /* relative to the directory; valid until shim_leave */
    const char *path2;
    uint32_t file;
    bool half;    /* do half of the bytes */
    bool killing; /* and die when it is done */
};

/* The path inside the watched directory, "" for itself, or NULL when it is elsewhere. `space`
 * takes it. */
const char *shim_path(int dir_fd, const char *path, char space[PATH_MAX]);
/* The same of an open descriptor, and the number of its file (0: a directory). */
const char *shim_fd_path(int fd, uint32_t *ret_file);
void shim_fd_opened(int fd, const char *path, bool created);
void shim_fd_closed(int fd);
void shim_file_renamed(const char *from, const char *to);

/* Counts the call and takes the lock. False: it fails, errno is set, and there is no shim_leave. */
bool shim_enter(struct disk_call *call);
/* Gives the lock back, and dies when that is due. `offset` and bytes as disk_log.h; done: it
 * succeeded. Keeps errno. */
void shim_leave(const struct disk_call *call, bool done, int64_t offset, const void *bytes,
                size_t len);

#endif
