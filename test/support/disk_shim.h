/*
 * Disk shim: stands between a program and the files of one directory, and counts,
 * kills, fails, slows down or records its calls.
 *
 * Loaded by LD_PRELOAD it obeys its environment; linked into a test it obeys
 * disk_shim_arm. Calls that change the directory are numbered from 1: making,
 * emptying, writing, cutting and allocating files, renames, links, removals,
 * directories, and syncs of files and directories. Opening and reading can be
 * made to fail too, but have no number.
 *
 *   DISK_SHIM_DIR=/abs/dir      what is watched; without it the shim does nothing
 *   DISK_SHIM_COUNT=FILE        writes the number of calls there at the exit
 *   DISK_SHIM_KILL=N[:WHEN]     SIGKILL at call N: before (default), middle (of its bytes), after
 *   DISK_SHIM_FAIL=N:ERROR      call N fails with EIO, ENOSPC, EMFILE, EROFS, EACCES, or `short`
 *   DISK_SHIM_FAIL=N:M:ERROR    calls N to M do; M = 0: until the end
 *   DISK_SHIM_FAIL=KIND:N:M:ERROR   counted among the calls of a kind: sync write open read
 *   DISK_SHIM_FAIL_FILE=FILE    the failures are only there while FILE exists
 *   DISK_SHIM_SLOW=MS           every sync takes so much longer
 *   DISK_SHIM_LOG=FILE          records every call (disk_log.h), and what goes to standard output
 *
 * Threads   Locks itself: the calls that change something go one after another.
 * Limits    DISK_SHIM_FDS_MAX descriptors; openat and its like with another
 *           directory than the current one only where that was opened through the shim.
 */
#ifndef FUSEBOX_TEST_DISK_SHIM_H
#define FUSEBOX_TEST_DISK_SHIM_H

#include <stdint.h>

enum { DISK_SHIM_FDS_MAX = 4096 };

enum disk_kind {
    DISK_CREATE = 1, /* a file that was not there */
    DISK_TRUNCATE,   /* also open with O_TRUNC */
    DISK_WRITE,
    DISK_ALLOCATE,
    DISK_RENAME,
    DISK_LINK,
    DISK_UNLINK,
    DISK_MKDIR,
    DISK_SYNC,
    DISK_OPEN, /* from here on not numbered */
    DISK_READ,
    DISK_NOTE,
};

enum {
    DISK_KINDS_CHANGING = (1 << DISK_OPEN) - 2,
    DISK_KIND_SYNC = 1 << DISK_SYNC,
    DISK_KIND_WRITE = 1 << DISK_WRITE,
    DISK_KIND_OPEN = 1 << DISK_OPEN | 1 << DISK_CREATE,
    DISK_KIND_READ = 1 << DISK_READ,
};

enum disk_when { DISK_BEFORE, DISK_MIDDLE, DISK_AFTER };

struct disk_plan {
    const char *dir;  /* absolute, copied; NULL: off */
    uint64_t kill_at; /* 0: never */
    enum disk_when when;
    uint64_t fail_first;   /* 0: none */
    uint64_t fail_last;    /* 0: until the end */
    unsigned fail_kinds;   /* bits 1 << kind; the calls of these kinds are counted from 1 */
    int fail_errno;        /* 0: a write takes half of its bytes */
    const char *fail_file; /* NULL, or: no failure while this file is missing; borrowed */
    int slow_ms;
    int log_fd; /* 0: none */
};

struct disk_counts {
    uint64_t calls;       /* that change something */
    uint64_t faults;      /* failures that were answered */
    enum disk_kind fault; /* the kind and path of the last one */
    char fault_path[200];
};

/* From now on this, with all counts at 0. For one thread, before others begin. */
void disk_shim_arm(const struct disk_plan *plan);
struct disk_counts disk_shim_counts(void);
/* Puts a line of the test's own into the log, in the order of the calls. */
void disk_shim_note(const char *text);

#endif
