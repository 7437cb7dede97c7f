#include "block/varint.h"

void varint_put(struct buf *out, uint64_t value)
{
    uint8_t bytes[VARINT_MAX_BYTES];
    size_t len = 0;

    while (value >= 0x80) {
        bytes[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[len++] = (uint8_t)value;
    buf_append(out, bytes, len);
}

uint64_t varint_take(struct varint_reader *in)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && in->at < in->end && !in->failed; shift += 7) {
        uint8_t byte = *in->at++;

        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->failed = true;
    return 0;
}
