/*
 * A message is a row of fields. Each begins with a varint, number << 3 | wire; then comes
 *
 *   0  varint   groups of 7 bits, lowest first, the top bit says that more follow
 *   1  fixed64  8 bytes, lowest first
 *   2  bytes    a varint, the length, and as many bytes
 *   5  fixed32  4 bytes, lowest first
 *
 *   08 96 01        field 1, varint 150
 *   12 02 68 69     field 2, bytes "hi"
 */
#include "wire/protobuf.h"

enum { WIRE_BITS = 3, NUMBER_MAX = (1 << 29) - 1 };

struct protobuf protobuf_of(struct str message)
{
    return (struct protobuf){ message.ptr, message.ptr, message.ptr + message.len };
}

struct protobuf protobuf_inside(const struct protobuf *p, const struct protobuf_field *field)
{
    return (struct protobuf){ p->start, field->bytes.ptr, field->bytes.ptr + field->bytes.len };
}

static enum err refuse(const struct protobuf *p, const char *at, struct diag *diag,
                       const char *what)
{
    size_t position = (size_t)(at - p->start);
    enum err err = diag_set(diag, ERR_INVALID, "byte %zu: %s", position, what);

    if (diag)
        diag->position_bytes = position;
    return err;
}

static size_t left(const struct protobuf *p)
{
    return (size_t)(p->end - p->at);
}

static enum err take_varint(struct protobuf *p, uint64_t *ret, struct diag *diag)
{
    const char *from = p->at;
    uint64_t value = 0;

    for (unsigned i = 0; i < PROTOBUF_VARINT_MAX_BYTES && p->at < p->end; i++) {
        unsigned char byte = (unsigned char)*p->at++;

        if (i == PROTOBUF_VARINT_MAX_BYTES - 1 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret = value;
            return ERR_OK;
        }
    }
    return refuse(p, from, diag,
                  p->at == p->end ? "a number ends too early" : "a number has more than 64 bits");
}

static enum err take_fixed(struct protobuf *p, size_t bytes, uint64_t *ret, struct diag *diag)
{
    uint64_t value = 0;

    if (left(p) < bytes)
        return refuse(p, p->at, diag, "a number ends too early");
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)(unsigned char)p->at[i] << (8 * i);
    p->at += bytes;
    *ret = value;
    return ERR_OK;
}

static enum err take_bytes(struct protobuf *p, struct str *ret, struct diag *diag)
{
    const char *from = p->at;
    uint64_t len;
    enum err err = take_varint(p, &len, diag);

    if (err)
        return err;
    if (len > left(p))
        return refuse(p, from, diag, "a field is longer than what holds it");
    *ret = (struct str){ p->at, (size_t)len };
    p->at += len;
    return ERR_OK;
}

static enum err take_content(struct protobuf *p, struct protobuf_field *field, struct diag *diag)
{
    switch (field->wire) {
    case PROTOBUF_VARINT:
        return take_varint(p, &field->value, diag);
    case PROTOBUF_FIXED64:
        return take_fixed(p, 8, &field->value, diag);
    case PROTOBUF_BYTES:
        return take_bytes(p, &field->bytes, diag);
    case PROTOBUF_FIXED32:
        return take_fixed(p, 4, &field->value, diag);
    }
    return refuse(p, field->from, diag, "a field of a kind that is not taken");
}

/* Bytes whose number and length take a byte each, as nearly all do: labels, samples. */
static bool take_short(struct protobuf *p, struct protobuf_field *ret)
{
    const unsigned char *at = (const unsigned char *)p->at;

    if (left(p) < 2 || at[0] >= 0x80 || at[0] >> WIRE_BITS == 0 || (at[0] & 7) != PROTOBUF_BYTES ||
        at[1] >= 0x80 || at[1] > left(p) - 2)
        return false;
    *ret = (struct protobuf_field){ .number = at[0] >> WIRE_BITS,
                                    .wire = PROTOBUF_BYTES,
                                    .bytes = { p->at + 2, at[1] },
                                    .from = p->at };
    p->at += 2 + at[1];
    return true;
}

enum protobuf_found protobuf_next(struct protobuf *p, struct protobuf_field *ret, struct diag *diag)
{
    struct protobuf_field field = { .from = p->at };
    uint64_t tag;

    if (p->at == p->end)
        return PROTOBUF_END;
    if (take_short(p, ret))
        return PROTOBUF_FIELD;
    if (take_varint(p, &tag, diag))
        return PROTOBUF_BAD;
    if (tag >> WIRE_BITS == 0 || tag >> WIRE_BITS > NUMBER_MAX) {
        (void)refuse(p, field.from, diag, "a field has a number that no field can have");
        return PROTOBUF_BAD;
    }
    field.number = (uint32_t)(tag >> WIRE_BITS);
    field.wire = (enum protobuf_wire)(tag & 7);
    if (take_content(p, &field, diag))
        return PROTOBUF_BAD;
    *ret = field;
    return PROTOBUF_FIELD;
}

enum err protobuf_expect(const struct protobuf *p, const struct protobuf_field *field,
                         enum protobuf_wire wire, const char *what, struct diag *diag)
{
    return field->wire == wire ? ERR_OK : refuse(p, field->from, diag, what);
}
