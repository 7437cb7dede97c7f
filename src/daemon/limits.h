/* How much memory the machine or the cgroup gives, and the share that is ours. */
#ifndef FUSEBOX_DAEMON_LIMITS_H
#define FUSEBOX_DAEMON_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* The configured bytes, or half of what the cgroup (v2, v1) or the machine has when that is 0. */
size_t limits_memory_bytes(int64_t configured_bytes);

#endif
