/*
 * HTTP client on curl multi: many transfers at once, driven by one thread.
 *
 *   http_client_new -> { http_client_start | http_client_drive }* -> http_client_free
 *
 * A call is started with its limits and ends exactly once in `done`, which runs
 * inside http_client_drive. Connections are kept and reused. Only http and https;
 * redirects are followed when the call's access says so.
 *
 * Threads   Owned by the thread that drives it; http_client_wake may be called
 *           from any thread.
 * Limits    body_max_bytes is counted after decompression; timeout_ms is the
 *           total time from start to last byte; the headers of an answer may
 *           have HTTP_CLIENT_HEADERS_MAX_BYTES; encodings are identity and gzip.
 */
#ifndef FUSEBOX_HTTP_CLIENT_H
#define FUSEBOX_HTTP_CLIENT_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/str.h"

enum { HTTP_CLIENT_HEADERS_MAX_BYTES = 65536, HTTP_CLIENT_REDIRECTS_MAX_COUNT = 10 };

struct http_client;

struct http_result {
    enum err err;    /* ERR_OK: an answer came, whatever its status; ERR_TIMEOUT, ERR_LIMIT,
                        ERR_UNAVAILABLE … */
    int status;      /* 0 when none came */
    struct str body; /* decompressed; valid during `done` */
    const char *content_type; /* "" when none */
    double duration_s;        /* from start to last byte */
    char reason[200];         /* a clause for people when err is set */
};

enum http_tls { HTTP_TLS_ANY, HTTP_TLS_10, HTTP_TLS_11, HTTP_TLS_12, HTTP_TLS_13 };

/* Who calls, and who is trusted. A text may be NULL: not given. */
struct http_access {
    const char *authorization; /* the header's value; stays with the first host and port */
    const char *ca_file;       /* NULL: what the system trusts */
    const char *cert_file;
    const char *key_file;
    const char *server_name; /* that a certificate must be for; NULL: the URL's host */
    const char *proxy_url;   /* "http://…"; NULL: none, whatever the environment says */
    enum http_tls min_tls;   /* HTTP_TLS_ANY: 1.2 */
    enum http_tls max_tls;   /* HTTP_TLS_ANY: the newest */
    bool trust_all;
    bool follow_redirects; /* within http and https */
};

struct http_call {
    const char *url;
    const char *method;         /* "GET" unless set */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    struct str body;            /* must live until done */
    size_t body_max_bytes;      /* of the answer */
    int64_t timeout_ms;
    bool accept_gzip;
    const struct http_access *access; /* NULL: nobody in particular */
    void (*done)(void *ctx, const struct http_result *result);
    void *ctx;
};

/* ERR_NOMEM, ERR_UNAVAILABLE (libcurl). */
enum err http_client_new(int max_connections, struct http_client **ret) MUST_CHECK;
void http_client_free(struct http_client *client); /* running calls end with ERR_CANCELLED */

/* ERR_INVALID (URL), ERR_NOMEM; then `done` is never called. Copies url, method,
 * headers and access. */
enum err http_client_start(struct http_client *client, const struct http_call *call,
                           struct diag *diag) MUST_CHECK;

/* Runs transfers for at most wait_ms, returning earlier when one ended or someone called wake. */
void http_client_drive(struct http_client *client, int wait_ms);
void http_client_wake(struct http_client *client);
size_t http_client_running(const struct http_client *client);

/* libcurl's run-time version, "7.88.1"; static. */
const char *http_client_library_version(void);

#endif
