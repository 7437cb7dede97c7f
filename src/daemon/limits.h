/*
 * What the machine grants: memory, as its cgroups narrow it, and file descriptors.
 *
 * Threads   Any.
 */
#ifndef FUSEBOX_DAEMON_LIMITS_H
#define FUSEBOX_DAEMON_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* The configured bytes, or half of what the cgroup (v2, v1) or the machine has when that is 0. */
size_t limits_memory_bytes(int64_t configured_bytes);

/*
 * The least limit of the cgroups that the process is in, from its own up to the root, v2 and v1;
 * INT64_MAX when there is none. `membership` is /proc/self/cgroup, `mount` /sys/fs/cgroup.
 */
int64_t limits_cgroup_bytes(const char *membership, const char *mount);

/*
 * How the descriptors are shared: LIMITS_RESERVED_FILES are for store, log and the server itself,
 * up to a quarter each of the rest for scrapes and for blocks that are read, what is left for
 * connections. None is less than 1.
 */
enum { LIMITS_RESERVED_FILES = 32, LIMITS_SCRAPES_MAX = 1024, LIMITS_BLOCKS_MAX = 128 };

struct limits_files {
    int connections;
    int scrapes;
};

struct limits_files limits_share_files(uint64_t descriptors, int wanted_connections);

/* Raises the process' limit of descriptors as far as the system allows, and says what it is. */
uint64_t limits_raise_files(void);

#endif
