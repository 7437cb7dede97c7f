/*
 * The disk below the data directory: how much is free, and a reserve for bad times.
 *
 * Below min_free the disk counts as nearly full, so that Fusebox stops writing
 * while there is room for others; it ends at 1.2 times that, so that it does
 * not flap. When space becomes scarce (less than 1 GiB, or 8 times min_free) a
 * file of DISK_RESERVE_BYTES is kept in the directory: when the disk
 * is full it is removed, and seals and the manifest have room to work. What it
 * gave is not taken for free space.
 *
 *   disk_init(&d, dir, min_free) -> { disk_look }*        every few seconds
 *   disk_find_trouble(&d), disk_release_reserve(&d)       after a write that failed
 *
 * Threads   Owned by the write thread; free_bytes and total_bytes may be read by any.
 * Limits    No reserve on a file system smaller than DISK_RESERVE_FROM_BYTES.
 */
#ifndef FUSEBOX_DAEMON_DISK_H
#define FUSEBOX_DAEMON_DISK_H

#include <stdatomic.h>

#include "daemon/store_state.h"

enum { DISK_RESERVE_BYTES = 16 << 20, DISK_RESERVE_FROM_BYTES = 256 << 20 };

struct disk_space {
    uint64_t free_bytes; /* for us, who are not root */
    uint64_t total_bytes;
};

/* Asks the file system; false: it does not say. */
typedef bool disk_ask(void *ctx, const char *dir, struct disk_space *ret);

struct disk {
    const char *dir;
    uint64_t min_free_bytes; /* 0: the smaller of 5 % of the file system and 512 MiB */
    disk_ask *ask;           /* statvfs; a test's own */
    void *ctx;
    bool low;
    bool has_reserve;
    _Atomic uint64_t free_bytes, total_bytes;
};

void disk_init(struct disk *d, const char *dir, uint64_t min_free_bytes); /* dir lives as long */

/* Looks, makes the reserve when there is room for it, and says whether space is short. */
bool disk_look(struct disk *d);
/* The bytes that must be free. */
uint64_t disk_min_free_bytes(const struct disk *d);
/* Gives the reserve's room to whoever writes next. */
void disk_release_reserve(struct disk *d);
/* Why a write failed, as a small one of our own finds out: TROUBLE_IO when it succeeds. */
enum store_trouble disk_find_trouble(const struct disk *d);
enum store_trouble disk_trouble_of(int error); /* of an errno */

#endif
