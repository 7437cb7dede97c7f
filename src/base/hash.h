/* Hashes of bytes (XXH3), 64 and 128 bits. Stable within a process only; never written to disk. */
#ifndef FUSEBOX_BASE_HASH_H
#define FUSEBOX_BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

uint64_t hash_bytes(const void *data, size_t len);

/* Wide enough to stand for the bytes themselves. */
struct hash_128 {
    uint64_t low, high;
};

struct hash_128 hash_bytes_128(const void *data, size_t len);

static inline uint64_t hash_str(struct str s)
{
    return hash_bytes(s.ptr, s.len);
}

#endif
