/*
 * Error codes: the one list of ways an operation can fail.
 *
 * A function that can fail for more than one reason returns `enum err`; ERR_OK
 * is 0. What the code means to a person, to an HTTP client, to a shell and to a
 * retry loop is written in the table below and nowhere else.
 */
#ifndef FUSEBOX_BASE_ERR_H
#define FUSEBOX_BASE_ERR_H

#include <stdbool.h>

/* clang-format off */
/*    code          name            text                              http  exit retryable */
#define ERR_TABLE(X) \
    X(OK,          "ok",           "success",                         200,  0,  false) \
    X(INVALID,     "invalid",      "the request is malformed",        400,  2,  false) \
    X(NOT_FOUND,   "not_found",    "no such object",                  404,  3,  false) \
    X(LIMIT,       "limit",        "a configured limit was exceeded", 422,  4,  false) \
    X(NOMEM,       "no_memory",    "memory is exhausted",             503,  5,  true)  \
    X(TIMEOUT,     "timeout",      "the deadline passed",             504,  6,  true)  \
    X(UNAVAILABLE, "unavailable",  "a peer or the store is down",     503,  7,  true)  \
    X(CORRUPT,     "corrupt",      "stored data failed its checksum", 500,  8,  false) \
    X(IO,          "io",           "the operating system refused",    500,  9,  true)  \
    X(CONFLICT,    "conflict",     "someone else holds it",           409, 10,  false) \
    X(TOO_LARGE,   "too_large",    "the body is larger than allowed", 413, 11,  false) \
    X(METHOD,      "method",       "this path has other methods",     405, 12,  false) \
    X(FORBIDDEN,   "forbidden",    "not allowed from here",           403, 13,  false) \
    X(MISDIRECTED, "misdirected",  "this host name is not served",    421, 14,  false) \
    X(OVERLOADED,  "overloaded",   "too much at once, try later",     503, 15,  true)  \
    X(CANCELLED,   "cancelled",    "it was stopped on request",       503, 16,  true)  \
    X(UNAUTHORIZED,"unauthorized", "a token or password is needed",   401, 17,  false) \
    X(PRECONDITION,"precondition", "it was changed by others meanwhile", 412, 18, false) \
    X(MEDIA_TYPE,  "media_type",   "this kind of body is not taken",  415, 19, false)
/* clang-format on */

enum err {
#define X(code, name, text, http, exit, retryable) ERR_##code,
    ERR_TABLE(X)
#undef X
};

const char *err_name(enum err e); /* stable, used in JSON and metric labels */
const char *err_text(enum err e); /* a clause for people */
int err_http_status(enum err e);
int err_exit_code(enum err e);
bool err_is_retryable(enum err e);

#endif
