/*
 * Varint: whole numbers in one to ten bytes (LEB128), and a reader that cannot
 * run past its bytes.
 *
 * 7 bits a byte, the lowest first, the top bit set in all but the last. zigzag
 * makes small numbers of both signs small: 0, -1, 1, -2 become 0, 1, 2, 3.
 *
 *   varint_put(&out, n)      varint_take(&in) -> in.failed
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_BLOCK_VARINT_H
#define FUSEBOX_BLOCK_VARINT_H

#include <stdint.h>

#include "base/buf.h"

enum { VARINT_MAX_BYTES = 10 };

struct varint_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* the bytes ended, or a number had more than 64 bits; stays set */
};

static inline uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (0 - (value >> 63));
}

static inline uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

void varint_put(struct buf *out, uint64_t value);
uint64_t varint_take(struct varint_reader *in); /* 0 after a failure */

#endif
