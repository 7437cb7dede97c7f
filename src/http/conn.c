#include "http/conn.h"

#include <linux/tcp.h> /* its tcp_info counts the bytes acknowledged, the C library's does not */
#include <netinet/in.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum {
    DRIP_SLACK_MS = 20,    /* the kernel counts in ticks */
    STATE_ESTABLISHED = 1, /* TCP_ESTABLISHED of netinet/tcp.h */
};

void conns_init(struct conns *conns, const struct conn_limits *limits, struct http_stats *stats)
{
    *conns = (struct conns){ .limits = *limits, .stats = stats };
    lock_init(&conns->lock, LOCK_RANK_HTTP);
}

void conns_release(struct conns *conns)
{
    lock_release(&conns->lock);
}

/* An IPv4 address becomes its mapped form, so that one table holds both kinds. */
static void address_key(const struct sockaddr *address, unsigned char key[CONN_ADDRESS_BYTES])
{
    memset(key, 0, CONN_ADDRESS_BYTES);
    if (address && address->sa_family == AF_INET)
        memcpy(key + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address && address->sa_family == AF_INET6)
        memcpy(key, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
}

static struct http_conn **bucket_of(struct conns *conns, const unsigned char *key)
{
    return &conns->buckets[hash_bytes(key, CONN_ADDRESS_BYTES) % CONN_BUCKETS];
}

bool conns_have_room(struct conns *conns, const struct sockaddr *address)
{
    unsigned char key[CONN_ADDRESS_BYTES];
    const struct conn_limits *limits = &conns->limits;
    int same = 0;
    bool room;

    address_key(address, key);
    lock_take(&conns->lock);
    for (struct http_conn *c = *bucket_of(conns, key); c; c = c->after)
        same += memcmp(c->address, key, sizeof key) == 0;
    room = (limits->max_connections <= 0 || conns->count < (size_t)limits->max_connections) &&
           (limits->max_per_address <= 0 || same < limits->max_per_address);
    lock_drop(&conns->lock);
    if (!room && conns->stats)
        atomic_fetch_add(&conns->stats->rejected_limit, 1);
    return room;
}

struct http_conn *conn_open(struct conns *conns, int fd, const struct sockaddr *address,
                            int64_t mono_ns)
{
    struct http_conn *conn = mem_alloc_zero(1, sizeof *conn), **bucket;

    if (!conn)
        return NULL;
    conn->fd = fd;
    address_key(address, conn->address);
    atomic_init(&conn->phase, CONN_HEADER);
    atomic_init(&conn->since_ns, mono_ns);
    atomic_init(&conn->deadline_ns, conn_deadline(mono_ns, conns->limits.header_ns));
    lock_take(&conns->lock);
    bucket = bucket_of(conns, conn->address);
    conn->after = *bucket;
    if (*bucket)
        (*bucket)->before = conn;
    *bucket = conn;
    conns->count++;
    lock_drop(&conns->lock);
    if (conns->stats)
        atomic_fetch_add(&conns->stats->connections_open, 1);
    return conn;
}

void conn_close(struct conns *conns, struct http_conn *conn)
{
    lock_take(&conns->lock);
    if (conn->before)
        conn->before->after = conn->after;
    else
        *bucket_of(conns, conn->address) = conn->after;
    if (conn->after)
        conn->after->before = conn->before;
    conns->count--;
    lock_drop(&conns->lock);
    if (conns->stats)
        atomic_fetch_sub(&conns->stats->connections_open, 1);
    mem_free(conn);
}

int64_t conn_deadline(int64_t mono_ns, int64_t allowed_ns)
{
    return allowed_ns > 0 ? mono_ns + allowed_ns : CONN_NO_DEADLINE;
}

void conn_enter(struct http_conn *conn, enum conn_phase phase, int64_t mono_ns, int64_t deadline_ns)
{
    atomic_store_explicit(&conn->phase, phase, memory_order_relaxed);
    atomic_store_explicit(&conn->since_ns, mono_ns, memory_order_relaxed);
    atomic_store_explicit(&conn->deadline_ns, deadline_ns, memory_order_release);
}

void conn_cut(struct http_conn *conn)
{
    shutdown(conn->fd, SHUT_RDWR);
}

static bool ask_kernel(const struct http_conn *conn, struct tcp_info *ret)
{
    socklen_t len = sizeof *ret;

    memset(ret, 0, sizeof *ret);
    return getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, ret, &len) == 0;
}

bool conn_is_half_closed(const struct http_conn *conn)
{
    struct tcp_info info;

    return ask_kernel(conn, &info) && info.tcpi_state != STATE_ESTABLISHED;
}

/* The first bytes of a request have come on an idle connection: the header deadline begins. */
static void watch_for_drip(struct conns *conns, struct http_conn *conn, int64_t deadline,
                           int64_t mono_ns)
{
    int64_t since = atomic_load_explicit(&conn->since_ns, memory_order_relaxed), came, sooner;
    struct tcp_info info;

    if (conn->dripping_since_ns == since || !ask_kernel(conn, &info))
        return;
    came = mono_ns - (int64_t)info.tcpi_last_data_recv * 1000000;
    if (came < since + (int64_t)DRIP_SLACK_MS * 1000000)
        return;
    conn->dripping_since_ns = since;
    sooner = conn_deadline(came, conns->limits.header_ns);
    if (sooner <
        deadline) /* fails when the request is complete by now, and then it does not apply */
        atomic_compare_exchange_strong(&conn->deadline_ns, &deadline, sooner);
}

/* True when the client has not taken a byte of its answer for too long. */
static bool has_stalled(struct conns *conns, struct http_conn *conn, int64_t mono_ns)
{
    int64_t since = atomic_load_explicit(&conn->since_ns, memory_order_relaxed);
    struct tcp_info info;

    if (conns->limits.body_ns <= 0 || mono_ns - since < conns->limits.body_ns ||
        !ask_kernel(conn, &info))
        return false;
    if (conn->progress_ns < since || info.tcpi_bytes_acked != conn->acked_bytes) {
        conn->acked_bytes = info.tcpi_bytes_acked;
        conn->progress_ns = mono_ns;
    }
    return mono_ns - conn->progress_ns >= conns->limits.body_ns;
}

static void end_late(struct conns *conns, struct http_conn *conn, int phase)
{
    int64_t since = atomic_load_explicit(&conn->since_ns, memory_order_relaxed);
    bool in_request = phase == CONN_HEADER || phase == CONN_BODY ||
                      (phase == CONN_IDLE && conn->dripping_since_ns == since);

    if (in_request && conns->stats)
        atomic_fetch_add(&conns->stats->rejected_deadline, 1);
    shutdown(conn->fd, SHUT_RDWR);
    conn->ended = true;
}

static void check(struct conns *conns, struct http_conn *conn, int64_t mono_ns)
{
    int64_t deadline = atomic_load_explicit(&conn->deadline_ns, memory_order_acquire);
    int phase = atomic_load_explicit(&conn->phase, memory_order_relaxed);

    if (conn->ended)
        return;
    if (mono_ns >= deadline || (phase == CONN_REPLY && has_stalled(conns, conn, mono_ns)))
        end_late(conns, conn, phase);
    else if (phase == CONN_IDLE)
        watch_for_drip(conns, conn, deadline, mono_ns);
}

void conns_sweep(struct conns *conns, int64_t mono_ns)
{
    lock_take(&conns->lock);
    for (size_t i = 0; i < CONN_BUCKETS; i++) {
        for (struct http_conn *c = conns->buckets[i]; c; c = c->after)
            check(conns, c, mono_ns);
    }
    lock_drop(&conns->lock);
}

size_t conns_shut_down(struct conns *conns, bool everyone)
{
    size_t busy_count = 0;

    lock_take(&conns->lock);
    for (size_t i = 0; i < CONN_BUCKETS; i++) {
        for (struct http_conn *c = conns->buckets[i]; c; c = c->after) {
            int phase = atomic_load_explicit(&c->phase, memory_order_relaxed);
            bool busy = phase == CONN_HANDLE || phase == CONN_REPLY || phase == CONN_STREAM;

            busy_count += busy;
            if (!busy || everyone)
                shutdown(c->fd, SHUT_RDWR);
        }
    }
    lock_drop(&conns->lock);
    return busy_count;
}
