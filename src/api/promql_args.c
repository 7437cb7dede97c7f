#include "api/promql_args.h"

#include "promql/parse.h"

enum { SHOWN_MAX_BYTES = 64 };

static enum err cannot_parse(const char *name, struct str text, const char *what, struct diag *diag)
{
    if (text.len > SHOWN_MAX_BYTES)
        text.len = SHOWN_MAX_BYTES;
    return diag_set(diag, ERR_INVALID, "invalid parameter \"%s\": cannot parse \"%.*s\" to a %s",
                    name, (int)text.len, text.ptr ? text.ptr : "", what);
}

enum err promql_arg_time(struct http_request *req, const char *name, int64_t preset_ms,
                         int64_t *ret_ms, struct diag *diag)
{
    struct str text = STR_NONE;
    bool given = prometheus_arg(req, name, 0, &text) && text.len;

    if (!given && preset_ms != INT64_MIN)
        *ret_ms = preset_ms;
    else if (!given || !prometheus_time(text, ret_ms))
        return cannot_parse(name, text, "valid timestamp", diag);
    return ERR_OK;
}

enum err promql_arg_step(struct http_request *req, int64_t *ret_ms, struct diag *diag)
{
    struct str text = STR_NONE;

    if (!prometheus_arg(req, "step", 0, &text) || !prometheus_duration(text, ret_ms))
        return cannot_parse("step", text, "valid duration", diag);
    if (*ret_ms > 0)
        return ERR_OK;
    return diag_set(diag, ERR_INVALID,
                    "invalid parameter \"step\": zero or negative query resolution step widths are "
                    "not accepted. Try a positive integer");
}

enum err promql_arg_timeout(struct http_request *req, int64_t *ret_ms, struct diag *diag)
{
    struct str text = STR_NONE;

    *ret_ms = INT64_MAX;
    if (!prometheus_arg(req, "timeout", 0, &text) || !text.len || prometheus_duration(text, ret_ms))
        return ERR_OK;
    return cannot_parse("timeout", text, "valid duration", diag);
}

enum err promql_arg_limit(struct http_request *req, int64_t *ret, struct diag *diag)
{
    struct str text = STR_NONE;

    *ret = 0;
    if (!prometheus_arg(req, "limit", 0, &text) || !text.len ||
        (str_parse_i64(text, ret) && *ret >= 0))
        return ERR_OK;
    return diag_set(diag, ERR_INVALID,
                    "invalid parameter \"limit\": it must be a number of at least 0");
}

enum err promql_arg_query(struct http_request *req, struct arena *arena,
                          const struct promql_node **ret, struct diag *diag)
{
    struct diag reason = { 0 };
    struct str text = STR_NONE;
    enum err err;

    (void)prometheus_arg(req, "query", 0, &text);
    err = promql_parse(text, arena, ret, &reason);
    return err ? diag_set(diag, err, "invalid parameter \"query\": %s", diag_text(&reason))
               : ERR_OK;
}

enum err promql_refuse(struct http_reply *reply, enum err err, const struct diag *diag)
{
    return prometheus_error(reply, err, err == ERR_NOMEM ? NULL : "bad_data", diag_text(diag));
}
