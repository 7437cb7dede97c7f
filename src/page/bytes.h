/*
 * The small numbers of block files: varints (LEB128: 7 bits a byte, low end
 * first), zig-zag, little endian words; written to a buffer, read with bounds.
 *
 *   struct bytes_reader r = bytes_reader_of(text);
 *   count = bytes_take_varint(&r, COUNT_MAX);      0 and r.bad beyond the end or COUNT_MAX
 *   if (!bytes_are_read(&r)) corrupt
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_PAGE_BYTES_H
#define FUSEBOX_PAGE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct bytes_reader {
    const uint8_t *at, *end;
    bool bad; /* sticks: everything taken from then on is 0 or empty */
};

static inline void bytes_put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static inline uint32_t bytes_get_u32(const uint8_t *in)
{
    return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static inline void bytes_put_u64(uint8_t *out, uint64_t value)
{
    bytes_put_u32(out, (uint32_t)value);
    bytes_put_u32(out + 4, (uint32_t)(value >> 32));
}

static inline uint64_t bytes_get_u64(const uint8_t *in)
{
    return bytes_get_u32(in) | (uint64_t)bytes_get_u32(in + 4) << 32;
}

/* 0, -1, 1, -2 ... become 0, 1, 2, 3 ...; differences are taken modulo 2^64. */
static inline uint64_t bytes_zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t bytes_unzigzag(uint64_t number)
{
    return number >> 1 ^ (0 - (number & 1));
}

void bytes_put_varint(struct buf *out, uint64_t value);
void bytes_put_text(struct buf *out, struct str text); /* its length before it */

static inline struct bytes_reader bytes_reader_of(struct str text)
{
    const uint8_t *at = (const uint8_t *)text.ptr;

    return (struct bytes_reader){ at, at ? at + text.len : at, false };
}

static inline size_t bytes_left(const struct bytes_reader *r)
{
    return (size_t)(r->end - r->at);
}

/* Everything was read, and nothing was wrong. */
static inline bool bytes_are_read(const struct bytes_reader *r)
{
    return !r->bad && r->at == r->end;
}

uint64_t bytes_take_varint(struct bytes_reader *r, uint64_t max);
uint64_t bytes_take_zigzag(struct bytes_reader *r);
struct str bytes_take(struct bytes_reader *r, size_t len);
struct str bytes_take_text(struct bytes_reader *r, size_t max_len);

#endif
