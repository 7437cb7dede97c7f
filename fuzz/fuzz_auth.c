/* Any bytes as an Authorization header: nobody becomes anybody without saying a secret. */
#include <stdlib.h>

#include "fuzz.h"
#include "http/auth.h"

enum { INPUT_MAX_BYTES = 8192 };

static const struct str token = { "reader-0123456789", 17 };

static struct auth *the_auth(void)
{
    static struct auth auth;
    struct auth_options options = { .is_required = true,
                                    .tokens = STR("read reader-0123456789"),
                                    .basic_user = STR("ops"),
                                    .basic_password = STR("secret") };

    if (!auth.token_count && auth_init(&auth, &options, NULL))
        abort();
    return &auth;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size }, scheme, rest;
    enum http_role role;

    if (size > INPUT_MAX_BYTES)
        return 0;
    role = auth_role(the_auth(), text);
    rest = str_trim(str_cut(str_trim(text), ' ', &scheme));
    if (str_equals_nocase(scheme, STR("Bearer"))) {
        if ((role == HTTP_ROLE_READ) != str_equals(rest, token))
            abort();
    } else if (role != HTTP_ROLE_NONE && !str_equals_nocase(scheme, STR("Basic"))) {
        abort();
    } else if (role == HTTP_ROLE_READ && rest.len < token.len * 4 / 3) {
        abort(); /* base64 of a colon and the token is longer */
    }
    return 0;
}
