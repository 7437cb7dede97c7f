/*
 * Which form of an answer a client wants: `format=` if it is given, else what its
 * Accept header prefers among those that there are, else the route's own.
 *
 * Threads   Value.
 * Source    RFC 9110 section 12.5.1 (of ranges without parameters; the most
 *           preferred one counts, and of equals the one that stands first).
 */
#ifndef FUSEBOX_API_NEGOTIATE_H
#define FUSEBOX_API_NEGOTIATE_H

#include "http/server.h"

enum api_format {
    API_FORMAT_JSON,
    API_FORMAT_PROMETHEUS,
    API_FORMAT_OPENMETRICS,
    API_FORMAT_CSV,
    API_FORMAT_COUNT,
};

enum {
    API_FORMATS_ALL = (1 << API_FORMAT_COUNT) - 1,
    API_FORMATS_DOCUMENT = 1 << API_FORMAT_JSON | 1 << API_FORMAT_CSV,
};

/* Content-Type of a format. */
const char *api_format_type(enum api_format format);
/* "json", "prometheus", "openmetrics", "csv". */
const char *api_format_name(enum api_format format);

/*
 * The format of this request among those whose bits are set in `offered`. ERR_INVALID, with the
 * reply's diag and field: format= names none of them.
 */
enum err api_negotiate(const struct http_request *req, unsigned offered, enum api_format preset,
                       enum api_format *ret, struct http_reply *reply) MUST_CHECK;

/*
 * A moment of a query argument: RFC 3339 ("2026-11-20T02:39:12Z"), Unix seconds, or Unix
 * milliseconds (from 1e11 on). *ret_ms stays as it is when there is no such argument. ERR_INVALID.
 */
enum err api_time_arg(const struct http_request *req, const char *name, int64_t *ret_ms,
                      struct http_reply *reply) MUST_CHECK;

#endif
