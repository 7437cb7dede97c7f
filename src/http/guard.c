#include "http/guard.h"

#include <arpa/inet.h>

enum { VERSION_BYTES = 8, LINE_END_BYTES = 2 };

static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_token_char((unsigned char)s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

/* Field values hold no controls but the tab (RFC 9110, 5.5). */
static bool is_plain(struct str s)
{
    unsigned bad = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        bad |= (unsigned)((c < 0x20 && c != '\t') || c == 0x7f);
    }
    return !bad;
}

static bool is_target(struct str s)
{
    unsigned bad = 0;

    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        bad |= (unsigned)(c <= 0x20 || c == 0x7f);
    }
    return s.len > 0 && !bad;
}

static bool lines_are_adjacent(const struct guard_block *block, const struct http_request *req)
{
    const char *at = block->version + VERSION_BYTES;

    for (size_t i = 0; i < req->header_count; i++) {
        const struct http_field *h = &req->headers[i];

        if (h->name.ptr != at + LINE_END_BYTES || h->value.ptr <= h->name.ptr + h->name.len)
            return false;
        at = h->value.ptr + h->value.len;
    }
    return at + 2 * LINE_END_BYTES == block->method + block->header_bytes;
}

enum err guard_layout(const struct guard_block *block, const struct http_request *req,
                      struct diag *diag)
{
    if (block->overflow)
        return diag_set(diag, ERR_LIMIT, "too many headers (%d) or arguments (%d)",
                        HTTP_HEADERS_MAX, HTTP_ARGS_MAX);
    if (block->target_len > HTTP_URL_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the URL is longer than %d bytes", HTTP_URL_MAX_BYTES);
    if (block->header_bytes > block->target_len + HTTP_HEADER_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the headers are longer than %d bytes",
                        HTTP_HEADER_MAX_BYTES);
    if (block->target != block->method + strlen(block->method) + 1 ||
        block->target + block->target_len + 1 != block->version ||
        !is_target((struct str){ block->target, strlen(block->target) }))
        return diag_set(diag, ERR_INVALID, "the request line is malformed");
    if (!lines_are_adjacent(block, req))
        return diag_set(diag, ERR_INVALID, "a header line is continued or does not end in CR LF");
    for (size_t i = 0; i < req->header_count; i++) {
        if (!is_token(req->headers[i].name) || !is_plain(req->headers[i].value))
            return diag_set(diag, ERR_INVALID, "a header holds a byte that is not allowed");
    }
    return ERR_OK;
}

/* The value of a header that may stand once at most; false when it stands twice. */
static bool find_single(const struct http_request *req, struct str name, struct str *ret,
                        bool *ret_found)
{
    *ret_found = false;
    for (size_t i = 0; i < req->header_count; i++) {
        const struct http_field *h = &req->headers[i];

        if (h->name.len != name.len || !str_equals_nocase(h->name, name))
            continue;
        if (*ret_found)
            return false;
        *ret_found = true;
        *ret = str_trim(h->value);
    }
    return true;
}

static bool parse_length(struct str text, uint64_t *ret)
{
    int64_t value;

    if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '9' || !str_parse_i64(text, &value))
        return false;
    *ret = (uint64_t)value;
    return true;
}

enum err guard_framing(const struct http_request *req, bool is_http10, struct guard_body *ret,
                       struct diag *diag)
{
    struct str length = STR_NONE, coding = STR_NONE;
    struct guard_body body = { 0 };
    bool has_coding;

    if (!find_single(req, STR("Content-Length"), &length, &body.has_length) ||
        !find_single(req, STR("Transfer-Encoding"), &coding, &has_coding))
        return diag_set(diag, ERR_INVALID, "Content-Length or Transfer-Encoding stands twice");
    if (body.has_length && has_coding)
        return diag_set(diag, ERR_INVALID,
                        "Content-Length and Transfer-Encoding exclude each other");
    if (body.has_length && !parse_length(length, &body.length_bytes))
        return diag_set(diag, ERR_INVALID, "Content-Length is not a number");
    if (has_coding && (is_http10 || !str_equals_nocase(coding, STR("chunked"))))
        return diag_set(diag, ERR_INVALID, "Transfer-Encoding may only be chunked");
    body.chunked = has_coding;
    *ret = body;
    return ERR_OK;
}

/* Splits "name:port" and "[::1]:port"; false when it is not of that form. */
static bool split_host(struct str host, struct str *ret_name, struct str *ret_port)
{
    size_t colon;

    if (host.len > 0 && host.ptr[0] == '[') {
        size_t end = str_find(host, ']');

        if (end == host.len)
            return false;
        *ret_name = (struct str){ host.ptr, end + 1 };
        colon = end + 1;
    } else {
        colon = str_find(host, ':');
        *ret_name = (struct str){ host.ptr, colon };
    }
    *ret_port = (struct str){ host.ptr + colon, host.len - colon };
    if (ret_port->len == 0)
        return ret_name->len > 0;
    if (ret_port->ptr[0] != ':' || ret_port->len > 6)
        return false;
    for (size_t i = 1; i < ret_port->len; i++) {
        if (ret_port->ptr[i] < '0' || ret_port->ptr[i] > '9')
            return false;
    }
    return ret_name->len > 0;
}

static bool is_loopback(struct str name)
{
    return str_equals(name, STR("127.0.0.1")) || str_equals_nocase(name, STR("localhost")) ||
           str_equals(name, STR("[::1]"));
}

bool guard_is_loopback(struct str address)
{
    return str_has_prefix(address, STR("127.")) || str_equals(address, STR("::1"));
}

/* An IPv4 address, or an IPv6 address in its brackets. */
static bool is_address(struct str name)
{
    unsigned char bytes[16];
    char text[64];
    bool is_v6 = name.len > 2 && name.ptr[0] == '[';

    if (is_v6)
        name = (struct str){ name.ptr + 1, name.len - 2 };
    if (name.len >= sizeof text)
        return false;
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, bytes) == 1;
}

static bool is_listed(struct str list, struct str name, struct str whole)
{
    struct str item;

    while (list.len > 0) {
        list = str_cut(list, ',', &item);
        item = str_trim(item);
        if (item.len && (str_equals_nocase(item, name) || str_equals_nocase(item, whole)))
            return true;
    }
    return false;
}

static bool is_served(const struct guard *guard, struct str name, struct str whole)
{
    return is_loopback(name) || (guard->serves_addresses && is_address(name)) ||
           is_listed(guard->hosts, name, whole);
}

static bool cut_scheme(struct str target, struct str *ret_rest)
{
    static const struct str schemes[] = { { "http://", 7 }, { "https://", 8 } };

    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct str head = { target.ptr, schemes[i].len };

        if (target.len < schemes[i].len || !str_equals_nocase(head, schemes[i]))
            continue;
        *ret_rest = (struct str){ target.ptr + head.len, target.len - head.len };
        return true;
    }
    return false;
}

/* "http://host/path": the host must be the one of the Host header. */
static enum err strip_authority(struct str target, struct str host, struct str *ret_path,
                                struct diag *diag)
{
    struct str rest, authority;

    if (target.ptr[0] == '/') {
        *ret_path = target;
        return ERR_OK;
    }
    if (!cut_scheme(target, &rest))
        return diag_set(diag, ERR_INVALID, "the request target is neither a path nor a URL");
    authority = (struct str){ rest.ptr, str_find(rest, '/') };
    if (!str_equals_nocase(authority, host))
        return diag_set(diag, ERR_INVALID, "the URL names another host than the Host header");
    *ret_path = (struct str){ rest.ptr + authority.len, rest.len - authority.len };
    if (ret_path->len == 0)
        *ret_path = STR("/");
    return ERR_OK;
}

enum err guard_host(const struct guard *guard, const struct http_request *req, bool is_http10,
                    struct str target, struct str *ret_path, struct diag *diag)
{
    struct str host = STR_NONE, name, port;
    bool found;

    if (!find_single(req, STR("Host"), &host, &found))
        return diag_set(diag, ERR_INVALID, "the Host header stands twice");
    if (!found && !is_http10)
        return diag_set(diag, ERR_INVALID, "the Host header is missing");
    if (found) {
        if (!split_host(host, &name, &port))
            return diag_set(diag, ERR_INVALID, "the Host header is malformed");
        if (!is_served(guard, name, host))
            return diag_set(diag, ERR_MISDIRECTED, "the host \"%.*s\" is not served here",
                            STR_ARG(host));
    }
    return strip_authority(target, host, ret_path, diag);
}

enum err guard_origin(const struct http_request *req, struct diag *diag)
{
    struct str site = http_request_header(req, "Sec-Fetch-Site");
    struct str origin = STR_NONE, rest;
    bool found;

    if (req->method == HTTP_GET)
        return ERR_OK;
    if (str_equals_nocase(str_trim(site), STR("cross-site")))
        return diag_set(diag, ERR_FORBIDDEN, "a page of another site may not change anything here");
    if (!find_single(req, STR("Origin"), &origin, &found))
        return diag_set(diag, ERR_INVALID, "the Origin header stands twice");
    if (!found)
        return ERR_OK;
    if (!cut_scheme(origin, &rest) ||
        !str_equals_nocase(rest, str_trim(http_request_header(req, "Host"))))
        return diag_set(diag, ERR_FORBIDDEN,
                        "a page of another origin may not change anything here");
    return ERR_OK;
}

bool guard_has_dot_segment(struct str path)
{
    struct str rest = path, segment;

    while (rest.len > 0) {
        rest = str_cut(rest, '/', &segment);
        if (str_equals(segment, STR(".")) || str_equals(segment, STR("..")))
            return true;
    }
    return false;
}
