#include "api/api.h"

#include "base/json.h"
#include "config/config.h"

struct monitor_view *api_view(struct api *api, struct http_reply *reply)
{
    struct monitor_view *view = publication_get(&api->views);

    if (!view) {
        reply->retry_after_s = 1;
        diag_set(&reply->diag, ERR_UNAVAILABLE, "Fusebox is starting: try again in a second");
    }
    return view;
}

struct config *api_config(struct api *api)
{
    struct config *cfg;

    lock_take(&api->config_lock);
    cfg = config_ref(api->config);
    lock_drop(&api->config_lock);
    return cfg;
}

void api_set_config(struct api *api, struct config *cfg)
{
    struct config *before;

    if (cfg)
        atomic_store(&api->left_open,
                     str_equals(config_text(cfg, OPT_PROMQL_RANGE_SELECTORS), STR("left-open")));
    lock_take(&api->config_lock);
    before = api->config;
    api->config = cfg ? config_ref(cfg) : NULL;
    lock_drop(&api->config_lock);
    config_unref(before);
}

struct json api_json(struct http_reply *reply)
{
    reply->body = buf_limited(API_BODY_MAX_BYTES);
    return json_to(&reply->body);
}

static struct str nearest_service(const struct monitor_view *view, struct str name)
{
    struct str nearest = STR_NONE;
    size_t best = name.len / 3 + 2;

    for (size_t i = 0; i < view->service_count; i++) {
        size_t distance = str_distance(view->services[i].name, name);

        if (distance < best) {
            best = distance;
            nearest = view->services[i].name;
        }
    }
    return nearest;
}

enum err api_no_service(const struct monitor_view *view, struct str name, struct http_reply *reply)
{
    struct str nearest = nearest_service(view, name);

    reply->field = "name";
    if (nearest.len)
        return diag_set(&reply->diag, ERR_NOT_FOUND,
                        "no service is called \"%.*s\"; did you mean \"%.*s\"?",
                        (int)(name.len < 80 ? name.len : 80), name.ptr,
                        (int)(nearest.len < 80 ? nearest.len : 80), nearest.ptr);
    return diag_set(&reply->diag, ERR_NOT_FOUND,
                    "no service is called \"%.*s\"; GET /api/v1/retry-monitoring/services lists "
                    "those that are known",
                    (int)(name.len < 80 ? name.len : 80), name.ptr);
}
