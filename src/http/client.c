/*
 * The one file that includes libcurl.
 *
 * Every call is a `struct transfer`: an easy handle with its limits. Transfers
 * that ended wait in `idle` for the next call, so that a scrape every second
 * builds nothing anew; connections are kept by the multi handle.
 */
#include "http/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"

enum {
    BUFFER_KEPT_MAX_BYTES = 1 << 20, /* of an idle transfer; a larger one is given back */
    RECEIVE_BUFFER_BYTES = 65536,
    URL_MAX_BYTES = 8192,
};

/* What ended a transfer from our side; CURLE_WRITE_ERROR alone does not say. */
enum stop { STOP_NONE, STOP_BODY, STOP_HEADERS, STOP_ENCODING, STOP_MEMORY };

struct transfer {
    struct http_client *client;
    struct transfer *next;   /* in idle or running */
    struct transfer *before; /* in running */
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    size_t header_bytes;
    size_t body_max_bytes;
    int64_t timeout_ms;
    enum stop stop;
    bool encoding_checked;
    char curl_message[CURL_ERROR_SIZE];
    void (*done)(void *ctx, const struct http_result *result);
    void *ctx;
};

struct http_client {
    CURLM *multi;
    struct transfer *idle;
    struct transfer *running;
    size_t running_count;
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void init_global(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

const char *http_client_library_version(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}

/* --- what arrives --- */

/* True unless the answer came in an encoding that was not asked for. */
static bool encoding_is_accepted(struct transfer *t)
{
    struct curl_header *header;

    if (curl_easy_header(t->easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return true;
    return str_equals_nocase(str_of(header->value), STR("gzip")) ||
           str_equals_nocase(str_of(header->value), STR("identity"));
}

static size_t refuse(struct transfer *t, enum stop why)
{
    t->stop = why;
    return 0; /* libcurl then ends the transfer with CURLE_WRITE_ERROR */
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    struct transfer *t = ctx;

    (void)one;
    if (!len)
        return 0;
    if (!t->encoding_checked && !encoding_is_accepted(t))
        return refuse(t, STOP_ENCODING);
    t->encoding_checked = true;
    if (len > t->body_max_bytes - t->body.len)
        return refuse(t, STOP_BODY);
    buf_append(&t->body, data, len);
    return buf_error(&t->body) ? refuse(t, STOP_MEMORY) : len;
}

static size_t on_header(char *data, size_t one, size_t len, void *ctx)
{
    struct transfer *t = ctx;

    (void)data;
    (void)one;
    t->header_bytes += len;
    return t->header_bytes > HTTP_CLIENT_HEADERS_MAX_BYTES ? refuse(t, STOP_HEADERS) : len;
}

/* --- transfers --- */

static void transfer_free(struct transfer *t)
{
    if (!t)
        return;
    curl_slist_free_all(t->headers);
    if (t->easy)
        curl_easy_cleanup(t->easy);
    buf_release(&t->body);
    mem_free(t);
}

static struct transfer *transfer_new(struct http_client *client)
{
    struct transfer *t = mem_alloc_zero(1, sizeof *t);

    if (!t)
        return NULL;
    t->client = client;
    t->easy = curl_easy_init();
    if (!t->easy) {
        transfer_free(t);
        return NULL;
    }
    return t;
}

static struct transfer *take_idle(struct http_client *client)
{
    struct transfer *t = client->idle;

    if (!t)
        return transfer_new(client);
    client->idle = t->next;
    return t;
}

static void put_idle(struct transfer *t)
{
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    if (t->body.capacity_bytes > BUFFER_KEPT_MAX_BYTES)
        buf_release(&t->body);
    else
        buf_clear(&t->body);
    t->next = t->client->idle;
    t->client->idle = t;
}

static void link_running(struct transfer *t)
{
    struct http_client *client = t->client;

    t->before = NULL;
    t->next = client->running;
    if (client->running)
        client->running->before = t;
    client->running = t;
    client->running_count++;
}

static void unlink_running(struct transfer *t)
{
    if (t->before)
        t->before->next = t->next;
    else
        t->client->running = t->next;
    if (t->next)
        t->next->before = t->before;
    t->client->running_count--;
}

/* --- starting --- */

static enum err copy_headers(struct transfer *t, const char *const *headers)
{
    for (; headers && *headers; headers++) {
        struct curl_slist *longer = curl_slist_append(t->headers, *headers);

        if (!longer)
            return ERR_NOMEM;
        t->headers = longer;
    }
    return ERR_OK;
}

static void prepare_limits(struct transfer *t, const struct http_call *call)
{
    t->header_bytes = 0;
    t->body_max_bytes = call->body_max_bytes;
    t->timeout_ms = call->timeout_ms;
    t->stop = STOP_NONE;
    t->encoding_checked = false;
    t->curl_message[0] = '\0';
    t->done = call->done;
    t->ctx = call->ctx;
    if (!t->body.data)
        t->body = buf_limited(call->body_max_bytes);
    t->body.limit_bytes = call->body_max_bytes;
}

static void set_fixed_options(struct transfer *t)
{
    CURL *easy = t->easy;

    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_message);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
}

static CURLcode set_call_options(struct transfer *t, const struct http_call *call)
{
    const char *method = call->method ? call->method : "GET";
    CURL *easy = t->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, call->url);

    if (!code && call->accept_gzip)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    if (!code && strcmp(method, "GET") != 0)
        code = curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    if (!code && (call->body.len || strcmp(method, "POST") == 0)) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.len ? call->body.ptr : "");
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)call->timeout_ms);
    return code;
}

static enum err check_url(const char *url, struct diag *diag)
{
    CURLU *parsed;
    CURLUcode code;
    bool web = strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;

    if (!web || strlen(url) > URL_MAX_BYTES)
        return diag_set(diag, ERR_INVALID,
                        "a URL begins with http:// or https:// and has at most %d bytes",
                        URL_MAX_BYTES);
    parsed = curl_url();
    if (!parsed)
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    code = curl_url_set(parsed, CURLUPART_URL, url, 0);
    curl_url_cleanup(parsed);
    if (code)
        return diag_set(diag, ERR_INVALID, "%.150s: %s", url, curl_url_strerror(code));
    return ERR_OK;
}

enum err http_client_start(struct http_client *client, const struct http_call *call,
                           struct diag *diag)
{
    enum err err = check_url(call->url, diag);
    struct transfer *t;

    if (err)
        return err;
    t = take_idle(client);
    if (!t)
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    prepare_limits(t, call);
    set_fixed_options(t);
    err = copy_headers(t, call->headers);
    if (!err && set_call_options(t, call) != CURLE_OK)
        err = ERR_NOMEM;
    if (!err && curl_multi_add_handle(client->multi, t->easy) != CURLM_OK)
        err = ERR_NOMEM;
    if (err) {
        put_idle(t);
        return diag_set(diag, err, "%s", err_text(err));
    }
    link_running(t);
    return ERR_OK;
}

/* --- ending --- */

static void say_size(char *out, size_t out_bytes, const char *what, size_t limit_bytes)
{
    if (limit_bytes >= 1 << 20 && limit_bytes % (1 << 20) == 0)
        snprintf(out, out_bytes, "%s over %zuMiB", what, limit_bytes >> 20);
    else if (limit_bytes >= 1 << 10 && limit_bytes % (1 << 10) == 0)
        snprintf(out, out_bytes, "%s over %zuKiB", what, limit_bytes >> 10);
    else
        snprintf(out, out_bytes, "%s over %zu bytes", what, limit_bytes);
}

static enum err explain_stop(const struct transfer *t, struct http_result *result)
{
    switch (t->stop) {
    case STOP_BODY:
        say_size(result->reason, sizeof result->reason, "body", t->body_max_bytes);
        return ERR_LIMIT;
    case STOP_HEADERS:
        say_size(result->reason, sizeof result->reason, "headers", HTTP_CLIENT_HEADERS_MAX_BYTES);
        return ERR_LIMIT;
    case STOP_ENCODING:
        snprintf(result->reason, sizeof result->reason, "the answer is encoded, and not with gzip");
        return ERR_INVALID;
    default:
        snprintf(result->reason, sizeof result->reason, "%s", err_text(ERR_NOMEM));
        return ERR_NOMEM;
    }
}

static const char *connect_reason(const struct transfer *t, char *scratch, size_t scratch_bytes)
{
    long os_error = 0;

    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error == ECONNREFUSED || !os_error)
        return "connection refused";
    return strerror_r((int)os_error, scratch, scratch_bytes);
}

static enum err explain(const struct transfer *t, CURLcode code, struct http_result *result)
{
    const char *reason = t->curl_message[0] ? t->curl_message : curl_easy_strerror(code);
    enum err err = ERR_UNAVAILABLE;
    char scratch[100];

    if (t->stop)
        return explain_stop(t, result);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(result->reason, sizeof result->reason, "no whole answer within %lldms",
                 (long long)t->timeout_ms);
        return ERR_TIMEOUT;
    case CURLE_COULDNT_CONNECT:
        reason = connect_reason(t, scratch, sizeof scratch);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
        reason = "the host name has no address";
        break;
    case CURLE_GOT_NOTHING:
        reason = "the connection was closed without an answer";
        break;
    case CURLE_PARTIAL_FILE:
        reason = "the answer ended before its end";
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        reason = "the answer is not HTTP";
        break;
    case CURLE_OUT_OF_MEMORY:
        err = ERR_NOMEM;
        break;
    default:
        break;
    }
    snprintf(result->reason, sizeof result->reason, "%.150s", reason);
    return err;
}

/* Tells the caller and lays the transfer aside. The caller may start a new call in `done`. */
static void finish(struct transfer *t, struct http_result *result)
{
    unlink_running(t);
    curl_multi_remove_handle(t->client->multi, t->easy);
    if (!result->content_type)
        result->content_type = "";
    t->done(t->ctx, result);
    put_idle(t);
}

static void on_end(struct transfer *t, CURLcode code)
{
    struct http_result result = { .err = ERR_OK };
    curl_off_t total_us = 0;
    long status = 0;
    char *type = NULL;

    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    result.status = (int)status;
    result.content_type = type;
    result.duration_s = (double)total_us / 1e6;
    if (code == CURLE_OK && !encoding_is_accepted(t)) { /* nothing came out of the decoder */
        t->stop = STOP_ENCODING;
        code = CURLE_WRITE_ERROR;
    }
    if (code == CURLE_OK)
        result.body = buf_str(&t->body);
    else
        result.err = explain(t, code, &result);
    finish(t, &result);
}

static void collect_ended(struct http_client *client)
{
    struct CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result;
        char *owner;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
        on_end((struct transfer *)(void *)owner, code);
    }
}

/* --- the client --- */

enum err http_client_new(int max_connections, struct http_client **ret)
{
    struct http_client *client;

    pthread_once(&global_once, init_global);
    if (global_result != CURLE_OK)
        return ERR_UNAVAILABLE;
    client = mem_alloc_zero(1, sizeof *client);
    if (!client)
        return ERR_NOMEM;
    client->multi = curl_multi_init();
    if (!client->multi) {
        mem_free(client);
        return ERR_NOMEM;
    }
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
    *ret = client;
    return ERR_OK;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->running) {
        struct http_result result = { .err = ERR_CANCELLED };

        snprintf(result.reason, sizeof result.reason, "%s", err_text(ERR_CANCELLED));
        finish(client->running, &result);
    }
    while (client->idle) {
        struct transfer *t = client->idle;

        client->idle = t->next;
        transfer_free(t);
    }
    curl_multi_cleanup(client->multi);
    mem_free(client);
}

void http_client_drive(struct http_client *client, int wait_ms)
{
    size_t before = client->running_count;
    int still_running, ready;

    curl_multi_perform(client->multi, &still_running);
    collect_ended(client);
    if (client->running_count < before)
        return;
    curl_multi_poll(client->multi, NULL, 0, wait_ms, &ready);
    curl_multi_perform(client->multi, &still_running);
    collect_ended(client);
}

void http_client_wake(struct http_client *client)
{
    curl_multi_wakeup(client->multi);
}

size_t http_client_running(const struct http_client *client)
{
    return client->running_count;
}
