#include "http/shed.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE_MAX = 256 };

static int another_fd(const struct shed *s)
{
    return fcntl(s->listen_fd, F_DUPFD_CLOEXEC, 0);
}

void shed_init(struct shed *s, int listen_fd, struct http_stats *stats)
{
    *s = (struct shed){ .listen_fd = listen_fd, .stats = stats };
    s->spare_fd = another_fd(s);
}

void shed_release(struct shed *s)
{
    if (s->spare_fd >= 0)
        close(s->spare_fd);
    s->spare_fd = -1;
}

static bool has_descriptors(const struct shed *s)
{
    int fd = another_fd(s);

    if (fd < 0)
        return errno != EMFILE && errno != ENFILE;
    close(fd);
    return true;
}

/* The spare descriptor becomes the connection, and is free again behind it. */
static bool turn_one_away(struct shed *s)
{
    int fd;

    shed_release(s);
    fd = accept4(s->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        close(fd);
    s->spare_fd = another_fd(s);
    if (fd >= 0 && s->stats)
        atomic_fetch_add(&s->stats->rejected_descriptors, 1);
    return fd >= 0;
}

bool shed_look(struct shed *s, int wait_ms)
{
    struct pollfd waiting = { .fd = s->listen_fd, .events = POLLIN };

    if (has_descriptors(s)) {
        if (s->spare_fd < 0)
            s->spare_fd = another_fd(s);
        return false;
    }
    for (int i = 0; i < AT_ONCE_MAX && poll(&waiting, 1, wait_ms) > 0; i++)
        if (!turn_one_away(s))
            break;
    return true;
}
