/*
 * Disk replay: builds from a log of disk_shim a directory as a disk might hold it
 * when the power goes in the middle.
 *
 *   disk_log_read -> disk_log_build(log, cut, rng, dir)* -> disk_log_free
 *
 * Of the records before the cut these are certain: the bytes and sizes of a file
 * up to its last sync, and the names of a directory up to its last sync. Of what
 * came later chance keeps
 *   names   the first so many changes of each directory, in their order;
 *   bytes   nothing, all, the first so many, or any of them in any order, and
 *           of a write maybe only some of its sectors of 512 bytes.
 * A file whose name is not there is gone, whatever was synced of it.
 *
 * Memory    The log and one file at a time.
 * Threads   A log is immutable; building is safe from several processes.
 * Source    A. Rebello et al., Can Applications Recover from fsync Failures?
 *           (USENIX ATC 2020); T. Pillai et al., All File Systems Are Not Created
 *           Equal (OSDI 2014): what a file system may reorder.
 */
#ifndef FUSEBOX_TEST_DISK_REPLAY_H
#define FUSEBOX_TEST_DISK_REPLAY_H

#include <stddef.h>

#include "base/rng.h"
#include "disk_log.h"
#include "disk_shim.h"

struct disk_record {
    struct disk_record_head head;
    const char *path; /* NUL behind each */
    const char *path2;
    const char *bytes; /* of a note: NUL behind them */
};

struct disk_log {
    struct disk_record *records;
    size_t count;
    char *text; /* what they point to */
};

/* Ends the program when the log is not whole. */
struct disk_log *disk_log_read(const char *path);
void disk_log_free(struct disk_log *log);

/* Fills `dir`, which exists and is empty, with what is left of the first `cut` records. */
void disk_log_build(const struct disk_log *log, size_t cut, struct rng *rng, const char *dir);

#endif
