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

enum { LIMITS_RESERVED_FILES = 32 }; /* for store, log and the server itself */

/* How many of the wanted connections fit into so many descriptors, beside that reserve, scrapes and
 * blocks. At least 1. */
int limits_connections(int wanted, uint64_t descriptors);

/* The descriptors that the process may have, raised towards `wanted` where the system allows it. */
uint64_t limits_raise_descriptors(uint64_t wanted);

#endif
