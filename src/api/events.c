/*
 * POST /api/v1/events takes what applications tell; event_search.c finds it again.
 *
 * The answer of a POST is given when the events are committed and synced:
 *   200 {"accepted":n,"repeated":n,"rejected":[{"line","field","message"}],"rejected_count":n}
 *   400 the same, when none is valid; 413, 503 with Retry-After as errors
 */
#include "ingest/events.h"

#include "api/api.h"
#include "base/json.h"

enum { RETRY_AFTER_S = 1 };

static void write_faults(struct json *j, const struct event_counts *counts)
{
    json_key(j, "rejected");
    json_open_array(j);
    for (size_t i = 0; i < counts->fault_count; i++) {
        const struct event_fault *fault = &counts->faults[i];

        json_open_object(j);
        json_member_int(j, "line", fault->line);
        json_member_cstr(j, "field", fault->field[0] ? fault->field : NULL);
        json_member_cstr(j, "message", fault->message);
        json_close_object(j);
    }
    json_close_array(j);
    json_member_int(j, "rejected_count", (int64_t)counts->rejected);
}

static enum err write_counts(struct http_reply *reply, const struct event_counts *counts)
{
    struct json j = api_json(reply);

    json_open_object(&j);
    json_member_int(&j, "accepted", (int64_t)counts->accepted);
    json_member_int(&j, "repeated", (int64_t)counts->repeated);
    write_faults(&j, counts);
    json_close_object(&j);
    return buf_error(&reply->body);
}

static enum err refuse(enum err err, struct http_reply *reply)
{
    if (err == ERR_LIMIT)
        return diag_set(&reply->diag, err,
                        "too many different services, callers and labels: no more series of events "
                        "are kept");
    if (err_is_retryable(err)) {
        reply->retry_after_s = RETRY_AFTER_S;
        diag_set(&reply->diag, err, "the events were not stored: send them again in a second");
    }
    return err;
}

static void answer(void *parked, const struct event_counts *counts, enum err err)
{
    struct http_reply reply = { 0 };

    err = err ? refuse(err, &reply) : write_counts(&reply, counts);
    http_request_finish(parked, err, &reply);
}

static bool is_ndjson(const struct http_request *req)
{
    struct str type = http_request_header(req, "Content-Type"), head;

    (void)str_cut(type, ';', &head);
    head = str_trim(head);
    return str_equals_nocase(head, STR("application/x-ndjson")) ||
           str_equals_nocase(head, STR("application/ndjson")) ||
           str_equals_nocase(head, STR("application/jsonl"));
}

/* Takes the delivery. */
static enum err submit(struct api *api, struct http_request *req, struct event_delivery *delivery,
                       struct http_reply *reply)
{
    struct http_parked *parked = http_request_park(req);
    enum err err;

    if (!parked) {
        events_drop(delivery);
        return refuse(ERR_OVERLOADED, reply);
    }
    err = events_submit(api->events, delivery, http_request_received_mono_ns(req), answer, parked);
    if (err) {
        events_drop(delivery);
        http_request_finish(parked, refuse(err, reply), reply);
    }
    return ERR_OK;
}

enum err api_events_post(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct event_delivery *delivery;
    struct event_counts counts;
    enum err err;

    if (atomic_load(&api->own.store_failing))
        return refuse(ERR_UNAVAILABLE, reply);
    err = events_read(api->events, http_request_body(req), is_ndjson(req),
                      clock_wall_ms(&api->clock), &delivery, &reply->diag);
    if (err)
        return refuse(err, reply);
    counts = events_counts(delivery);
    if (counts.accepted)
        return submit(api, req, delivery, reply);
    err = counts.rejected ? write_counts(reply, &counts)
                          : diag_set(&reply->diag, ERR_INVALID, "the body holds no event");
    events_drop(delivery);
    reply->status = err ? 0 : 400;
    return err;
}
