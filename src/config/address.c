#include "config/address.h"

/* Where the host ends: behind the bracket, else at the last colon. */
static size_t host_len(struct str text)
{
    size_t at = text.len;

    if (text.len && text.ptr[0] == '[') {
        at = str_find(text, ']');
        return at == text.len ? at : at + 1;
    }
    while (at > 0 && text.ptr[at - 1] != ':')
        at--;
    return at ? at - 1 : text.len;
}

/* Bytes above 127 pass: names may be international. */
static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || (c & 0x80);
}

static bool check_host(struct str host, struct diag *diag)
{
    bool bracketed = host.len && host.ptr[0] == '[';

    if (bracketed && (host.len < 4 || host.ptr[host.len - 1] != ']')) {
        (void)diag_set(diag, ERR_INVALID, "a bracket is not closed");
        return false;
    }
    if (host.len == 0 || host.len > HOST_MAX_BYTES) {
        (void)diag_set(diag, ERR_INVALID, "the host has %zu bytes, 1 to %d are allowed", host.len,
                       HOST_MAX_BYTES);
        return false;
    }
    for (size_t i = bracketed; i < host.len - bracketed; i++) {
        char c = host.ptr[i];

        if (is_host_byte(c) || (bracketed && (c == ':' || c == '%')))
            continue;
        (void)diag_set(diag, ERR_INVALID, "%s",
                       c == ':' ? "write an IPv6 address in brackets: [::1]:9100"
                                : "a host has letters, digits, dots and hyphens only");
        return false;
    }
    return true;
}

bool address_parse(struct str text, struct address *ret, struct diag *diag)
{
    struct str host = { text.ptr, host_len(text) };
    struct str port = { text.ptr + host.len, text.len - host.len };
    int64_t number = -1;

    if (str_find(text, '/') < text.len) {
        (void)diag_set(diag, ERR_INVALID, "write host:port, without http:// and without a path");
        return false;
    }
    if (!check_host(host, diag))
        return false;
    if (port.len && (port.ptr[0] != ':' ||
                     !str_parse_i64((struct str){ port.ptr + 1, port.len - 1 }, &number) ||
                     number < 0 || number > 65535)) {
        (void)diag_set(diag, ERR_INVALID, "the port must be a number from 0 to 65535");
        return false;
    }
    *ret = (struct address){ host, (int)number };
    return true;
}
