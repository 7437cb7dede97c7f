#include "cli/demo_net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/str.h"

enum { PORTS_MAX = 64, ANSWER_BYTES = 512 };

union any_address {
    struct sockaddr plain;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t to_socket_address(const struct demo_address *a, union any_address *out)
{
    memset(out, 0, sizeof *out);
    if (a->is_v6) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons((uint16_t)a->port);
        return inet_pton(AF_INET6, a->host, &out->v6.sin6_addr) == 1 ? sizeof out->v6 : 0;
    }
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((uint16_t)a->port);
    return inet_pton(AF_INET, a->host, &out->v4.sin_addr) == 1 ? sizeof out->v4 : 0;
}

static bool copy_host(struct str host, struct demo_address *out)
{
    out->is_v6 = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (out->is_v6)
        host = (struct str){ host.ptr + 1, host.len - 2 };
    if (host.len >= sizeof out->host)
        return false;
    memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    return true;
}

enum err demo_address_parse(const char *text, struct demo_address *ret, struct diag *diag)
{
    const char *colon = strrchr(text, ':');
    struct demo_address a = { .port = 0 };
    union any_address unused;
    int64_t port;

    if (!colon || !str_parse_i64(str_of(colon + 1), &port) || port < 0 || port > 65535 ||
        !copy_host((struct str){ text, (size_t)(colon - text) }, &a) ||
        !to_socket_address(&a, &unused))
        return diag_set(diag, ERR_INVALID,
                        "'%.100s' is not an address: write it as 127.0.0.1:8080 or [::1]:8080",
                        text);
    a.port = (int)port;
    *ret = a;
    return ERR_OK;
}

/* A bound socket; its port is written back to `a`. -1 when it is taken. */
static int bind_to(struct demo_address *a)
{
    union any_address at;
    socklen_t len = to_socket_address(a, &at);
    int fd = socket(at.plain.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &at.plain, len) < 0 || listen(fd, 1) < 0 || getsockname(fd, &at.plain, &len) < 0) {
        close(fd);
        return -1;
    }
    a->port = ntohs(a->is_v6 ? at.v6.sin6_port : at.v4.sin_port);
    return fd;
}

enum err demo_ports_find(int *ports, size_t count, struct diag *diag)
{
    int fds[PORTS_MAX];
    size_t held = 0;

    for (; held < count && held < PORTS_MAX; held++) {
        struct demo_address a = { .host = "127.0.0.1" };

        fds[held] = bind_to(&a);
        if (fds[held] < 0)
            break;
        ports[held] = a.port;
    }
    for (size_t i = 0; i < held; i++)
        close(fds[i]);
    if (held < count)
        return diag_set(diag, ERR_IO, "no free port on 127.0.0.1: %s", strerror(errno));
    return ERR_OK;
}

bool demo_address_is_free(struct demo_address *a)
{
    int fd = bind_to(a);

    if (fd < 0)
        return false;
    close(fd);
    return true;
}

/* "HTTP/1.1 200 ..." */
static int status_of(const char *answer)
{
    struct str rest, word;
    int64_t status;

    rest = str_cut(str_of(answer), ' ', &word);
    str_cut(rest, ' ', &word);
    if (!str_has_prefix(str_of(answer), STR("HTTP/1.")) || !str_parse_i64(word, &status))
        return 0;
    return (int)status;
}

int demo_http_status(const struct demo_address *a, const char *path)
{
    struct timeval wait = { .tv_sec = DEMO_NET_WAIT_MS / 1000 };
    char text[ANSWER_BYTES];
    union any_address at;
    socklen_t at_len = to_socket_address(a, &at);
    int fd = socket(at.plain.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), status = 0;
    int len = snprintf(text, sizeof text,
                       "GET %s HTTP/1.1\r\nHost: %s%s%s:%d\r\nConnection: close\r\n\r\n", path,
                       a->is_v6 ? "[" : "", a->host, a->is_v6 ? "]" : "", a->port);

    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait); /* bounds connect, too */
    if (connect(fd, &at.plain, at_len) == 0 && send(fd, text, (size_t)len, MSG_NOSIGNAL) == len) {
        ssize_t got = recv(fd, text, sizeof text - 1, 0);

        text[got > 0 ? got : 0] = '\0';
        status = status_of(text);
    }
    close(fd);
    return status;
}
