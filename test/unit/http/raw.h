/*
 * A client that sends what it is told, byte by byte, and a server with small deadlines for it.
 *
 *   struct raw_server s = raw_serve(routes, ARRAY_LEN(routes), NULL);
 *   int fd = raw_dial(&s);  raw_put(fd, "GET / HTTP/1.1\r\n…");  raw_reply(fd, &answer);
 *   raw_stop(&s);
 *
 * Time      Nothing sleeps: reads wait for bytes or the close, RAW_PATIENCE_S at most.
 */
#ifndef FUSEBOX_TEST_HTTP_RAW_H
#define FUSEBOX_TEST_HTTP_RAW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/mem.h"
#include "http/server.h"

enum { RAW_PATIENCE_S = 20, RAW_ANSWER_BYTES = 1 << 16 };

struct raw_server {
    struct http_server *server;
    struct http_stats *stats;
    uint16_t port;
};

struct raw_answer {
    int status; /* 0: closed without an answer */
    size_t len;
    const char *body; /* in text */
    size_t body_len;
    char text[RAW_ANSWER_BYTES];
};

UNUSED static struct http_options raw_options(const struct http_route *routes, size_t count)
{
    return (struct http_options){ .address = "127.0.0.1",
                                  .threads = 1,
                                  .max_connections = 1000,
                                  .header_timeout_ms = 10000,
                                  .body_timeout_ms = 10000,
                                  .idle_timeout_ms = 10000,
                                  .request_timeout_ms = 10000,
                                  .hosts = STR("fusebox.example, other.example:8080"),
                                  .routes = routes,
                                  .route_count = count };
}

UNUSED static struct raw_server raw_serve_with(struct http_options options)
{
    struct raw_server s = { 0 };
    struct diag diag = { 0 };

    s.stats = calloc(1, sizeof *s.stats);
    options.stats = s.stats;
    assert_int_equal(http_server_start(&options, &s.server, &diag), ERR_OK);
    s.port = http_server_port(s.server);
    return s;
}

UNUSED static void raw_stop(struct raw_server *s)
{
    http_server_stop(s->server);
    assert_int_equal(s->stats->connections_open, 0);
    assert_int_equal(s->stats->streams_open, 0);
    assert_int_equal(s->stats->parked_now, 0);
    free(s->stats);
}

UNUSED static int raw_dial_buffer(const struct raw_server *s, int receive_bytes)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(s->port) };
    struct timeval patience = { .tv_sec = RAW_PATIENCE_S };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_bytes)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

UNUSED static int raw_dial(const struct raw_server *s)
{
    return raw_dial_buffer(s, 0);
}

UNUSED static bool raw_put_bytes(int fd, const char *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

UNUSED static bool raw_put(int fd, const char *text)
{
    return raw_put_bytes(fd, text, strlen(text));
}

/* Reads until `what` stands in the answer; false when the connection ends before. */
UNUSED static bool raw_wait_for(int fd, struct raw_answer *a, const char *what)
{
    while (!strstr(a->text, what)) {
        ssize_t got = recv(fd, a->text + a->len, sizeof a->text - 1 - a->len, 0);

        if (got <= 0)
            return false;
        a->len += (size_t)got;
        a->text[a->len] = '\0';
    }
    return true;
}

/* The value of a header of the answer, as a string up to the end of the text; "" when absent. */
UNUSED static const char *raw_header(const struct raw_answer *a, const char *name)
{
    const char *end = strstr(a->text, "\r\n\r\n"), *at = strstr(a->text, "\r\n");
    size_t len = strlen(name);

    while (at && at < end) {
        at += 2;
        if (strncasecmp(at, name, len) == 0 && at[len] == ':')
            return at + len + 2;
        at = strstr(at, "\r\n");
    }
    return "";
}

UNUSED static void raw_reply_to(int fd, struct raw_answer *a, bool head)
{
    size_t want;

    a->status = 0;
    a->len = 0;
    a->text[0] = '\0';
    a->body = "";
    a->body_len = 0;
    if (!raw_wait_for(fd, a, "\r\n\r\n"))
        return;
    a->status = atoi(a->text + 9);
    a->body = strstr(a->text, "\r\n\r\n") + 4;
    want = head || a->status == 304 ? 0 : (size_t)atol(raw_header(a, "Content-Length"));
    while (a->len - (size_t)(a->body - a->text) < want) {
        ssize_t got = recv(fd, a->text + a->len, sizeof a->text - 1 - a->len, 0);

        if (got <= 0)
            break;
        a->len += (size_t)got;
        a->text[a->len] = '\0';
    }
    a->body_len = a->len - (size_t)(a->body - a->text);
}

UNUSED static void raw_reply(int fd, struct raw_answer *a)
{
    raw_reply_to(fd, a, false);
}

/* True when the peer closes; bytes before that are thrown away. */
UNUSED static bool raw_is_closed(int fd)
{
    char sink[4096];
    ssize_t got;

    while ((got = recv(fd, sink, sizeof sink, 0)) > 0)
        ;
    return got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* Lets time pass by waiting for bytes that do not come. */
UNUSED static bool raw_gets_nothing(int fd, int ms)
{
    struct timeval brief = { .tv_usec = ms * 1000 }, patience = { .tv_sec = RAW_PATIENCE_S };
    ssize_t got;
    char byte;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    got = recv(fd, &byte, 1, MSG_PEEK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* Waits, on a connection of its own, until the counter has the value. */
UNUSED static bool raw_comes_to(const struct raw_server *s, _Atomic uint64_t *counter,
                                uint64_t value)
{
    int fd = raw_dial(s);
    bool there = *counter == value;

    for (int i = 0; i < RAW_PATIENCE_S * 100 && !there; i++) {
        if (!raw_gets_nothing(fd, 10)) {
            close(fd);
            fd = raw_dial(s);
        }
        there = *counter == value;
    }
    close(fd); /* it may have been counted itself */
    return there;
}

/* One request on a connection of its own; the status, or 0. */
UNUSED static int raw_ask(const struct raw_server *s, const char *request, struct raw_answer *a)
{
    int fd = raw_dial(s);

    assert_true(raw_put(fd, request));
    raw_reply(fd, a);
    close(fd);
    return a->status;
}

#endif
