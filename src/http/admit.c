#include "http/admit.h"

#include "http/auth_desk.h"

/* A refused request with a body up to this keeps its connection: the body is read and dropped. */
enum { SWALLOW_MAX_BYTES = 65536 };

/* HEAD is GET whose body stays here. False for a method that no row can have. */
static bool read_method(struct str text, struct http_request *req)
{
    static const struct {
        struct str name;
        enum http_method method;
        bool head;
    } methods[] = {
        { { "GET", 3 }, HTTP_GET, false },       { { "POST", 4 }, HTTP_POST, false },
        { { "HEAD", 4 }, HTTP_GET, true },       { { "PUT", 3 }, HTTP_PUT, false },
        { { "DELETE", 6 }, HTTP_DELETE, false },
    };

    req->method = HTTP_GET;
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (!str_equals(text, methods[i].name))
            continue;
        req->method = methods[i].method;
        req->head = methods[i].head;
        return true;
    }
    return false;
}

static enum err check_shape(const struct admission *rules, const struct guard_block *block,
                            const char *path, struct http_request *req, struct guard_body *ret_body,
                            struct diag *diag)
{
    bool is_http10 = memcmp(block->version, "HTTP/1.0", 8) == 0;
    enum err err = guard_layout(block, req, diag);

    if (!err && !is_http10 && memcmp(block->version, "HTTP/1.1", 9) != 0)
        err = diag_set(diag, ERR_INVALID, "only HTTP/1.1 and 1.0 are spoken");
    if (!err)
        err = guard_framing(req, is_http10, ret_body, diag);
    if (!err)
        err = guard_host(rules->guard, req, is_http10, str_of(path), &req->raw_path, diag);
    return err;
}

/* Decodes in place. Memory comes before the escapes are looked at, which tells the causes apart. */
static enum err decode(struct http_request *req, struct str *text, const char *what,
                       struct diag *diag)
{
    size_t used_before = req->arena.used_bytes;

    if (http_decode(&req->arena, *text, false, text))
        return ERR_OK;
    if (req->arena.used_bytes == used_before)
        return diag_set(diag, arena_error(&req->arena), "the request cannot be decoded");
    return diag_set(diag, ERR_INVALID, "the %s holds a bad escape", what);
}

static enum err decode_path(struct http_request *req, struct diag *diag)
{
    req->path = req->raw_path;
    return decode(req, &req->path, "path", diag);
}

/* The library has made spaces of '+' before. */
static enum err decode_args(struct http_request *req, struct diag *diag)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < req->arg_count && !err; i++) {
        err = decode(req, &req->args[i].name, "name of an argument", diag);
        if (!err)
            err = decode(req, &req->args[i].value, "value of an argument", diag);
    }
    return err;
}

static enum err decode_params(struct http_request *req, struct diag *diag)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < req->match.param_count && !err; i++)
        err = decode(req, &req->match.params[i].value, "path", diag);
    return err;
}

static enum err no_route(const struct admission *rules, const struct http_request *req,
                         struct diag *diag)
{
    char allowed[HTTP_ALLOW_BYTES];
    struct str near;

    if (req->match.allowed)
        return diag_set(diag, ERR_METHOD, "this path takes %s",
                        router_allow_text(req->match.allowed, allowed));
    near = router_nearest(rules->router, req->path);
    if (near.len > 0)
        return diag_set(diag, ERR_NOT_FOUND, "no such path; did you mean %.*s?", STR_ARG(near));
    return diag_set(diag, ERR_NOT_FOUND, "no such path");
}

static enum err find_route(const struct admission *rules, bool known_method,
                           struct http_request *req, struct admit_result *ret)
{
    struct route_match *match = &req->match;

    if (memchr(req->path.ptr, '.', req->path.len) && guard_has_dot_segment(req->path))
        return diag_set(&ret->diag, ERR_NOT_FOUND, "no such path");
    router_find(rules->router, req->method, req->raw_path, match);
    if (match->route && known_method) {
        ret->handler = match->route->handler;
        ret->body_max_bytes = match->route->body_max_bytes;
        return match->param_count ? decode_params(req, &ret->diag) : ERR_OK;
    }
    match->route = NULL;
    ret->handler = rules->fallback;
    if (match->allowed || !known_method || req->method != HTTP_GET || !rules->fallback)
        return no_route(rules, req, &ret->diag);
    return ERR_OK;
}

static enum http_role needed_role(const struct http_request *req)
{
    const struct http_route *route = req->match.route;

    if (route && route->need == HTTP_NEED_NOTHING)
        return HTTP_ROLE_NONE;
    if (route && route->need == HTTP_NEED_READ)
        return HTTP_ROLE_READ;
    if (route && route->need == HTTP_NEED_ADMIN)
        return HTTP_ROLE_ADMIN;
    return req->method == HTTP_GET ? HTTP_ROLE_READ : HTTP_ROLE_WRITE;
}

/* Notes the caller's role. Two Authorization headers prove nothing. */
static enum err check_role(const struct admission *rules, struct http_request *req,
                           struct diag *diag)
{
    enum http_role needed = needed_role(req);
    struct str authorization = STR_NONE;
    size_t count = 0;

    for (size_t i = 0; i < req->header_count; i++) {
        if (!str_equals_nocase(req->headers[i].name, STR("Authorization")))
            continue;
        authorization = req->headers[i].value;
        count++;
    }
    if (!rules->auth)
        req->role = HTTP_ROLE_ADMIN;
    else
        req->role = auth_desk_role(rules->auth, count == 1 ? authorization : STR_NONE);
    if (req->role >= needed)
        return ERR_OK;
    if (req->role == HTTP_ROLE_NONE)
        return diag_set(diag, ERR_UNAUTHORIZED,
                        "send a token (Authorization: Bearer …) or a name and password (Basic)");
    return diag_set(diag, ERR_FORBIDDEN, "this needs the role %s; the token has the role %s",
                    http_role_name(needed), http_role_name(req->role));
}

/* `err` is what the search for a route gave: only those with a role learn that there is none. */
static enum err ask_role(const struct admission *rules, struct http_request *req, enum err err,
                         struct admit_result *ret)
{
    struct diag refusal = { 0 };
    enum err role_err;

    if (err && err != ERR_NOT_FOUND && err != ERR_METHOD)
        return err;
    role_err = check_role(rules, req, &refusal);
    if (!role_err)
        return err;
    ret->diag = refusal;
    return role_err;
}

static enum err check_body(const struct guard_body *body, struct admit_result *ret)
{
    if (!ret->expects_body)
        return ERR_OK;
    if (ret->body_max_bytes == 0)
        return diag_set(&ret->diag, ERR_TOO_LARGE, "this path takes no body");
    if (body->length_bytes > ret->body_max_bytes)
        return diag_set(&ret->diag, ERR_TOO_LARGE, "the body may have %zu bytes",
                        ret->body_max_bytes);
    return ERR_OK;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static enum err refuse(const struct admission *rules, enum err err, bool must_close,
                       struct admit_result *ret)
{
    ret->must_close = must_close;
    if (!rules->stats)
        return err;
    if (err == ERR_UNAUTHORIZED)
        count(&rules->stats->rejected_access);
    else if (err == ERR_TOO_LARGE || err == ERR_LIMIT)
        count(&rules->stats->rejected_limit);
    else if (err == ERR_FORBIDDEN || err == ERR_MISDIRECTED || err == ERR_INVALID)
        count(&rules->stats->rejected_shape);
    return err;
}

enum err admit(const struct admission *rules, const struct guard_block *block, const char *path,
               struct http_request *req, struct admit_result *ret)
{
    bool known_method = read_method(str_of(block->method), req);
    struct guard_body body = { 0 };
    bool is_long;
    enum err err = check_shape(rules, block, path, req, &body, &ret->diag);

    if (err)
        return refuse(rules, err, true, ret);
    ret->expects_body = body.chunked || body.length_bytes > 0;
    request_note_preferences(req);
    is_long = body.chunked || body.length_bytes > SWALLOW_MAX_BYTES;
    err = decode_path(req, &ret->diag);
    if (!err)
        err = decode_args(req, &ret->diag);
    if (!err)
        err = find_route(rules, known_method, req, ret);
    err = ask_role(rules, req, err, ret);
    if (!err && !(req->match.route && req->match.route->foreign_origin))
        err = guard_origin(req, &ret->diag);
    if (!err)
        err = check_body(&body, ret);
    if (!err)
        return ERR_OK;
    return refuse(rules, err, is_long || err == ERR_INVALID || err == ERR_TOO_LARGE, ret);
}
