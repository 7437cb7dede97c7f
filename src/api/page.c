/* The dashboard's files, compiled in. Paths are looked up in a table; there is no file system
 * behind them. */
#include "api/api.h"
#include "api/ui_assets.h"

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

enum err api_page(struct http_request *req, struct http_reply *reply, void *ctx)
{
    struct str path = http_request_path(req);
    const struct ui_asset *asset = find_asset(path);

    (void)ctx;
    if (!asset && is_view(path))
        asset = find_asset(STR("/ui/"));
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
