#include "cli/demo_driver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum { EVENTS_AT_ONCE = 64, REQUEST_BYTES = 128, EXPIRY_LOOK_MS = 100 };
static const int64_t NS_PER_S = 1000000000, NS_PER_MS = 1000000;

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_IDLE, LINK_WAITING };

/* One connection; it carries one call at a time. */
struct link {
    enum link_state state;
    int fd;
    int service;
    int64_t deadline_mono_ns;
    size_t len;
    char answer[DEMO_ANSWER_MAX_BYTES];
};

struct demo_driver {
    int epoll_fd;
    struct sockaddr_in to;
    int64_t interval_ns;
    int64_t due_mono_ns[DEMO_SERVICE_COUNT];
    struct demo_counts counts[DEMO_SERVICE_COUNT];
    struct link links[DEMO_CALLS_MAX];
};

static void close_link(struct link *l)
{
    close(l->fd); /* leaves the epoll set by itself */
    l->state = LINK_CLOSED;
}

static void fail_call(struct demo_driver *d, struct link *l)
{
    d->counts[l->service].errors++;
    close_link(l);
}

static void send_request(struct demo_driver *d, struct link *l)
{
    char text[REQUEST_BYTES];
    int len = snprintf(text, sizeof text, "GET /%s/item HTTP/1.1\r\nHost: shop\r\n\r\n",
                       demo_service_names[l->service]);
    struct epoll_event want = { .events = EPOLLIN, .data.ptr = l };

    l->state = LINK_WAITING;
    l->len = 0;
    if (send(l->fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len ||
        epoll_ctl(d->epoll_fd, EPOLL_CTL_MOD, l->fd, &want) < 0)
        fail_call(d, l);
}

static void connect_link(struct demo_driver *d, struct link *l)
{
    struct epoll_event want = { .events = EPOLLOUT, .data.ptr = l };

    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (l->fd < 0) {
        d->counts[l->service].errors++;
        return;
    }
    l->state = LINK_CONNECTING;
    if ((connect(l->fd, (struct sockaddr *)&d->to, sizeof d->to) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, l->fd, &want) < 0)
        fail_call(d, l);
}

static struct link *find_link(struct demo_driver *d, enum link_state state)
{
    for (size_t i = 0; i < DEMO_CALLS_MAX; i++)
        if (d->links[i].state == state)
            return &d->links[i];
    return NULL;
}

static void begin_call(struct demo_driver *d, int service, int64_t mono_ns)
{
    struct link *idle = find_link(d, LINK_IDLE);
    struct link *l = idle ? idle : find_link(d, LINK_CLOSED);

    if (!l) {
        d->counts[service].skipped++;
        return;
    }
    l->service = service;
    l->deadline_mono_ns = mono_ns + DEMO_CALL_WAIT_MS * NS_PER_MS;
    if (idle)
        send_request(d, l);
    else
        connect_link(d, l);
}

/* Value of a header of the answer's head, or nothing. */
static struct str header_of(struct str head, struct str name)
{
    while (head.len) {
        struct str line, key;

        head = str_cut(head, '\n', &line);
        line = str_cut(line, ':', &key);
        if (str_equals_nocase(key, name))
            return str_trim(line);
    }
    return STR_NONE;
}

/* Bytes of the whole answer, or 0 while its head is not complete. */
static size_t answer_len(const struct link *l, struct str *ret_head)
{
    const char *end = memmem(l->answer, l->len, "\r\n\r\n", 4);
    int64_t body_len = 0;

    if (!end)
        return 0;
    *ret_head = (struct str){ l->answer, (size_t)(end - l->answer) };
    if (!str_parse_i64(header_of(*ret_head, STR("content-length")), &body_len) || body_len < 0)
        body_len = 0;
    return ret_head->len + 4 + (size_t)body_len;
}

static void count_answer(struct demo_driver *d, const struct link *l, struct str head)
{
    bool good = str_has_prefix(head, STR("HTTP/1.1 ")) && head.len > 9 && head.ptr[9] < '5';

    if (good)
        d->counts[l->service].good++;
    else
        d->counts[l->service].errors++;
}

static void take_answer(struct demo_driver *d, struct link *l)
{
    struct str head = STR_NONE;
    ssize_t got = recv(l->fd, l->answer + l->len, sizeof l->answer - l->len, 0);
    size_t need;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (l->state == LINK_IDLE) { /* the peer has closed it, or says what nobody asked */
        close_link(l);
        return;
    }
    if (got <= 0) {
        fail_call(d, l);
        return;
    }
    l->len += (size_t)got;
    need = answer_len(l, &head);
    if (!need || need > l->len) {
        if (l->len == sizeof l->answer)
            fail_call(d, l);
        return;
    }
    count_answer(d, l, head);
    l->state = LINK_IDLE;
    l->len = 0;
    if (str_equals_nocase(header_of(head, STR("connection")), STR("close")))
        close_link(l);
}

static void take_events(struct demo_driver *d)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int count = epoll_wait(d->epoll_fd, events, EVENTS_AT_ONCE, 0);

    for (int i = 0; i < count; i++) {
        struct link *l = events[i].data.ptr;

        if (l->state == LINK_CONNECTING)
            send_request(d, l); /* a refused connection fails in there */
        else if (l->state != LINK_CLOSED)
            take_answer(d, l);
    }
}

static void expire_calls(struct demo_driver *d, int64_t mono_ns)
{
    for (size_t i = 0; i < DEMO_CALLS_MAX; i++) {
        struct link *l = &d->links[i];

        if ((l->state == LINK_CONNECTING || l->state == LINK_WAITING) &&
            l->deadline_mono_ns <= mono_ns)
            fail_call(d, l);
    }
}

int64_t demo_driver_run(struct demo_driver *d, int64_t mono_ns)
{
    int64_t next_ns = mono_ns + EXPIRY_LOOK_MS * NS_PER_MS;

    take_events(d);
    expire_calls(d, mono_ns);
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++) {
        if (mono_ns - d->due_mono_ns[service] > NS_PER_S)
            d->due_mono_ns[service] = mono_ns; /* we were stopped: do not make up for it */
        while (d->due_mono_ns[service] <= mono_ns) {
            begin_call(d, service, mono_ns);
            d->due_mono_ns[service] += d->interval_ns;
        }
        if (d->due_mono_ns[service] < next_ns)
            next_ns = d->due_mono_ns[service];
    }
    return next_ns;
}

enum err demo_driver_open(int port, int rate_per_s, int64_t mono_ns, struct demo_driver **ret,
                          struct diag *diag)
{
    struct demo_driver *d = mem_alloc_zero(1, sizeof *d);

    if (!d)
        return diag_set(diag, ERR_NOMEM, "no memory for the traffic driver");
    d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (d->epoll_fd < 0) {
        mem_free(d);
        return diag_set(diag, ERR_IO, "cannot watch connections: %s", strerror(errno));
    }
    d->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    d->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    d->interval_ns = NS_PER_S / rate_per_s;
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++)
        d->due_mono_ns[service] = mono_ns + d->interval_ns * service / DEMO_SERVICE_COUNT;
    *ret = d;
    return ERR_OK;
}

void demo_driver_close(struct demo_driver *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < DEMO_CALLS_MAX; i++)
        if (d->links[i].state != LINK_CLOSED)
            close_link(&d->links[i]);
    close(d->epoll_fd);
    mem_free(d);
}

int demo_driver_fd(const struct demo_driver *d)
{
    return d->epoll_fd;
}

struct demo_counts demo_driver_counts(const struct demo_driver *d, int service)
{
    return d->counts[service];
}
