#include "daemon/listen_address.h"

#include <stdio.h>

enum err listen_address_parse(struct str text, struct listen_address *ret, struct diag *diag)
{
    struct str host = text, port = STR_NONE;
    int64_t number;

    for (size_t i = text.len; i > 0; i--)
        if (text.ptr[i - 1] == ':') {
            host = (struct str){ text.ptr, i - 1 };
            port = (struct str){ text.ptr + i, text.len - i };
            break;
        }
    if (host.len > 1 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = (struct str){ host.ptr + 1, host.len - 2 };
    if (str_equals(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (!host.len || host.len >= sizeof ret->host || !str_parse_i64(port, &number) || number < 0 ||
        number > 65535)
        return diag_set(diag, ERR_INVALID,
                        "listen must be ADDRESS:PORT, as 127.0.0.1:8080, but is \"%.*s\"",
                        STR_ARG(text));
    snprintf(ret->host, sizeof ret->host, "%.*s", STR_ARG(host));
    ret->port = (uint16_t)number;
    ret->is_loopback = str_has_prefix(host, STR("127.")) || str_equals(host, STR("::1"));
    return ERR_OK;
}
