#include "api/prometheus_reply.h"

#include <math.h>

#include "base/clock.h"
#include "base/number.h"
#include "model/duration.h"
#include "promql/ast.h"

struct json prometheus_begin(struct buf *out)
{
    struct json j = json_to(out);

    json_open_object(&j);
    json_key(&j, "status");
    json_cstr(&j, "success");
    json_key(&j, "data");
    return j;
}

struct json prometheus_open(struct http_reply *reply)
{
    api_json(reply);
    return prometheus_begin(&reply->body);
}

void prometheus_warn(struct json *j, const char *sentence)
{
    json_key(j, "warnings");
    json_open_array(j);
    json_cstr(j, sentence);
    json_close_array(j);
}

/* --- errors --- */

static const char *type_of(enum err err)
{
    switch (err) {
    case ERR_INVALID:
    case ERR_LIMIT:
        return "execution";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_CANCELLED:
        return "canceled";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_OVERLOADED:
    case ERR_UNAVAILABLE:
    case ERR_NOMEM:
        return "unavailable";
    default:
        return "internal";
    }
}

static int status_of(const char *type)
{
    static const struct {
        const char *type;
        int status;
    } statuses[] = {
        { "bad_data", 400 }, { "execution", 422 },   { "timeout", 503 },
        { "canceled", 503 }, { "unavailable", 503 }, { "not_found", 404 },
    };

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (strcmp(statuses[i].type, type) == 0)
            return statuses[i].status;
    return 500;
}

enum err prometheus_error(struct http_reply *reply, enum err err, const char *type,
                          const char *message)
{
    struct json j;

    buf_release(&reply->body);
    j = api_json(reply);
    if (!type)
        type = type_of(err);
    reply->status = status_of(type);
    if (reply->status == 503)
        reply->retry_after_s = 1;
    json_open_object(&j);
    json_key(&j, "status");
    json_cstr(&j, "error");
    json_key(&j, "errorType");
    json_cstr(&j, type);
    json_key(&j, "error");
    json_cstr(&j, message);
    json_close_object(&j);
    return buf_error(&reply->body);
}

enum err prometheus_failed(struct http_reply *reply, enum err err)
{
    struct diag diag = reply->diag;

    return prometheus_error(reply, err, NULL, diag.code ? diag_text(&diag) : err_text(err));
}

enum err prometheus_close(struct json *j, struct http_reply *reply)
{
    enum err err;

    json_close_object(j);
    err = buf_error(&reply->body);
    if (err == ERR_LIMIT)
        return prometheus_error(reply, err, NULL,
                                "the answer is longer than 64 MiB; ask for fewer series or steps");
    return err;
}

enum err prometheus_ask(struct http_request *req, struct http_reply *reply, struct api *api,
                        api_answer *answer)
{
    struct http_parked *parked = http_request_park(req);
    enum err err = parked ? api->ask_query(api->daemon, parked, answer) : ERR_OVERLOADED;

    if (!err)
        return ERR_OK;
    err = prometheus_error(reply, err, "unavailable",
                           "too many queries wait already; try again in a second");
    if (!parked)
        return err;
    http_request_finish(parked, err, reply);
    return ERR_OK;
}

/* --- arguments --- */

static bool is_form(const struct http_request *req)
{
    return str_has_prefix(http_request_header(req, "content-type"),
                          STR("application/x-www-form-urlencoded"));
}

/* The nth of the name in a=b&c=d; counts down *n by those that it passed. */
static bool find_in_form(struct http_request *req, const char *name, size_t *n, struct str *ret)
{
    struct str rest = is_form(req) ? http_request_body(req) : STR_NONE;

    while (rest.len) {
        struct str pair, key, value;

        rest = str_cut(rest, '&', &pair);
        value = str_cut(pair, '=', &key);
        if (!http_decode(http_request_arena(req), key, true, &key) ||
            !str_equals(key, str_of(name)))
            continue;
        if (*n == 0)
            return http_decode(http_request_arena(req), value, true, ret);
        --*n;
    }
    return false;
}

bool prometheus_arg(struct http_request *req, const char *name, size_t n, struct str *ret)
{
    return find_in_form(req, name, &n, ret) || http_request_arg_at(req, name, n, ret);
}

bool prometheus_time(struct str text, int64_t *ret_ms)
{
    double unix_s;

    if (!number_parse(text, &unix_s))
        return clock_parse_rfc3339(text, ret_ms);
    if (!(fabs(unix_s) * 1000 < (double)PROMQL_TIME_MAX_MS))
        return false;
    *ret_ms = (int64_t)llround(unix_s * 1000);
    return true;
}

bool prometheus_duration(struct str text, int64_t *ret_ms)
{
    double seconds;

    if (!number_parse(text, &seconds))
        return duration_parse(text, ret_ms) && *ret_ms <= PROMQL_DURATION_MAX_MS;
    if (!(fabs(seconds) * 1000 < (double)PROMQL_DURATION_MAX_MS))
        return false;
    *ret_ms = (int64_t)(seconds * 1000);
    return true;
}
