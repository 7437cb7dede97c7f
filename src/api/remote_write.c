/*
 * POST /api/v1/write: remote write 1.0.
 *
 * The answer is given when the samples are committed and synced: 204. 400 when something in the
 * body was invalid, which says what; the valid rest is stored. 415 for other versions and
 * encodings, 413 for what is too large, 503 with Retry-After for what may be sent again.
 */
#include "ingest/remote_write.h"

#include "api/api.h"

enum { RETRY_AFTER_S = 1, STATUS_NO_CONTENT = 204 };

static enum err refuse(enum err err, struct http_reply *reply)
{
    if (!err_is_retryable(err))
        return err;
    reply->retry_after_s = RETRY_AFTER_S;
    diag_set(&reply->diag, err, "the samples were not stored: send them again in a second");
    return ERR_UNAVAILABLE;
}

static void answer(void *parked, enum err err, const struct diag *diag)
{
    struct http_reply reply = { .status = err ? 0 : STATUS_NO_CONTENT, .diag = *diag };

    http_request_finish(parked, refuse(err, &reply), &reply);
}

/* "application/x-protobuf", perhaps with the name of this message (";proto=..."). */
static bool is_our_message(struct str type)
{
    struct str head, rest = str_cut(type, ';', &head);

    if (!str_equals_nocase(str_trim(head), STR("application/x-protobuf")))
        return false;
    while (rest.len) {
        rest = str_cut(rest, ';', &head);
        head = str_trim(head);
        if (str_has_prefix(head, STR("proto=")) &&
            !str_equals(head, STR("proto=prometheus.WriteRequest")))
            return false;
    }
    return true;
}

static enum err check_headers(const struct http_request *req, struct diag *diag)
{
    struct str version = http_request_header(req, "X-Prometheus-Remote-Write-Version");

    if (version.len && !str_has_prefix(version, STR("0.1.")))
        return diag_set(diag, ERR_MEDIA_TYPE, "remote write 1.0 is taken (version 0.1.0)");
    if (!is_our_message(http_request_header(req, "Content-Type")))
        return diag_set(diag, ERR_MEDIA_TYPE,
                        "a body of the type application/x-protobuf is taken, with the message "
                        "prometheus.WriteRequest");
    if (!str_equals_nocase(http_request_header(req, "Content-Encoding"), STR("snappy")))
        return diag_set(diag, ERR_MEDIA_TYPE, "a body with Content-Encoding: snappy is taken");
    return ERR_OK;
}

static struct remote_write_when when(struct api *api, const struct http_request *req)
{
    int64_t now_ms = clock_wall_ms(&api->clock), retention_ms = atomic_load(&api->retention_ms);

    return (struct remote_write_when){ .now_ms = now_ms,
                                       .mono_ns = http_request_received_mono_ns(req),
                                       .oldest_ms = retention_ms ? now_ms - retention_ms
                                                                 : INT64_MIN };
}

enum err api_remote_write(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct remote_write_when times = when(api, req);
    struct http_parked *parked;
    enum err err = check_headers(req, &reply->diag);

    if (err)
        return err;
    if (atomic_load(&api->own.store_failing))
        return refuse(ERR_UNAVAILABLE, reply);
    parked = http_request_park(req);
    if (!parked)
        return refuse(ERR_OVERLOADED, reply);
    err = remote_write_submit(api->remote_write, http_request_body(req), &times, answer, parked,
                              &reply->diag);
    if (err)
        http_request_finish(parked, refuse(err, reply), reply);
    return ERR_OK;
}
