/*
 * GET /api/v1/events: the stored events again, newest first, or counted.
 *
 *   {"events":[{"seq","received","timestamp","event_type",...}],"next_before":n}
 *   with by=:  {"step_s":n,"buckets":[{"time","key":{...},"count"}]}
 *
 * The arguments are judged at once; the question itself is parked for the query thread.
 */
#include "api/api.h"
#include "base/json.h"
#include "ingest/event_count.h"
#include "model/duration.h"
#include "wire/event_field.h"

enum {
    LIMIT_DEFAULT = 100,
    LIMIT_MAX = 1000,
    STEP_MIN_MS = 1000,
    SCAN_MAX = 2000000, /* events that one page of a search reads */
    BUCKETS_ARENA_BYTES = 64 << 20,
};

/* What is asked. */
struct question {
    struct event_filter filter;
    int64_t limit;
    struct event_count_options count; /* without keys it is a search */
};

/* --- one event --- */

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

struct writing {
    struct json *json;
    struct buf *out;
};

static bool write_hit(void *ctx, const struct event_hit *hit)
{
    struct writing *w = ctx;
    struct json *j = w->json;

    json_open_object(j);
    json_member_int(j, "seq", hit->seq);
    json_member_time(j, "received", hit->received_ms);
    json_member_time(j, "timestamp", hit->event->at_ms);
    json_member_cstr(j, "event_type", event_kind_name(hit->event->kind));
    write_fields(j, hit->event);
    json_close_object(j);
    return !buf_error(w->out);
}

/* --- the question --- */

static enum err bad_arg(struct http_reply *reply, const char *field, const char *message)
{
    reply->field = field;
    return diag_set(&reply->diag, ERR_INVALID, "%s %s", field, message);
}

/* An empty one is as if it were not there. */
static bool has_arg(const struct http_request *req, const char *name, struct str *ret)
{
    return http_request_arg(req, name, ret) && ret->len;
}

/* RFC 3339, Unix milliseconds, or how long ago: 15m. */
static enum err read_time(const struct http_request *req, const char *name, int64_t now_ms,
                          int64_t *ret_ms, struct http_reply *reply)
{
    struct str text;
    int64_t ago_ms;

    if (!has_arg(req, name, &text) || str_parse_i64(text, ret_ms) || event_parse_time(text, ret_ms))
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

    if (!has_arg(req, name, &text))
        return ERR_OK;
    if (str_parse_i64(text, ret) && *ret >= 1 && *ret <= most)
        return ERR_OK;
    return bad_arg(reply, name, "must be a whole number from 1 on (limit: to 1000)");
}

static enum err read_key(const struct http_request *req, enum event_key key,
                         struct event_filter *filter, struct http_reply *reply)
{
    struct str *wanted = &filter->wanted[key];
    enum event_kind kind;

    if (!has_arg(req, event_key_name(key), wanted) || key != EVENT_KEY_TYPE)
        return ERR_OK;
    if (!event_kind_parse(*wanted, &kind))
        return bad_arg(reply, "event_type", "is no type of event");
    *wanted = str_of(event_kind_name(kind));
    return ERR_OK;
}

static enum err read_filter(const struct http_request *req, int64_t now_ms,
                            struct event_filter *filter, struct http_reply *reply)
{
    enum err err = ERR_OK;

    *filter = (struct event_filter){ .since_ms = INT64_MIN, .until_ms = INT64_MAX };
    for (int key = 0; key < EVENT_KEY_COUNT && !err; key++)
        err = read_key(req, (enum event_key)key, filter, reply);
    if (!err)
        err = read_time(req, "since", now_ms, &filter->since_ms, reply);
    if (!err)
        err = read_time(req, "until", now_ms, &filter->until_ms, reply);
    filter->before_seq = INT64_MAX;
    return err ? err : read_number(req, "before", INT64_MAX, &filter->before_seq, reply);
}

/* by=service,outcome */
static enum err read_by(const struct http_request *req, struct event_count_options *ret,
                        struct http_reply *reply)
{
    struct str rest, name;

    if (!has_arg(req, "by", &rest))
        return ERR_OK;
    do {
        rest = str_cut(rest, ',', &name);
        if (ret->by_count == EVENT_BY_MAX || !event_key_find(name, &ret->by[ret->by_count]) ||
            (ret->by_count && ret->by[0] == ret->by[1]))
            return bad_arg(reply, "by",
                           "must be one or two of event_type, service, breaker, endpoint, caller, "
                           "outcome, error_type, severity, new_state");
        ret->by_count++;
    } while (rest.len);
    return ERR_OK;
}

static enum err read_step(const struct http_request *req, struct event_count_options *ret,
                          struct http_reply *reply)
{
    struct str text;

    if (!has_arg(req, "step", &text))
        return ERR_OK;
    if (!ret->by_count)
        return bad_arg(reply, "step", "needs by, which says what is counted");
    if (!duration_parse(text, &ret->step_ms) || ret->step_ms < STEP_MIN_MS)
        return bad_arg(reply, "step", "must be a duration of 1s or more, as 1m");
    return ERR_OK;
}

static enum err read_question(const struct http_request *req, int64_t now_ms, struct question *ret,
                              struct http_reply *reply)
{
    enum err err;

    *ret = (struct question){ .limit = LIMIT_DEFAULT };
    err = read_filter(req, now_ms, &ret->filter, reply);
    if (!err)
        err = read_number(req, "limit", LIMIT_MAX, &ret->limit, reply);
    if (!err)
        err = read_by(req, &ret->count, reply);
    return err ? err : read_step(req, &ret->count, reply);
}

/* --- the answer --- */

static enum err write_page(struct api *api, const struct question *q, struct http_reply *reply)
{
    struct json j = api_json(reply);
    struct writing w = { &j, &reply->body };
    struct event_page page = { (size_t)q->limit, SCAN_MAX };
    int64_t next = 0;
    enum err err;

    json_open_object(&j);
    json_key(&j, "events");
    json_open_array(&j);
    err = event_search(api->db, &q->filter, &page, write_hit, &w, &next);
    json_close_array(&j);
    json_key(&j, "next_before");
    if (next)
        json_int(&j, next);
    else
        json_null(&j);
    json_close_object(&j);
    return err ? err : buf_error(&reply->body);
}

static void write_bucket(struct json *j, const struct event_count_options *options,
                         const struct event_bucket *bucket)
{
    json_open_object(j);
    json_key(j, "time");
    if (options->step_ms)
        json_time(j, bucket->time_ms);
    else
        json_null(j);
    json_key(j, "key");
    json_open_object(j);
    for (int i = 0; i < options->by_count; i++) {
        json_key(j, event_key_name(options->by[i]));
        if (bucket->values[i].len)
            json_string(j, bucket->values[i]);
        else
            json_null(j);
    }
    json_close_object(j);
    json_member_int(j, "count", (int64_t)bucket->count);
    json_close_object(j);
}

static enum err write_buckets(const struct event_count_options *options,
                              const struct event_counts_found *found, struct http_reply *reply)
{
    struct json j = api_json(reply);

    json_open_object(&j);
    json_key(&j, "step_s");
    if (options->step_ms)
        json_number(&j, (double)options->step_ms / 1000);
    else
        json_null(&j);
    json_key(&j, "buckets");
    json_open_array(&j);
    for (size_t i = 0; i < found->count; i++)
        write_bucket(&j, options, &found->buckets[i]);
    json_close_array(&j);
    json_close_object(&j);
    return buf_error(&reply->body);
}

static enum err count_events(struct api *api, const struct question *q, struct http_reply *reply)
{
    struct arena arena = arena_limited(BUCKETS_ARENA_BYTES);
    struct event_counts_found found;
    enum err err = event_count(api->db, &q->filter, &q->count, &arena, &found, &reply->diag);

    if (!err)
        err = write_buckets(&q->count, &found, reply);
    arena_release(&arena);
    return err;
}

void api_answer_events(struct api *api, struct http_parked *parked, enum err (*go_on)(void *ctx),
                       void *ctx)
{
    struct http_reply reply = { .status = 200 };
    struct question q;
    enum err err = read_question(http_parked_request(parked), clock_wall_ms(&api->clock), &q,
                                 &reply);

    q.filter.go_on = go_on;
    q.filter.go_on_ctx = ctx;
    if (!err)
        err = q.count.by_count ? count_events(api, &q, &reply) : write_page(api, &q, &reply);
    if (err == ERR_TIMEOUT)
        diag_set(&reply.diag, err,
                 "there are too many events for the time: narrow since and until");
    http_request_finish(parked, err, &reply);
}

enum err api_events_search(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct question q;
    struct http_parked *parked;
    enum err err = read_question(req, clock_wall_ms(&api->clock), &q, reply);

    if (err)
        return err;
    parked = http_request_park(req);
    if (!parked)
        return ERR_OVERLOADED;
    err = api->ask_query(api->daemon, parked, api_answer_events);
    if (err)
        http_request_finish(parked, err, reply);
    return ERR_OK;
}
