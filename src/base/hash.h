/* 64-bit hash of bytes (XXH3). Stable within a process only; never written to disk. */
#ifndef FUSEBOX_BASE_HASH_H
#define FUSEBOX_BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

uint64_t hash_bytes(const void *data, size_t len);

static inline uint64_t hash_str(struct str s)
{
    return hash_bytes(s.ptr, s.len);
}

#endif
