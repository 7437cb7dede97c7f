/*
 * Disk log: what disk_shim records and disk_replay reads, one record after another, in the
 * machine's own byte order: the head, then path, path2 and, for a write or a note, its bytes.
 * Paths are relative to the watched directory, "" is itself.
 */
#ifndef FUSEBOX_TEST_DISK_LOG_H
#define FUSEBOX_TEST_DISK_LOG_H

#include <stdint.h>

struct disk_record_head {
    uint32_t kind;  /* enum disk_kind */
    uint32_t file;  /* number of the file, from 1; 0: a directory, or none */
    int64_t offset; /* of a write; the new size of a truncate; the end of an allocation */
    uint32_t len;   /* bytes that follow the paths */
    uint16_t path_len;
    uint16_t path2_len; /* the new name of a rename or link */
};

#endif
