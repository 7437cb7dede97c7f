/*
 * Protocol buffers, read field by field where they lie; nothing is copied.
 *
 *   struct protobuf p = protobuf_of(body);
 *   while ((found = protobuf_next(&p, &field, diag)) == PROTOBUF_FIELD)
 *       inner = protobuf_inside(&p, &field)        when it is a message
 *
 * Every diagnosis names the byte, counted in the outermost message. Depth is the
 * caller's: a field is entered only when he asks.
 *
 * Limits    Numbers of at most PROTOBUF_VARINT_MAX_BYTES; groups are refused.
 * Memory    Borrows the bytes.
 * Threads   Value.
 * Source    Protocol Buffers, Encoding.
 */
#ifndef FUSEBOX_WIRE_PROTOBUF_H
#define FUSEBOX_WIRE_PROTOBUF_H

#include "base/diag.h"
#include "base/str.h"

enum { PROTOBUF_VARINT_MAX_BYTES = 10 };

enum protobuf_wire {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2, /* with their length in front: text, messages, packed numbers */
    PROTOBUF_FIXED32 = 5,
};

enum protobuf_found { PROTOBUF_FIELD, PROTOBUF_END, PROTOBUF_BAD };

struct protobuf {
    const char *start; /* of the outermost message */
    const char *at;
    const char *end;
};

struct protobuf_field {
    uint32_t number;
    enum protobuf_wire wire;
    uint64_t value;   /* of the wires other than PROTOBUF_BYTES */
    struct str bytes; /* of PROTOBUF_BYTES */
    const char *from; /* its first byte */
};

struct protobuf protobuf_of(struct str message);

/* PROTOBUF_BAD: the diagnosis (ERR_INVALID) says what and where; nothing behind it can be read. */
enum protobuf_found protobuf_next(struct protobuf *p, struct protobuf_field *ret,
                                  struct diag *diag) MUST_CHECK;
/* The bytes of a field (PROTOBUF_BYTES) as a message. */
struct protobuf protobuf_inside(const struct protobuf *p, const struct protobuf_field *field);

/* ERR_INVALID unless the field is of that wire. `what` names it for the diagnosis. */
enum err protobuf_expect(const struct protobuf *p, const struct protobuf_field *field,
                         enum protobuf_wire wire, const char *what, struct diag *diag) MUST_CHECK;

#endif
