/*
 * Answers of any length: written piece by piece from what was found, while the client reads.
 *
 * One that fits the first piece is an ordinary body. Of a longer one the http thread writes a
 * piece whenever the client has read the one before; the query thread has gone on. What the
 * answer holds is booked in the memory budget until then.
 *
 *   fill in a struct long_answer inside of ctx -> { long_answer_book } -> long_answer_give
 *
 * Limits    LONG_ANSWERS_MAX_COUNT answers longer than a piece are being read at once, and
 *           all but one of them hold no more than a LONG_ANSWERS_PART of the budget. The time
 *           that a client may take to read is the server's matter (http/pieces.h).
 * Threads   One after the other: the query thread, then the http thread of its connection.
 */
#ifndef FUSEBOX_API_LONG_ANSWER_H
#define FUSEBOX_API_LONG_ANSWER_H

#include "api/api.h"

enum {
    LONG_ANSWER_PIECE_BYTES = 64 << 10,
    LONG_ANSWERS_MAX_COUNT = 64,
    LONG_ANSWERS_PART = 4, /* a quarter */
};

struct long_answer {
    struct api *api;
    /* Writes on until the buffer holds a piece; false: that was all. Fails by the buffer alone. */
    bool (*write)(void *ctx, struct buf *out);
    void (*free)(void *ctx);
    void *ctx;
    size_t held_bytes;
    size_t booked_bytes; /* by long_answer_book */
};

/* For who has not booked it himself. ERR_OVERLOADED: there is no room; the answer stays the
 * caller's.
 */
enum err long_answer_book(struct long_answer *a, size_t held_bytes, struct diag *diag) MUST_CHECK;

/*
 * Takes the answer, also on failure. ERR_OVERLOADED: too many are being read, and the diag says so;
 * ERR_NOMEM.
 */
enum err long_answer_give(struct long_answer *a, struct http_request *req,
                          struct http_reply *reply) MUST_CHECK;

#endif
