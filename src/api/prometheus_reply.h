/*
 * Answers in the shape of Prometheus' HTTP API:
 *
 *   {"status":"success","data":...}
 *   {"status":"error","errorType":"bad_data","error":"..."}
 *
 * and its arguments, which stand in the query or in the form that is posted.
 *
 * Source    Prometheus 2.42, HTTP API.
 */
#ifndef FUSEBOX_API_PROMETHEUS_REPLY_H
#define FUSEBOX_API_PROMETHEUS_REPLY_H

#include "api/api.h"
#include "base/json.h"

/* Behind "data": write one value, perhaps a warning, then close (or close the object). */
struct json prometheus_begin(struct buf *out);
struct json prometheus_open(struct http_reply *reply);
void prometheus_warn(struct json *j, const char *sentence); /* once at most */
/* What has grown too long becomes an error document. */
enum err prometheus_close(struct json *j, struct http_reply *reply);

/* The error document. `type` NULL: as `err` is called there. ERR_OK, or the buffer's error. */
enum err prometheus_error(struct http_reply *reply, enum err err, const char *type,
                          const char *message);

/* The same of an error whose reason, if any, is the reply's diag. */
enum err prometheus_failed(struct http_reply *reply, enum err err);

/* Parks the request for a query thread; what it cannot park is answered at once. */
enum err prometheus_ask(struct http_request *req, struct http_reply *reply, struct api *api,
                        api_answer *answer);

/* The nth argument of the name, from 0: of the form before that of the query. */
bool prometheus_arg(struct http_request *req, const char *name, size_t n, struct str *ret);

/* Unix seconds with a fraction, or RFC 3339. False: it is neither. */
bool prometheus_time(struct str text, int64_t *ret_ms);
/* Seconds with a fraction, or 5m. */
bool prometheus_duration(struct str text, int64_t *ret_ms);

#endif
