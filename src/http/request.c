#include "http/request.h"

#include "base/mem.h"
#include "http/gzip.h"

struct http_request *request_new(void)
{
    struct http_request *req = mem_alloc_zero(1, sizeof *req);

    if (!req)
        return NULL;
    atomic_init(&req->refs, 1);
    req->arena = arena_limited(HTTP_ARENA_MAX_BYTES);
    return req;
}

void request_ref(struct http_request *req)
{
    atomic_fetch_add(&req->refs, 1);
}

void request_unref(struct http_request *req)
{
    if (!req || atomic_fetch_sub(&req->refs, 1) != 1)
        return;
    buf_release(&req->body);
    arena_release(&req->arena);
    mem_free(req);
}

bool request_is_shared(const struct http_request *req)
{
    return atomic_load(&req->refs) > 1;
}

void request_reset(struct http_request *req)
{
    if (req->body.data)
        buf_release(&req->body);
    if (req->arena.page)
        arena_release(&req->arena);
    req->header_count = 0;
    req->arg_count = 0;
    req->match = (struct route_match){ 0 };
    req->head = false;
    req->role = HTTP_ROLE_NONE;
    req->accepts_gzip = false;
    req->raw_path = req->path = req->if_none_match = STR_NONE;
    req->parked = NULL;
    req->stream = NULL;
}

static bool keep(struct arena *arena, struct str *s)
{
    return s->len == 0 || arena_copy_str(arena, *s, s);
}

static bool keep_fields(struct arena *arena, struct http_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!keep(arena, &fields[i].name) || !keep(arena, &fields[i].value))
            return false;
    }
    return true;
}

bool request_keep(struct http_request *req)
{
    struct arena *arena = &req->arena;

    for (size_t i = 0; i < req->match.param_count; i++) {
        if (!keep(arena, &req->match.params[i].value))
            return false;
    }
    return keep(arena, &req->raw_path) && keep(arena, &req->path) &&
           keep(arena, &req->if_none_match) &&
           keep_fields(arena, req->headers, req->header_count) &&
           keep_fields(arena, req->args, req->arg_count);
}

void request_note_preferences(struct http_request *req)
{
    for (size_t i = 0; i < req->header_count; i++) {
        const struct http_field *h = &req->headers[i];

        if (h->name.len == 15 && str_equals_nocase(h->name, STR("Accept-Encoding")))
            req->accepts_gzip = gzip_is_accepted(h->value);
        else if (h->name.len == 13 && str_equals_nocase(h->name, STR("If-None-Match")))
            req->if_none_match = h->value;
    }
}

enum http_method http_request_method(const struct http_request *req)
{
    return req->method;
}

struct str http_request_path(const struct http_request *req)
{
    return req->path;
}

struct str http_request_param(const struct http_request *req, const char *name)
{
    for (size_t i = 0; i < req->match.param_count; i++) {
        if (str_equals(req->match.params[i].name, str_of(name)))
            return req->match.params[i].value;
    }
    return STR_NONE;
}

bool http_request_arg(const struct http_request *req, const char *name, struct str *ret)
{
    return http_request_arg_at(req, name, 0, ret);
}

bool http_request_arg_at(const struct http_request *req, const char *name, size_t n,
                         struct str *ret)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < req->arg_count; i++) {
        if (!str_equals(req->args[i].name, wanted) || n-- > 0)
            continue;
        *ret = req->args[i].value;
        return true;
    }
    return false;
}

struct str http_request_header(const struct http_request *req, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < req->header_count; i++) {
        if (str_equals_nocase(req->headers[i].name, wanted))
            return req->headers[i].value;
    }
    return STR_NONE;
}

struct str http_request_body(const struct http_request *req)
{
    return buf_str(&req->body);
}

struct arena *http_request_arena(struct http_request *req)
{
    return &req->arena;
}

const struct http_route *http_request_route(const struct http_request *req)
{
    return req->match.route;
}

enum http_role http_request_role(const struct http_request *req)
{
    return req->role;
}

int64_t http_request_received_mono_ns(const struct http_request *req)
{
    return req->received_mono_ns;
}
