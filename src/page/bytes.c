#include "page/bytes.h"

void bytes_put_varint(struct buf *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t len = 0;

    while (value >= 0x80) {
        bytes[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[len++] = (uint8_t)value;
    buf_append(out, bytes, len);
}

void bytes_put_text(struct buf *out, struct str text)
{
    bytes_put_varint(out, text.len);
    buf_append_str(out, text);
}

static uint64_t fail(struct bytes_reader *r)
{
    r->at = r->end;
    r->bad = true;
    return 0;
}

uint64_t bytes_take_varint(struct bytes_reader *r, uint64_t max)
{
    uint64_t value = 0;

    for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
        uint64_t byte = *r->at++;

        if (shift == 63 && byte > 1)
            break;
        value |= (byte & 0x7F) << shift;
        if (byte & 0x80)
            continue;
        return value <= max ? value : fail(r);
    }
    return fail(r);
}

uint64_t bytes_take_zigzag(struct bytes_reader *r)
{
    return bytes_unzigzag(bytes_take_varint(r, UINT64_MAX));
}

struct str bytes_take(struct bytes_reader *r, size_t len)
{
    struct str text = { (const char *)r->at, len };

    if (len > bytes_left(r)) {
        fail(r);
        return STR_NONE;
    }
    r->at += len;
    return text;
}

struct str bytes_take_text(struct bytes_reader *r, size_t max_len)
{
    return bytes_take(r, (size_t)bytes_take_varint(r, max_len));
}
