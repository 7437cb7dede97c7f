/* Which metrics, labels and sources the series in memory are made of. */
#include "api/api.h"
#include "api/storage.h"

enum { TOP_DEFAULT = 20 };

static void figure(struct json *j, const char *key, uint64_t value)
{
    json_member_int(j, key, (int64_t)(value & INT64_MAX));
}

enum shape { WITH_NAME, WITH_BYTES, WITH_PAIR };

static void write_top(struct json *j, const char *key, const struct cardinality_top *t,
                      enum shape shape)
{
    json_key(j, key);
    json_open_object(j);
    figure(j, "total", t->total);
    json_key(j, "items");
    json_open_array(j);
    for (size_t i = 0; i < t->count; i++) {
        const struct cardinality_entry *e = &t->items[i];

        json_open_object(j);
        json_member_string(j, "name", e->name);
        if (shape == WITH_PAIR) {
            json_member_string(j, "value", e->value);
        }
        figure(j, "count", e->count);
        if (shape == WITH_BYTES)
            figure(j, "bytes", e->bytes);
        json_close_object(j);
    }
    json_close_array(j);
    json_close_object(j);
}

void cardinality_json(struct json *j, const struct cardinality *c, size_t top, int64_t now_ms)
{
    json_open_object(j);
    json_member_time(j, "timestamp", now_ms);
    figure(j, "top", top);
    figure(j, "series", c->series_count);
    write_top(j, "by_metric", &c->by_metric, WITH_NAME);
    write_top(j, "by_label", &c->by_label, WITH_BYTES);
    write_top(j, "by_pair", &c->by_pair, WITH_PAIR);
    write_top(j, "by_job", &c->by_job, WITH_NAME);
    write_top(j, "by_instance", &c->by_instance, WITH_NAME);
    json_close_object(j);
}

static enum err read_top(const struct http_request *req, size_t *ret, struct http_reply *reply)
{
    struct str text;
    int64_t top = TOP_DEFAULT;

    if (http_request_arg(req, "top", &text) &&
        (!str_parse_i64(text, &top) || top < 1 || top > CARDINALITY_TOP_MAX)) {
        reply->field = "top";
        return diag_set(&reply->diag, ERR_INVALID, "top must be a whole number from 1 to %d",
                        CARDINALITY_TOP_MAX);
    }
    *ret = (size_t)top;
    return ERR_OK;
}

enum err api_storage_cardinality(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct cardinality c;
    size_t top = 0;
    struct json j;
    enum err err = read_top(req, &top, reply);

    if (!err)
        err = tsdb_cardinality(api->db, top, http_request_arena(req), &c);
    if (err)
        return err;
    j = api_json(reply);
    cardinality_json(&j, &c, top, clock_wall_ms(&api->clock));
    return buf_error(&reply->body);
}
