#include "cli/ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"
#include "http/client.h"

enum {
    AUTHORIZATION_MAX_BYTES = 512,
    URL_MAX_BYTES = 1024,
    DRIVE_MS = 200,
    SCRATCH_BYTES = 1 << 16
};

struct waiting {
    bool done;
    enum err err;
    struct buf *answer;
    struct diag *diag;
    const char *url;
};

static enum err code_of(struct str name, int status)
{
    static const struct {
        const char *name;
        enum err code;
    } rows[] = {
#define X(code, name, text, http, exit, retryable) { name, ERR_##code },
        ERR_TABLE(X)
#undef X
    };

    for (size_t i = 1; i < ARRAY_LEN(rows); i++)
        if (str_equals(name, str_of(rows[i].name)))
            return rows[i].code;
    return status >= 500 ? ERR_UNAVAILABLE : ERR_INVALID;
}

enum err ask_verdict(int status, struct str body, struct diag *diag)
{
    struct arena arena = arena_limited(SCRATCH_BYTES);
    struct str name = STR_NONE, message = STR_NONE;
    struct json_value root;
    enum err err;

    if (status >= 200 && status < 300)
        return ERR_OK;
    if (!json_read(body, &root, NULL)) {
        (void)!json_read_str(json_read_at(root, "error.code"), &arena, &name);
        (void)!json_read_str(json_read_at(root, "error.message"), &arena, &message);
        (void)!json_read_str(json_read_at(root, "error"), &arena, &message); /* Prometheus' shape */
    }
    err = code_of(name, status);
    if (message.len)
        diag_set(diag, err, "%.*s", STR_ARG(message));
    else
        diag_set(diag, err, "the answer was %d, and not Fusebox': is the URL right?", status);
    arena_release(&arena);
    return err;
}

static void on_done(void *ctx, const struct http_result *result)
{
    struct waiting *w = ctx;

    w->done = true;
    if (result->err == ERR_TIMEOUT) {
        w->err = diag_set(w->diag, ERR_TIMEOUT, "%s did not answer in time", w->url);
    } else if (result->err) {
        w->err = diag_set(
            w->diag, ERR_UNAVAILABLE,
            "nobody answers at %s (%.100s): start it with `fusebox run`, or give --url", w->url,
            result->reason);
    } else {
        w->err = ask_verdict(result->status, result->body, w->diag);
        buf_append_str(w->answer, result->body);
    }
}

/* "127.0.0.1:8080/" + "/api" is "http://127.0.0.1:8080/api". */
static bool join(const struct question *q, const char *base, char out[URL_MAX_BYTES])
{
    size_t len = strlen(base);

    while (len && base[len - 1] == '/')
        len--;
    return snprintf(out, URL_MAX_BYTES, "%s%.*s%s", strstr(base, "://") ? "" : "http://", (int)len,
                    base, q->path) < URL_MAX_BYTES;
}

/* False: there is no token, or it cannot be one. */
static bool authorization_of(const char *token, char out[AUTHORIZATION_MAX_BYTES])
{
    int len = token && token[0] ? snprintf(out, AUTHORIZATION_MAX_BYTES, "Bearer %s", token) : 0;

    return len > 0 && len < AUTHORIZATION_MAX_BYTES;
}

enum err cli_ask(const struct question *q, struct buf *ret_answer, struct diag *diag)
{
    static const char *const json[] = { "Content-Type: application/json", NULL };
    static const char *const form[] = { "Content-Type: application/x-www-form-urlencoded", NULL };
    const char *base = q->url ? q->url : ASK_URL_DEFAULT;
    char authorization[AUTHORIZATION_MAX_BYTES];
    struct http_access access = { .authorization = authorization };
    struct waiting waiting = { .answer = ret_answer, .diag = diag, .url = base };
    struct http_client *client = NULL;
    char url[URL_MAX_BYTES];
    struct http_call call = {
        .url = url,
        .method = q->method,
        .headers = !q->body.len ? NULL
                   : q->is_form ? form
                                : json,
        .body = q->body,
        .body_max_bytes = ASK_ANSWER_MAX_BYTES,
        .timeout_ms = q->timeout_ms,
        .accept_gzip = true,
        .access = authorization_of(getenv("FUSEBOX_TOKEN"), authorization) ? &access : NULL,
        .done = on_done,
        .ctx = &waiting,
    };
    enum err err;

    if (!join(q, base, url))
        return diag_set(diag, ERR_INVALID, "the URL is too long: %.100s", base);
    *ret_answer = buf_limited(ASK_ANSWER_MAX_BYTES);
    err = http_client_new(1, &client);
    if (!err)
        err = http_client_start(client, &call, diag);
    while (!err && !waiting.done)
        http_client_drive(client, DRIVE_MS);
    http_client_free(client);
    if (!err)
        err = waiting.err ? waiting.err : buf_error(ret_answer);
    return err;
}

/* C0 and C1 controls, the latter as UTF-8 has them. */
static bool is_control(struct str text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];

    if (c < 0x20 || c == 0x7f)
        return true;
    return c == 0xC2 && at + 1 < text.len && (unsigned char)text.ptr[at + 1] < 0xA0;
}

void ask_print_text(FILE *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool control = is_control(text, i);

        fputc(control ? '?' : text.ptr[i], out);
        i += control && (unsigned char)text.ptr[i] == 0xC2;
    }
}
