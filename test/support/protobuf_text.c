#include "protobuf_text.h"

enum { PIECE_BYTES = 4096, LITERAL_OF_TWO_BYTES = 61 << 2, SERIES_MAX_BYTES = 1 << 20 };

void put_varint(struct buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_append_byte(out, (char)(value | 0x80));
    buf_append_byte(out, (char)value);
}

void put_number(struct buf *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, value);
}

void put_double(struct buf *out, unsigned field, double value)
{
    put_varint(out, field << 3 | 1);
    for (unsigned i = 0; i < 8; i++)
        buf_append_byte(out, (char)(sample_bits(value) >> (8 * i)));
}

void put_bytes(struct buf *out, unsigned field, struct str bytes)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, bytes.len);
    buf_append_str(out, bytes);
}

static void put_label_str(struct buf *series, struct str name, struct str value)
{
    struct buf label = buf_limited(SERIES_MAX_BYTES);

    put_bytes(&label, 1, name);
    put_bytes(&label, 2, value);
    put_bytes(series, 1, buf_str(&label));
    buf_release(&label);
}

void put_label(struct buf *series, const char *name, const char *value)
{
    put_label_str(series, str_of(name), str_of(value));
}

void put_sample(struct buf *series, int64_t ts_ms, double value)
{
    struct buf sample = buf_limited(SERIES_MAX_BYTES);

    put_double(&sample, 1, value);
    put_number(&sample, 2, (uint64_t)ts_ms);
    put_bytes(series, 2, buf_str(&sample));
    buf_release(&sample);
}

void put_series(struct buf *body, const char *labels, int64_t ts_ms, double value)
{
    struct buf series = buf_limited(SERIES_MAX_BYTES);
    struct str rest = str_of(labels), pair, name;

    while (rest.len) {
        rest = str_cut(rest, ',', &pair);
        pair = str_cut(pair, '=', &name);
        put_label_str(&series, name, pair);
    }
    put_sample(&series, ts_ms, value);
    put_bytes(body, 1, buf_str(&series));
    buf_release(&series);
}

void put_snappy(struct buf *out, struct str plain)
{
    put_varint(out, plain.len);
    while (plain.len) {
        size_t piece = plain.len < PIECE_BYTES ? plain.len : PIECE_BYTES;

        buf_append_byte(out, (char)LITERAL_OF_TWO_BYTES);
        buf_append_byte(out, (char)((piece - 1) & 0xff));
        buf_append_byte(out, (char)((piece - 1) >> 8));
        buf_append(out, plain.ptr, piece);
        plain = (struct str){ plain.ptr + piece, plain.len - piece };
    }
}
