/*
 * The streams of the dashboard's views (docs/formats/views.md): of one view, or of many on one
 * connection. Each view is a topic that is called as the view is, and begins with a snapshot.
 */
#include "api/api.h"
#include "api/map_json.h"
#include "api/view_json.h"

/* A stream that is about to be opened. */
struct opening {
    struct api *api;
    struct http_request *req;
    struct http_reply *reply;
    struct monitor_view *view;
    struct sse_topics topics;
    struct buf hello;
};

static struct view_origin origin_of(const struct opening *o)
{
    return (struct view_origin){ o->api->epoch, o->api->notices };
}

static bool has_topic(const struct sse_topics *topics, uint32_t topic)
{
    for (size_t i = 0; i < topics->count; i++)
        if (topics->ids[i] == topic)
            return true;
    return false;
}

/* Takes `document` as the view's snapshot; one that is there already is left out. */
static enum err add_topic(struct opening *o, struct str name, struct buf *document)
{
    uint32_t topic = sse_topic(o->api->hub, name);
    enum err err = buf_error(document);

    if (!err && !topic)
        err = ERR_OVERLOADED;
    if (!err && !has_topic(&o->topics, topic)) {
        o->topics.ids[o->topics.count++] = topic;
        sse_format(&o->hello, "snapshot", o->view->seq, buf_str(document));
        err = buf_error(&o->hello);
    }
    buf_release(document);
    return err;
}

static enum err add_overview(struct opening *o)
{
    struct buf document = buf_limited(API_BODY_MAX_BYTES);
    const struct view_origin origin = origin_of(o);

    view_json_overview(&document, o->view, &origin);
    return add_topic(o, STR(VIEW_OVERVIEW), &document);
}

static enum err add_map(struct opening *o)
{
    struct buf document = buf_limited(API_BODY_MAX_BYTES);
    const struct view_origin origin = origin_of(o);

    map_json(&document, o->view, &origin);
    return add_topic(o, STR(VIEW_MAP), &document);
}

/* ERR_NOT_FOUND tells the nearest name. */
static enum err add_service(struct opening *o, struct str name)
{
    const struct service_view *service = view_find_service(o->view, name);
    struct arena *arena = http_request_arena(o->req);
    struct buf document = buf_limited(API_BODY_MAX_BYTES);
    const struct view_origin origin = origin_of(o);
    const char *segment, *topic;

    if (!service)
        return api_no_service(o->view, name, o->reply);
    segment = http_encode(arena, name);
    topic = segment ? arena_printf(arena, VIEW_SERVICE "%s", segment) : NULL;
    if (!topic)
        return arena_error(arena);
    view_json_service(&document, arena, o->view, service, NULL, &origin);
    return add_topic(o, str_of(topic), &document);
}

static enum err add_view(struct opening *o, struct str name)
{
    struct str service;

    if (str_equals(name, STR(VIEW_OVERVIEW)))
        return add_overview(o);
    if (str_equals(name, STR(VIEW_MAP)))
        return add_map(o);
    if (view_json_names_service(http_request_arena(o->req), name, &service))
        return add_service(o, service);
    return diag_set(&o->reply->diag, ERR_NOT_FOUND, "no view is called \"%.*s\"", STR_ARG(name));
}

static enum err begin(struct opening *o, struct http_request *req, struct http_reply *reply,
                      struct api *api)
{
    *o = (struct opening){ .api = api, .req = req, .reply = reply };
    o->hello = buf_limited(SSE_HELLO_MAX_BYTES);
    o->view = api_view(api, reply);
    return o->view ? ERR_OK : ERR_UNAVAILABLE;
}

static enum err finish(struct opening *o, enum err err)
{
    if (!err)
        err = sse_open(o->req, o->reply, o->api->hub, &o->topics, &o->hello);
    buf_release(&o->hello);
    view_unref(o->view);
    return err;
}

enum err api_overview_subscribe(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct opening o;
    enum err err = begin(&o, req, reply, ctx);

    return finish(&o, err ? err : add_overview(&o));
}

enum err api_map_subscribe(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct opening o;
    enum err err = begin(&o, req, reply, ctx);

    return finish(&o, err ? err : add_map(&o));
}

enum err api_service_subscribe(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct opening o;
    enum err err = begin(&o, req, reply, ctx);

    return finish(&o, err ? err : add_service(&o, http_request_param(req, "name")));
}

/* Says of one view that it is not there; the others go on. */
static enum err refuse(struct opening *o, struct str name, enum err err)
{
    struct buf data = buf_limited(API_BODY_MAX_BYTES);
    struct diag *diag = &o->reply->diag;
    struct json j = json_to(&data);

    json_open_object(&j);
    json_member_string(&j, "view", name);
    json_member_cstr(&j, "code", err_name(err));
    json_member_cstr(&j, "message", diag->message[0] ? diag->message : err_text(err));
    json_close_object(&j);
    *diag = (struct diag){ 0 };
    err = buf_error(&data);
    if (!err)
        sse_format(&o->hello, "refused", 0, buf_str(&data));
    buf_release(&data);
    return err ? err : buf_error(&o->hello);
}

enum err api_subscribe(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct opening o;
    enum err err = begin(&o, req, reply, ctx);
    struct str name;
    size_t n = 0;

    for (; !err && http_request_arg_at(req, "view", n, &name) && n < SSE_STREAM_TOPICS_MAX; n++) {
        err = add_view(&o, name);
        if (err == ERR_NOT_FOUND)
            err = refuse(&o, name, err);
    }
    if (!err && (n == 0 || http_request_arg_at(req, "view", n, &name))) {
        reply->field = "view";
        err = diag_set(&reply->diag, ERR_INVALID, "one to %d views are wanted",
                       SSE_STREAM_TOPICS_MAX);
    }
    return finish(&o, err);
}
