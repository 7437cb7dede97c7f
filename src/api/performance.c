/* Status and performance as reference S3 asks for them. */
#include "api/api.h"
#include "api/performance_json.h"

static struct performance_self gather(struct api *api)
{
    struct performance_self self = { .version = api->version, .started_ms = api->started_ms };
    struct tsdb_stats stats;

    tsdb_stats(api->db, &stats);
    self.series_count = stats.series_count;
    self.samples_count = stats.samples_appended_count;
    own_summarize(&api->own, &self.summary);
    return self;
}

enum err api_monitoring_status(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct monitor_view *view = api_view(api, reply);
    struct performance_self self;

    (void)req;
    if (!view)
        return ERR_UNAVAILABLE;
    self = gather(api);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    performance_json_status(&reply->body, view, &self,
                            &(struct view_origin){ api->epoch, api->notices });
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_performance(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct api *api = ctx;
    struct str service = STR_NONE;
    struct monitor_view *view = api_view(api, reply);
    enum err err = view ? ERR_OK : ERR_UNAVAILABLE;

    (void)http_request_arg(req, "service", &service);
    if (!err && service.len && !view_find_service(view, service)) {
        err = api_no_service(view, service, reply);
        reply->field = "service";
    }
    if (!err) {
        struct performance_self self = gather(api);

        reply->body = buf_limited(API_BODY_MAX_BYTES);
        performance_json(&reply->body, view, service, &self,
                         &(struct view_origin){ api->epoch, api->notices });
        err = buf_error(&reply->body);
    }
    view_unref(view);
    return err;
}
