/*
 * Guard: the request checks that libmicrohttpd lacks.
 *
 * Refused are the shapes by which two parsers of one request can disagree (request smuggling,
 * RFC 9112 sections 5 to 7 and 11.2), hosts that are not ours (DNS rebinding) and state changes
 * sent by a page of another origin (CSRF).
 *
 * libmicrohttpd replaces each separator of the header block by NUL and leaves everything where it
 * was received, so guard_layout can see from addresses alone whether a line ended in a bare LF or
 * CR, was continued on the next, or held a NUL: then the parts do not stand side by side.
 *
 *   GET \0 /x \0 HTTP/1.1 \0\0 Host \0 ' ' a:1 \0\0 X \0 ' ' y \0\0 \0\0
 *          ^target             ^name       ^value                     ^end of the block
 *
 * Threads   Value; `struct guard` is immutable after guard_init.
 */
#ifndef FUSEBOX_HTTP_GUARD_H
#define FUSEBOX_HTTP_GUARD_H

#include "http/request.h"

/* Where libmicrohttpd put the header block. */
struct guard_block {
    const char *method;
    const char *target;
    size_t target_len; /* of the whole target, before '?' was cut */
    const char *version;
    size_t header_bytes; /* from the method to the end of the empty line */
    bool overflow;       /* more than HTTP_HEADERS_MAX headers or HTTP_ARGS_MAX arguments */
};

struct guard {
    struct str hosts; /* further names, comma separated */
    /* Any numeric address may stand in the Host header: DNS rebinding needs a name. */
    bool serves_addresses;
};

/* What the framing headers say. */
struct guard_body {
    bool chunked;
    bool has_length;
    uint64_t length_bytes;
};

/* ERR_INVALID, ERR_LIMIT (too many or too long). */
enum err guard_layout(const struct guard_block *block, const struct http_request *req,
                      struct diag *diag) MUST_CHECK;

/* Content-Length and Transfer-Encoding agree with each other. ERR_INVALID. */
enum err guard_framing(const struct http_request *req, bool is_http10, struct guard_body *ret,
                       struct diag *diag) MUST_CHECK;

/*
 * The Host header and, in an absolute-form target, the host in there; *ret_path is the target
 * without it. ERR_INVALID, ERR_MISDIRECTED.
 */
enum err guard_host(const struct guard *guard, const struct http_request *req, bool is_http10,
                    struct str target, struct str *ret_path, struct diag *diag) MUST_CHECK;

/* A state-changing request comes from our own origin, or from no page at all. ERR_FORBIDDEN. */
enum err guard_origin(const struct http_request *req, struct diag *diag) MUST_CHECK;

/* A numeric address (without brackets) that only this machine reaches. */
bool guard_is_loopback(struct str address);

/* "." and ".." as segments, which no row may see. */
bool guard_has_dot_segment(struct str decoded_path);

#endif
