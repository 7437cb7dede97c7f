/*
 * POST /api/v1/events takes what applications tell, GET searches the newest of it.
 *
 * The answer of a POST is given when the events are committed and synced:
 *   200 {"accepted":n,"repeated":n,"rejected":[{"line","field","message"}],"rejected_count":n}
 *   400 the same, when none is valid; 413, 503 with Retry-After as errors
 */
#include "ingest/events.h"

#include "api/api.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/duration.h"
#include "wire/event_field.h"

enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000, RETRY_AFTER_S = 1 };

/* --- taking them --- */

static void write_faults(struct json *j, const struct event_counts *counts)
{
    json_key(j, "rejected");
    json_open_array(j);
    for (size_t i = 0; i < counts->fault_count; i++) {
        const struct event_fault *fault = &counts->faults[i];

        json_open_object(j);
        json_key(j, "line");
        json_int(j, fault->line);
        json_key(j, "field");
        json_cstr(j, fault->field[0] ? fault->field : NULL);
        json_key(j, "message");
        json_cstr(j, fault->message);
        json_close_object(j);
    }
    json_close_array(j);
    json_key(j, "rejected_count");
    json_int(j, (int64_t)counts->rejected);
}

static enum err write_counts(struct http_reply *reply, const struct event_counts *counts)
{
    struct json j = api_json(reply);

    json_open_object(&j);
    json_key(&j, "accepted");
    json_int(&j, (int64_t)counts->accepted);
    json_key(&j, "repeated");
    json_int(&j, (int64_t)counts->repeated);
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

/* --- searching --- */

struct found {
    struct event_entry entry;
    struct str text;
    struct found *next;
};

struct search {
    struct arena *arena;
    struct found *first, **end;
    size_t count;
    bool is_full; /* there was no room for more */
};

static bool on_found(void *ctx, const struct event_entry *entry, struct str text)
{
    struct search *s = ctx;
    struct found *found = arena_alloc(s->arena, sizeof *found);

    s->is_full = !found || !arena_copy_str(s->arena, text, &text);
    if (s->is_full)
        return false;
    *found = (struct found){ *entry, text, NULL };
    *s->end = found;
    s->end = &found->next;
    s->count++;
    return true;
}

static void write_value(struct json *j, enum event_field field, const struct event *e)
{
    const union event_value *value = &e->values[field];

    switch (event_field_row(field)->type) {
    case TYPE_COUNT:
    case TYPE_AMOUNT:
    case TYPE_NUMBER:
        json_number(j, value->number);
        break;
    case TYPE_BOOL:
        json_bool(j, value->number != 0);
        break;
    default:
        json_string(j, value->text);
        break;
    }
}

static void write_labels(struct json *j, const struct event *e)
{
    struct str name, value;
    size_t position = 0;

    json_open_object(j);
    while (event_next_label(e, &position, &name, &value)) {
        json_key_str(j, name);
        json_string(j, value);
    }
    json_close_object(j);
}

static void write_fields(struct json *j, const struct event *e)
{
    for (unsigned i = 0; i < EVENT_FIELD_COUNT; i++) {
        enum event_field field = (enum event_field)i;

        if (!event_has(e, field) || field == EVENT_TYPE || field == EVENT_TIME)
            continue;
        json_key(j, event_field_row(field)->names[0]);
        if (field == EVENT_LABELS)
            write_labels(j, e);
        else
            write_value(j, field, e);
    }
}

static void write_found(struct json *j, const struct found *found, struct arena *arena)
{
    struct event_options options = { .now_ms = found->entry.received_ms };
    struct event_reader reader;
    struct event_fault fault;
    struct event event;

    event_reader_init(&reader, found->text, &options, arena);
    json_open_object(j);
    json_key(j, "seq");
    json_int(j, (int64_t)found->entry.seq);
    json_key(j, "received");
    json_time(j, found->entry.received_ms);
    json_key(j, "timestamp");
    json_time(j, found->entry.at_ms);
    json_key(j, "event_type");
    json_cstr(j, event_kind_name(found->entry.kind));
    if (event_reader_next(&reader, &event, &fault) == EVENT_FOUND)
        write_fields(j, &event);
    json_close_object(j);
}

static enum err bad_arg(struct http_reply *reply, const char *field, const char *message)
{
    reply->field = field;
    return diag_set(&reply->diag, ERR_INVALID, "%s %s", field, message);
}

/* RFC 3339, Unix milliseconds, or how long ago: 15m. */
static enum err read_time(const struct http_request *req, const char *name, int64_t now_ms,
                          int64_t *ret_ms, struct http_reply *reply)
{
    struct str text;
    int64_t ago_ms;

    if (!http_request_arg(req, name, &text) || str_parse_i64(text, ret_ms) ||
        event_parse_time(text, ret_ms))
        return ERR_OK;
    if (!duration_parse(text, &ago_ms))
        return bad_arg(reply, name, "must be RFC 3339, Unix milliseconds or a duration, as 15m");
    *ret_ms = now_ms - ago_ms;
    return ERR_OK;
}

static enum err read_number(const struct http_request *req, const char *name, int64_t most,
                            int64_t *ret, struct http_reply *reply)
{
    struct str text;

    if (!http_request_arg(req, name, &text))
        return ERR_OK;
    if (str_parse_i64(text, ret) && *ret >= 1 && *ret <= most)
        return ERR_OK;
    return bad_arg(reply, name, "must be a whole number from 1 on (limit: to 1000)");
}

static enum err read_query(const struct http_request *req, int64_t now_ms,
                           struct event_query *query, struct http_reply *reply)
{
    int64_t limit = LIMIT_DEFAULT, before = 0;
    enum event_kind kind;
    struct str type;
    enum err err;

    *query = (struct event_query){ .kind = -1, .since_ms = INT64_MIN, .until_ms = INT64_MAX };
    (void)http_request_arg(req, "service", &query->service);
    if (http_request_arg(req, "event_type", &type)) {
        if (!event_kind_parse(type, &kind))
            return bad_arg(reply, "event_type", "is no type of event");
        query->kind = (int)kind;
    }
    err = read_time(req, "since", now_ms, &query->since_ms, reply);
    if (!err)
        err = read_time(req, "until", now_ms, &query->until_ms, reply);
    if (!err)
        err = read_number(req, "limit", LIMIT_MAX, &limit, reply);
    if (!err)
        err = read_number(req, "before", INT64_MAX, &before, reply);
    query->limit = (size_t)limit;
    query->before_seq = (uint64_t)before;
    return err;
}

enum err api_events_search(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct search s = { .arena = http_request_arena(req), .end = &s.first };
    struct event_query query;
    uint64_t last_seq = 0;
    struct json j;
    enum err err = read_query(req, clock_wall_ms(&api->clock), &query, reply);

    if (err)
        return err;
    events_search(api->events, &query, on_found, &s);
    j = api_json(reply);
    json_open_object(&j);
    json_key(&j, "events");
    json_open_array(&j);
    for (const struct found *found = s.first; found; found = found->next) {
        write_found(&j, found, s.arena);
        last_seq = found->entry.seq;
    }
    json_close_array(&j);
    json_key(&j, "next_before");
    if (last_seq > 1 && (s.is_full || s.count == query.limit))
        json_int(&j, (int64_t)last_seq);
    else
        json_null(&j);
    json_close_object(&j);
    return buf_error(&reply->body);
}
