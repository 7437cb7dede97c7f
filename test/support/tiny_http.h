/*
 * A loopback HTTP server for tests: one thread, answers from a function.
 *
 *   tiny_http_start(&server, answer, ctx) -> tiny_http_port -> tiny_http_stop
 *
 * `answer` gets the request (line and headers) and writes whatever it likes to
 * the descriptor; false closes the connection, true waits for the next request
 * on it. tiny_http_stop wakes an answer that waits: see tiny_http_wait_stop.
 *
 * Threads   One connection at a time is served; others wait in the backlog.
 */
#ifndef FUSEBOX_TEST_TINY_HTTP_H
#define FUSEBOX_TEST_TINY_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/thread.h"

typedef bool tiny_http_answer(void *ctx, int fd, const char *request);

struct tiny_http {
    struct thread thread;
    tiny_http_answer *answer;
    void *ctx;
    int listen_fd;
    int stop_fds[2];
    uint16_t port;
};

void tiny_http_start(struct tiny_http *server, tiny_http_answer *answer, void *ctx);
void tiny_http_stop(struct tiny_http *server);

/* Writes all of it; false when the peer has gone. */
bool tiny_http_write(int fd, const void *data, size_t len);

/* A whole answer with Content-Length; `headers` are further lines, each with CR LF. */
bool tiny_http_reply(int fd, int status, const char *headers, const void *body, size_t len);

/* Blocks until the server is stopped or the peer has gone: an answer that never comes. */
void tiny_http_hang(const struct tiny_http *server, int fd);

#endif
