/*
 * The one file that includes libcurl.
 *
 * Every call is a `struct transfer`: an easy handle with its limits. Transfers
 * that ended wait in `idle` for the next call, so that a scrape every second
 * builds nothing anew; connections are kept by the multi handle.
 */
#include "http/client.h"

#include <curl/curl.h>
#include <curl/mprintf.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"

enum {
    BUFFER_KEPT_MAX_BYTES = 1 << 20, /* of an idle transfer; a larger one is given back */
    RECEIVE_BUFFER_BYTES = 65536,
    URL_MAX_BYTES = 8192,
    PEER_BYTES = 272, /* a host name of 253 bytes, and a port */
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
    struct curl_slist *connect_to;
    char peer[PEER_BYTES]; /* where connect_to leads */
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
    curl_slist_free_all(t->connect_to);
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
    curl_slist_free_all(t->connect_to);
    t->headers = NULL;
    t->connect_to = NULL;
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

static enum err append(struct curl_slist **list, const char *text)
{
    struct curl_slist *longer = curl_slist_append(*list, text);

    if (!longer)
        return ERR_NOMEM;
    *list = longer;
    return ERR_OK;
}

/* Takes `text`, which may be NULL for want of memory. */
static enum err append_made(struct curl_slist **list, char *text)
{
    enum err err = text ? append(list, text) : ERR_NOMEM;

    curl_free(text);
    return err;
}

static enum err copy_headers(struct transfer *t, const struct http_call *call)
{
    const char *const *headers = call->headers;
    enum err err = ERR_OK;

    for (; !err && headers && *headers; headers++)
        err = append(&t->headers, *headers);
    if (!err && call->access && call->access->authorization)
        err = append_made(&t->headers,
                          curl_maprintf("Authorization: %s", call->access->authorization));
    return err;
}

static void prepare_limits(struct transfer *t, const struct http_call *call)
{
    t->header_bytes = 0;
    t->body_max_bytes = call->body_max_bytes;
    t->timeout_ms = call->timeout_ms;
    t->stop = STOP_NONE;
    t->encoding_checked = false;
    t->curl_message[0] = '\0';
    t->peer[0] = '\0';
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
    curl_easy_setopt(easy, CURLOPT_NOPROXY, ""); /* nor the environment's exceptions */
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
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
    CURLcode code = CURLE_OK;

    if (!t->peer[0]) /* else set already, under another name */
        code = curl_easy_setopt(easy, CURLOPT_URL, call->url);
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

/* --- who calls, and who is trusted --- */

static long tls_versions(const struct http_access *access)
{
    static const long oldest[] = { [HTTP_TLS_ANY] = CURL_SSLVERSION_TLSv1_2,
                                   [HTTP_TLS_10] = CURL_SSLVERSION_TLSv1_0,
                                   [HTTP_TLS_11] = CURL_SSLVERSION_TLSv1_1,
                                   [HTTP_TLS_12] = CURL_SSLVERSION_TLSv1_2,
                                   [HTTP_TLS_13] = CURL_SSLVERSION_TLSv1_3 };
    static const long newest[] = { [HTTP_TLS_ANY] = CURL_SSLVERSION_MAX_DEFAULT,
                                   [HTTP_TLS_10] = CURL_SSLVERSION_MAX_TLSv1_0,
                                   [HTTP_TLS_11] = CURL_SSLVERSION_MAX_TLSv1_1,
                                   [HTTP_TLS_12] = CURL_SSLVERSION_MAX_TLSv1_2,
                                   [HTTP_TLS_13] = CURL_SSLVERSION_MAX_TLSv1_3 };

    return oldest[access->min_tls] | newest[access->max_tls];
}

/* A ca_file is the only one that is trusted then, and is read for each new connection. */
static CURLcode set_trust(CURL *easy, const struct http_access *access)
{
    CURLcode code = CURLE_OK;

    curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_versions(access));
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, access->trust_all ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, access->trust_all ? 0L : 2L);
    if (access->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        code = curl_easy_setopt(easy, CURLOPT_CAINFO, access->ca_file);
    }
    if (!code && access->cert_file)
        code = curl_easy_setopt(easy, CURLOPT_SSLCERT, access->cert_file);
    if (!code && access->key_file)
        code = curl_easy_setopt(easy, CURLOPT_SSLKEY, access->key_file);
    return code;
}

/* Calls the URL by another name of its host: libcurl checks certificates against the URL. */
static enum err rename_host(struct transfer *t, CURLU *url, const char *name)
{
    char *host = NULL, *port = NULL, *renamed = NULL;
    enum err err = ERR_NOMEM;

    if (curl_url_get(url, CURLUPART_HOST, &host, 0) ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
        curl_url_set(url, CURLUPART_HOST, name, 0) || curl_url_get(url, CURLUPART_URL, &renamed, 0))
        goto out;
    snprintf(t->peer, sizeof t->peer, "%s:%s", host, port);
    err = append_made(&t->connect_to, curl_maprintf("%s:%s:%s:%s", name, port, host, port));
    if (!err)
        err = append_made(&t->headers,
                          curl_maprintf("Host: %s%s%s", host, strcmp(port, "443") ? ":" : "",
                                        strcmp(port, "443") ? port : ""));
    if (!err && (curl_easy_setopt(t->easy, CURLOPT_URL, renamed) ||
                 curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to)))
        err = ERR_NOMEM;
out:
    curl_free(host);
    curl_free(port);
    curl_free(renamed);
    return err;
}

static enum err set_server_name(struct transfer *t, const struct http_call *call)
{
    CURLU *url;
    enum err err = ERR_NOMEM;

    if (!call->access->server_name || strncasecmp(call->url, "https://", 8) != 0)
        return ERR_OK;
    url = curl_url();
    if (url && !curl_url_set(url, CURLUPART_URL, call->url, 0))
        err = rename_host(t, url, call->access->server_name);
    curl_url_cleanup(url);
    return err;
}

static enum err set_access(struct transfer *t, const struct http_call *call)
{
    const struct http_access *access = call->access;
    CURL *easy = t->easy;

    if (!access)
        return ERR_OK;
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, access->follow_redirects ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)HTTP_CLIENT_REDIRECTS_MAX_COUNT);
    if (set_trust(easy, access) ||
        (access->proxy_url && curl_easy_setopt(easy, CURLOPT_PROXY, access->proxy_url)))
        return ERR_NOMEM;
    return set_server_name(t, call);
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
    err = copy_headers(t, call);
    if (!err)
        err = set_access(t, call);
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

/* "host:port" of the URL that was called last. */
static void say_peer(const struct transfer *t, char out[PEER_BYTES])
{
    char *url = NULL, *host = NULL, *port = NULL;
    long redirects = 0;
    CURLU *parsed = curl_url();

    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_COUNT, &redirects);
    curl_easy_getinfo(t->easy, CURLINFO_EFFECTIVE_URL, &url);
    if (t->peer[0] && !redirects)
        snprintf(out, PEER_BYTES, "%s", t->peer);
    else if (parsed && url && !curl_url_set(parsed, CURLUPART_URL, url, 0) &&
             !curl_url_get(parsed, CURLUPART_HOST, &host, 0) &&
             !curl_url_get(parsed, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        snprintf(out, PEER_BYTES, "%s:%s", host, port);
    else
        snprintf(out, PEER_BYTES, "the target");
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parsed);
}

/* What libcurl says, without the words that stand before the reason. */
static const char *bare_reason(const char *reason)
{
    static const char *const heads[] = { "SSL certificate problem: ", "SSL routines::", "SSL: " };

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        const char *head = strstr(reason, heads[i]);

        if (head)
            return head + strlen(heads[i]);
    }
    return reason;
}

/* False: the reason has nothing to do with TLS. */
static bool explain_tls(const struct transfer *t, CURLcode code, const char *reason,
                        struct http_result *result)
{
    char peer[PEER_BYTES];

    say_peer(t, peer);
    reason = bare_reason(reason);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        snprintf(result->reason, sizeof result->reason,
                 "the certificate of %.60s is not trusted: %.70s", peer, reason);
    else if (code == CURLE_SSL_CACERT_BADFILE)
        snprintf(result->reason, sizeof result->reason,
                 "the ca_file cannot be read, or holds no certificate");
    else if (code == CURLE_SSL_CERTPROBLEM)
        snprintf(result->reason, sizeof result->reason,
                 "the cert_file or the key_file cannot be used: %.100s", reason);
    else if (code == CURLE_SSL_CONNECT_ERROR || strstr(t->curl_message, "SSL routines::"))
        snprintf(result->reason, sizeof result->reason, "no TLS with %.60s: %.80s", peer, reason);
    else
        return false;
    return true;
}

static enum err explain(const struct transfer *t, CURLcode code, struct http_result *result)
{
    const char *reason = t->curl_message[0] ? t->curl_message : curl_easy_strerror(code);
    enum err err = ERR_UNAVAILABLE;
    char scratch[100];

    if (t->stop)
        return explain_stop(t, result);
    if (explain_tls(t, code, reason, result))
        return ERR_UNAVAILABLE;
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
    case CURLE_COULDNT_RESOLVE_PROXY:
        reason = "the proxy's host name has no address";
        break;
    case CURLE_TOO_MANY_REDIRECTS:
        reason = "more than 10 redirects";
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
