#include "tiny_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MAX_BYTES = 16384 };

bool tiny_http_write(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len) {
        ssize_t wrote = send(fd, at, len, MSG_NOSIGNAL);

        if (wrote <= 0)
            return false;
        at += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

bool tiny_http_reply(int fd, int status, const char *headers, const void *body, size_t len)
{
    char head[1024];
    int head_len = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n",
                            status, len, headers);

    return tiny_http_write(fd, head, (size_t)head_len) && tiny_http_write(fd, body, len);
}

/* True when fd has something to read (or its peer has gone); false when the server stops. */
static bool wait_readable(const struct tiny_http *server, int fd)
{
    struct pollfd fds[2] = { { .fd = server->stop_fds[0], .events = POLLIN },
                             { .fd = fd, .events = POLLIN } };

    return poll(fds, 2, -1) > 0 && !fds[0].revents;
}

void tiny_http_hang(const struct tiny_http *server, int fd)
{
    char byte;

    while (wait_readable(server, fd) && recv(fd, &byte, 1, 0) > 0)
        ;
}

static bool read_request(const struct tiny_http *server, int fd, char *out)
{
    size_t len = 0;

    out[0] = '\0';
    while (!strstr(out, "\r\n\r\n")) {
        ssize_t got;

        if (len + 1 >= REQUEST_MAX_BYTES || !wait_readable(server, fd))
            return false;
        got = recv(fd, out + len, REQUEST_MAX_BYTES - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        out[len] = '\0';
    }
    return true;
}

static void *serve(void *arg)
{
    struct tiny_http *server = arg;
    char request[REQUEST_MAX_BYTES];

    while (wait_readable(server, server->listen_fd)) {
        int fd = accept(server->listen_fd, NULL, NULL);

        while (fd >= 0 && read_request(server, fd, request) &&
               server->answer(server->ctx, fd, request))
            ;
        if (fd >= 0)
            close(fd);
    }
    return NULL;
}

void tiny_http_start(struct tiny_http *server, tiny_http_answer *answer, void *ctx)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    bool ok;

    *server = (struct tiny_http){ .answer = answer, .ctx = ctx };
    server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ok = server->listen_fd >= 0 && pipe(server->stop_fds) == 0 &&
         bind(server->listen_fd, (struct sockaddr *)&address, sizeof address) == 0 &&
         listen(server->listen_fd, 64) == 0 &&
         getsockname(server->listen_fd, (struct sockaddr *)&address, &len) == 0 &&
         thread_start(&server->thread, "tiny_http", serve, server) == ERR_OK;
    server->port = ok ? ntohs(address.sin_port) : 0;
}

void tiny_http_stop(struct tiny_http *server)
{
    if (write(server->stop_fds[1], "x", 1) == 1)
        thread_stop(&server->thread);
    close(server->stop_fds[0]);
    close(server->stop_fds[1]);
    close(server->listen_fd);
}
