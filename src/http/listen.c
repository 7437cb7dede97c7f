#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG_COUNT = 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t parse(const char *text, uint16_t port, union address *ret)
{
    memset(ret, 0, sizeof *ret);
    if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons(port);
        return sizeof ret->v4;
    }
    if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons(port);
        return sizeof ret->v6;
    }
    return 0;
}

static enum err refused(const char *address, uint16_t port, struct diag *diag)
{
    switch (errno) {
    case EADDRINUSE:
        return diag_set(diag, ERR_CONFLICT, "%s port %u is in use", address, port);
    case EADDRNOTAVAIL:
        return diag_set(diag, ERR_INVALID, "%s is no address of this machine", address);
    case EACCES:
        return diag_set(diag, ERR_FORBIDDEN, "port %u needs more rights", port);
    default:
        return diag_set(diag, ERR_UNAVAILABLE, "cannot listen at %s port %u: %s", address, port,
                        strerror(errno));
    }
}

static bool start_listening(int fd, const union address *address, socklen_t len)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on))
        return false;
    if (address->any.sa_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on))
        return false;
    return bind(fd, &address->any, len) == 0 && listen(fd, BACKLOG_COUNT) == 0;
}

static uint16_t port_of(int fd)
{
    union address address;
    socklen_t len = sizeof address;

    if (getsockname(fd, &address.any, &len))
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

enum err listen_open(const char *text, uint16_t port, int *ret_fd, uint16_t *ret_port,
                     struct diag *diag)
{
    union address address;
    socklen_t len = text ? parse(text, port, &address) : 0;
    enum err err;
    int fd;

    if (!len)
        return diag_set(diag, ERR_INVALID, "\"%s\" is no numeric address", text ? text : "");
    fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return refused(text, port, diag);
    if (!start_listening(fd, &address, len)) {
        err = refused(text, port, diag);
        close(fd);
        return err;
    }
    *ret_fd = fd;
    *ret_port = port_of(fd);
    return ERR_OK;
}
