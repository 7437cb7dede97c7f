#include "http/shed.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A descriptor for nothing; -1: there is none. */
static int another_fd(const struct shed *s)
{
    return fcntl(s->any_fd, F_DUPFD_CLOEXEC, 0);
}

/* Holds descriptors back as long as one more is free. */
static void hold_back(struct shed *s)
{
    while (s->spare_count < SHED_SPARES) {
        int first = another_fd(s), second = first < 0 ? -1 : another_fd(s);

        if (second >= 0) {
            close(second);
            s->spares[s->spare_count++] = first;
            continue;
        }
        if (first >= 0)
            close(first);
        return;
    }
}

void shed_init(struct shed *s, int any_fd)
{
    *s = (struct shed){ .any_fd = any_fd };
    hold_back(s);
}

void shed_release(struct shed *s)
{
    while (s->spare_count)
        close(s->spares[--s->spare_count]);
}

void shed_look(struct shed *s)
{
    int fd = another_fd(s);

    if (fd >= 0) {
        size_t before = s->spare_count;

        close(fd);
        hold_back(s);
        /* With one free descriptor, the one that was set free, nothing has changed. */
        if (s->spare_count > before || s->spare_count == SHED_SPARES)
            atomic_store(&s->out, false);
    } else if (errno == EMFILE || errno == ENFILE) {
        atomic_store(&s->out, true);
        if (s->spare_count)
            close(s->spares[--s->spare_count]);
    }
}
