#include "api/download.h"

#include "api/map_json.h"
#include "api/negotiate.h"
#include "api/view_csv.h"
#include "api/view_json.h"

enum { NAME_MAX_BYTES = 64 };

/* Sets Content-Disposition: fusebox-NAME-20261120T024107Z.csv. */
static enum err name_file(struct http_request *req, struct http_reply *reply, struct str name,
                          int64_t now_ms, enum api_format format)
{
    char safe[NAME_MAX_BYTES], when[CLOCK_RFC3339_BYTES];
    size_t len = 0, digits = 0;

    for (; len < name.len && len < sizeof safe; len++) {
        char c = name.ptr[len];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        safe[len] = plain || c == '-' || c == '_' ? c : '_';
    }
    clock_format_rfc3339(now_ms, when);
    for (size_t i = 0; when[i] && when[i] != '.' && when[i] != 'Z'; i++)
        if (when[i] != '-' && when[i] != ':')
            when[digits++] = when[i];
    reply->disposition = arena_printf(http_request_arena(req),
                                      "attachment; filename=\"fusebox-%.*s-%.*sZ.%s\"", (int)len,
                                      safe, (int)digits, when, api_format_name(format));
    return reply->disposition ? ERR_OK : ERR_NOMEM;
}

static enum err format_of(const struct http_request *req, enum api_format *ret,
                          struct http_reply *reply)
{
    return api_negotiate(req, API_FORMATS_DOCUMENT, API_FORMAT_JSON, ret, reply);
}

/* A view of all services: how it is written in each of its two forms. */
struct whole {
    const char *name;
    void (*json)(struct buf *out, const struct monitor_view *view,
                 const struct view_origin *origin);
    void (*csv)(struct buf *out, const struct monitor_view *view);
};

static enum err answer_whole(struct http_request *req, struct http_reply *reply, struct api *api,
                             const struct whole *whole)
{
    enum api_format format;
    enum err err = format_of(req, &format, reply);
    struct monitor_view *view = err ? NULL : api_view(api, reply);

    if (!view)
        return err ? err : ERR_UNAVAILABLE;
    reply->content_type = api_format_type(format);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    if (format == API_FORMAT_CSV)
        whole->csv(&reply->body, view);
    else
        whole->json(&reply->body, view, &(struct view_origin){ api->epoch, api->notices });
    err = name_file(req, reply, str_of(whole->name), view->now_ms, format);
    view_unref(view);
    return err ? err : buf_error(&reply->body);
}

enum err api_overview_export(struct http_request *req, struct http_reply *reply, void *ctx)
{
    static const struct whole overview = { VIEW_OVERVIEW, view_json_overview, view_csv_overview };

    return answer_whole(req, reply, ctx, &overview);
}

enum err api_map_export(struct http_request *req, struct http_reply *reply, void *ctx)
{
    static const struct whole map = { VIEW_MAP, map_json, view_csv_map };

    return answer_whole(req, reply, ctx, &map);
}

/* The same question as the page's; download_service answers it. */
enum err api_service_export(struct http_request *req, struct http_reply *reply, void *ctx)
{
    enum api_format format;
    enum err err = format_of(req, &format, reply);

    return err ? err : api_service_page(req, reply, ctx);
}

enum err download_service(struct http_request *req, struct http_reply *reply, struct api *api,
                          const struct monitor_view *view, const struct service_view *service,
                          const struct service_history *history)
{
    enum api_format format;
    enum err err = format_of(req, &format, reply);

    if (!err)
        err = name_file(req, reply, service->name, view->now_ms, format);
    if (err)
        return err;
    reply->content_type = api_format_type(format);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    if (format == API_FORMAT_CSV)
        view_csv_history(&reply->body, history);
    else
        view_json_service(&reply->body, http_request_arena(req), view, service, history,
                          &(struct view_origin){ api->epoch, api->notices });
    return buf_error(&reply->body);
}
