/*
 * What the monitor knows and Fusebox itself, as metrics: /metrics and
 * /monitoring/metrics are Prometheus text, S0's /api/v1/retry-monitoring/metrics is
 * JSON, unless format= or Accept says otherwise; name=, service= and since= narrow.
 */
#include "api/api.h"
#include "api/export.h"
#include "api/metric_filter.h"
#include "api/negotiate.h"
#include "api/view_json.h"
#include "telemetry/metric_csv.h"
#include "telemetry/metric_json.h"
#include "telemetry/metric_openmetrics.h"

/* What was asked for. */
struct wish {
    enum api_format format;
    struct str name, service;
    int64_t since_ms;
};

/* Everything that passes the filters, to `inner`. */
static void tell(struct api *api, const struct monitor_view *view, const struct wish *wish,
                 const struct metric_out *inner)
{
    struct metric_filter filter;
    struct metric_out out;

    metric_filter_init(&filter, inner, view);
    filter.name = wish->name;
    filter.service = wish->service;
    filter.since_ms = wish->since_ms;
    out = metric_filter_out(&filter);
    export_view(view, api->open_is_one, &out);
    own_export(&api->own, &out);
}

static void write_prometheus(struct api *api, const struct monitor_view *view,
                             const struct wish *wish, struct buf *text)
{
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, text);

    tell(api, view, wish, &out);
}

static void write_openmetrics(struct api *api, const struct monitor_view *view,
                              const struct wish *wish, struct buf *text)
{
    struct metric_openmetrics writer;
    struct metric_out out = metric_openmetrics_out(&writer, text);

    tell(api, view, wish, &out);
    metric_openmetrics_finish(&writer);
}

static void write_csv(struct api *api, const struct monitor_view *view, const struct wish *wish,
                      struct buf *text)
{
    struct metric_csv writer;
    struct metric_out out = metric_csv_out(&writer, text, view->now_ms);

    tell(api, view, wish, &out);
    metric_csv_release(&writer);
}

static void write_json(struct api *api, const struct monitor_view *view, const struct wish *wish,
                       struct buf *text)
{
    struct json j = json_to(text);
    struct metric_json writer;
    struct metric_out out = metric_json_out(&writer, &j);

    view_json_head(&j, view, &(struct view_origin){ api->epoch, api->notices });
    json_key(&j, "metrics");
    json_open_array(&j);
    tell(api, view, wish, &out);
    metric_json_finish(&writer);
    json_close_array(&j);
    json_close_object(&j);
}

static enum err read_wish(const struct http_request *req, enum api_format preset, struct wish *wish,
                          struct http_reply *reply)
{
    enum err err = api_negotiate(req, API_FORMATS_ALL, preset, &wish->format, reply);

    (void)http_request_arg(req, "name", &wish->name);
    (void)http_request_arg(req, "service", &wish->service);
    return err ? err : api_time_arg(req, "since", &wish->since_ms, reply);
}

static enum err answer(const struct http_request *req, struct http_reply *reply, struct api *api,
                       enum api_format preset)
{
    static void (*const writers[API_FORMAT_COUNT])(struct api *, const struct monitor_view *,
                                                   const struct wish *, struct buf *) = {
        [API_FORMAT_JSON] = write_json,
        [API_FORMAT_PROMETHEUS] = write_prometheus,
        [API_FORMAT_OPENMETRICS] = write_openmetrics,
        [API_FORMAT_CSV] = write_csv,
    };
    struct wish wish = { 0 };
    enum err err = read_wish(req, preset, &wish, reply);
    struct monitor_view *view = err ? NULL : api_view(api, reply);

    if (!view)
        return err ? err : ERR_UNAVAILABLE;
    reply->content_type = api_format_type(wish.format);
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    writers[wish.format](api, view, &wish, &reply->body);
    view_unref(view);
    return buf_error(&reply->body);
}

enum err api_metrics(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return answer(req, reply, ctx, API_FORMAT_PROMETHEUS);
}

enum err api_metrics_document(struct http_request *req, struct http_reply *reply, void *ctx)
{
    return answer(req, reply, ctx, API_FORMAT_JSON);
}
