#include "stream_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A frame ends with an empty line. */
static void take(struct stream_client *c, const char *data, size_t len, char *before)
{
    for (size_t i = 0; i < len; i++) {
        c->frame_bytes++;
        if (data[i] == '\n' && *before == '\n') {
            if (c->frames++ > 2 && c->frame_bytes > c->largest_bytes)
                c->largest_bytes = c->frame_bytes;
            c->frame_bytes = 0;
        }
        *before = data[i];
    }
    c->bytes += len;
}

static void *read_all(void *arg)
{
    struct stream_client *c = arg;
    char data[65536], before = '\0';
    ssize_t len;

    while ((len = recv(c->fd, data, sizeof data, 0)) > 0)
        take(c, data, (size_t)len, &before);
    return NULL;
}

bool stream_client_start(struct stream_client *c, uint16_t port, const char *view)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    char request[256];
    int len = snprintf(request, sizeof request,
                       "GET /api/v1/retry-monitoring/dashboard/%s/subscribe HTTP/1.1\r\n"
                       "Host: 127.0.0.1:%u\r\n\r\n",
                       view, (unsigned)port);

    *c = (struct stream_client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) ||
        send(c->fd, request, (size_t)len, 0) != len)
        return false;
    return pthread_create(&c->thread, NULL, read_all, c) == 0;
}

uint64_t stream_client_stop(struct stream_client *c)
{
    pthread_join(c->thread, NULL);
    close(c->fd);
    return c->bytes;
}
