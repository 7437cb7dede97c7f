/* The dashboard's files, compiled in. Paths are looked up in a table; there is no file system
 * behind them. */
#include <string.h>

#include "api/api.h"
#include "api/ui_assets.h"
#include "api/view_json.h"

#define DASHBOARD "/api/v1/retry-monitoring/dashboard/"

static const struct ui_asset *find_asset(struct str path)
{
    for (size_t i = 0; i < ui_asset_count; i++)
        if (str_equals(str_of(ui_assets[i].path), path))
            return &ui_assets[i];
    return NULL;
}

/* A path without an extension is a view of the page, so the shell answers it. */
static bool is_view(struct str path)
{
    for (size_t i = path.len; i > 0 && path.ptr[i - 1] != '/'; i--)
        if (path.ptr[i - 1] == '.')
            return str_has_prefix(path, STR("/ui/services/")); /* a service may be called a.b */
    return true;
}

static bool accepts_gzip(const struct http_request *req)
{
    struct str rest = http_request_header(req, "Accept-Encoding"), one;

    while (rest.len) {
        rest = str_cut(rest, ',', &one);
        (void)str_cut(one, ';', &one);
        if (str_equals_nocase(str_trim(one), STR("gzip")))
            return true;
    }
    return false;
}

/* The document that the page will ask for first, so that the browser need not wait for the script
 * to ask for it; NULL: none, or no memory to say so. */
static const char *preload(struct http_request *req, struct str path)
{
    struct arena *arena = http_request_arena(req);
    const struct str services = STR("/ui/services/");
    const char *view = NULL, *name;

    if (str_equals(path, STR("/ui/")))
        view = VIEW_OVERVIEW;
    else if (str_equals(path, STR("/ui/map")))
        view = VIEW_MAP;
    if (str_has_prefix(path, services) && path.len > services.len) {
        name = http_encode(arena, (struct str){ path.ptr + services.len, path.len - services.len });
        view = name ? arena_printf(arena, VIEW_SERVICE "%s", name) : NULL;
    }
    return view ? arena_printf(arena, "<" DASHBOARD "%s>; rel=preload; as=fetch; crossorigin", view)
                : NULL;
}

enum err api_page(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str path = http_request_path(req);
    const struct ui_asset *asset = find_asset(path);

    (void)ctx;
    if (!asset && is_view(path))
        asset = find_asset(STR("/ui/"));
    if (asset && !asset->immutable)
        reply->link = preload(req, path);
    if (!asset)
        return diag_set(&reply->diag, ERR_NOT_FOUND, "the dashboard has no such file");
    reply->content_type = asset->content_type;
    reply->etag = asset->etag;
    reply->cache_control = asset->immutable ? "public, max-age=31536000, immutable" : "no-cache";
    if (accepts_gzip(req)) {
        reply->content_encoding = "gzip";
        reply->fixed = (struct str){ (const char *)asset->gzip, asset->gzip_len };
    } else {
        reply->fixed = (struct str){ (const char *)asset->plain, asset->plain_len };
    }
    return ERR_OK;
}

enum err api_page_root(struct http_request *req, struct http_reply *reply, void *ctx)
{
    (void)req;
    (void)ctx;
    reply->status = 302;
    reply->location = "/ui/";
    reply->fixed = STR("{\"location\":\"/ui/\"}");
    return ERR_OK;
}
