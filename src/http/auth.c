/*
 * Secrets and candidates are kept in blocks of AUTH_SECRET_MAX_BYTES, zeros behind the text, and
 * compared as blocks: no length, no prefix and no position of a match changes what is done.
 */
#include "http/auth.h"

static const char *const role_names[] = { "none", "read", "write", "admin" };

const char *http_role_name(enum http_role role)
{
    return role_names[role];
}

/* --- comparing --- */

/* False: too long to be a secret of ours. */
static bool fill(struct auth_secret *s, struct str text, enum http_role role)
{
    *s = (struct auth_secret){ .role = role };
    if (text.len > AUTH_SECRET_MAX_BYTES)
        return false;
    if (text.len)
        memcpy(s->bytes, text.ptr, text.len);
    s->len = text.len;
    return true;
}

/* 1 when both are the same, else 0. The accumulator is volatile, so that no loop ends early. */
static unsigned same(const struct auth_secret *a, const struct auth_secret *b)
{
    volatile unsigned differs = (unsigned)(a->len ^ b->len);

    for (size_t i = 0; i < AUTH_SECRET_MAX_BYTES; i++)
        differs |= (unsigned)(a->bytes[i] ^ b->bytes[i]);
    return differs == 0;
}

static enum http_role role_of_token(const struct auth *auth, struct str text)
{
    struct auth_secret candidate;
    unsigned role = HTTP_ROLE_NONE;

    if (!text.len || !fill(&candidate, text, HTTP_ROLE_NONE))
        return HTTP_ROLE_NONE;
    for (size_t i = 0; i < auth->token_count; i++)
        role |= same(&candidate, &auth->tokens[i]) * (unsigned)auth->tokens[i].role;
    return (enum http_role)role;
}

/* --- Basic --- */

/* The six bits that a character of base64 stands for, or -1. */
static int six_bits(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 with or without its padding; false when it is none, or too long for `out`. */
static bool decode_base64(struct str text, char *out, size_t out_bytes, size_t *ret_len)
{
    uint32_t bits = 0;
    int bit_count = 0;
    size_t len = 0;

    for (int pad = 0; pad < 2 && text.len && text.ptr[text.len - 1] == '='; pad++)
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int six = six_bits(text.ptr[i]);

        if (six < 0)
            return false;
        bits = (bits << 6 | (uint32_t)six) & 0xFFFF;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        if (len == out_bytes)
            return false;
        out[len++] = (char)(bits >> bit_count & 0xFF);
    }
    *ret_len = len;
    return bit_count < 6;
}

static enum http_role role_of_basic(const struct auth *auth, struct str text)
{
    char pair[2 * AUTH_SECRET_MAX_BYTES];
    struct auth_secret candidate;
    struct str name, password;
    enum http_role role;
    size_t len;

    if (!decode_base64(text, pair, sizeof pair, &len))
        return HTTP_ROLE_NONE;
    password = str_cut((struct str){ pair, len }, ':', &name);
    role = role_of_token(auth, password);
    if (auth->basic.len && fill(&candidate, (struct str){ pair, len }, HTTP_ROLE_NONE) &&
        same(&candidate, &auth->basic))
        role = auth->basic.role;
    return role;
}

enum http_role auth_role(const struct auth *auth, struct str authorization)
{
    struct str scheme, rest = str_trim(str_cut(str_trim(authorization), ' ', &scheme));

    if (!auth->is_required)
        return HTTP_ROLE_ADMIN;
    if (str_equals_nocase(scheme, STR("Bearer")))
        return role_of_token(auth, rest);
    if (str_equals_nocase(scheme, STR("Basic")))
        return role_of_basic(auth, rest);
    return HTTP_ROLE_NONE;
}

/* --- what may be given --- */

static bool is_visible(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return true;
}

static bool role_named(struct str name, enum http_role *ret)
{
    for (unsigned role = HTTP_ROLE_READ; role <= HTTP_ROLE_ADMIN; role++) {
        if (!str_equals(name, str_of(role_names[role])))
            continue;
        *ret = (enum http_role)role;
        return true;
    }
    return false;
}

static enum err add_token(struct auth *auth, struct str line, int number, struct diag *diag)
{
    enum http_role role = HTTP_ROLE_ADMIN;
    struct str first, second = str_trim(str_cut(line, ' ', &first));
    struct str token = second.len ? second : first;

    if (second.len && !role_named(first, &role))
        return diag_set(diag, ERR_INVALID,
                        "line %d of the tokens must be TOKEN or ROLE TOKEN; roles are read, write "
                        "and admin",
                        number);
    if (!is_visible(token) || token.len < AUTH_TOKEN_MIN_BYTES || token.len > AUTH_SECRET_MAX_BYTES)
        return diag_set(diag, ERR_INVALID,
                        "the token in line %d must have %d to %d visible ASCII characters", number,
                        AUTH_TOKEN_MIN_BYTES, AUTH_SECRET_MAX_BYTES);
    if (auth->token_count == AUTH_TOKENS_MAX)
        return diag_set(diag, ERR_LIMIT, "more than %d tokens are given", AUTH_TOKENS_MAX);
    if (role_of_token(auth, token) != HTTP_ROLE_NONE)
        return diag_set(diag, ERR_INVALID, "the token in line %d is given twice", number);
    (void)fill(&auth->tokens[auth->token_count++], token, role);
    return ERR_OK;
}

static enum err add_tokens(struct auth *auth, struct str text, struct diag *diag)
{
    enum err err = ERR_OK;

    for (int number = 1; text.len && !err; number++) {
        struct str line;

        text = str_cut(text, '\n', &line);
        line = str_trim(line);
        if (line.len && line.ptr[0] != '#')
            err = add_token(auth, line, number, diag);
    }
    return err;
}

static enum err add_basic(struct auth *auth, struct str user, struct str password,
                          struct diag *diag)
{
    char pair[AUTH_SECRET_MAX_BYTES];

    if (!user.len && !password.len)
        return ERR_OK;
    if (!user.len || !password.len)
        return diag_set(diag, ERR_INVALID,
                        "a user name and a password go together: one is missing");
    if (str_find(user, ':') < user.len)
        return diag_set(diag, ERR_INVALID, "the user name must not hold a colon");
    if (user.len + 1 + password.len > sizeof pair)
        return diag_set(diag, ERR_INVALID, "user name and password are longer than %d bytes",
                        AUTH_SECRET_MAX_BYTES - 1);
    memcpy(pair, user.ptr, user.len);
    pair[user.len] = ':';
    memcpy(pair + user.len + 1, password.ptr, password.len);
    (void)fill(&auth->basic, (struct str){ pair, user.len + 1 + password.len }, HTTP_ROLE_ADMIN);
    return ERR_OK;
}

enum err auth_init(struct auth *auth, const struct auth_options *options, struct diag *diag)
{
    enum err err;

    *auth = (struct auth){ .is_required = options->is_required };
    err = add_tokens(auth, options->tokens, diag);
    return err ? err : add_basic(auth, options->basic_user, options->basic_password, diag);
}

bool auth_has_secrets(const struct auth *auth)
{
    return auth->token_count || auth->basic.len;
}
