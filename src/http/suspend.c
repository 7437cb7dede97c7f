/*
 * The words of conn.h that need the library, or the server's clock and limits. They
 * stand apart from transport.c, so that those whom it calls need not include it.
 */
#include <microhttpd.h>

#include "http/server_state.h"

void conn_suspend(struct http_conn *conn)
{
    MHD_suspend_connection(conn->mhd);
}

void conn_resume(struct http_conn *conn)
{
    MHD_resume_connection(conn->mhd);
}

int64_t conn_now_ns(const struct http_conn *conn)
{
    return clock_mono_ns(&conn->server->clock);
}

void conn_allow(struct http_conn *conn, uint64_t answer_bytes)
{
    int64_t since_ns = atomic_load_explicit(&conn->since_ns, memory_order_relaxed);
    int64_t deadline_ns = conn_deadline(since_ns, conn->server->conns.limits.body_ns);

    if (deadline_ns != CONN_NO_DEADLINE)
        deadline_ns += (int64_t)(answer_bytes / CONN_MIN_BYTES_PER_S) * 1000000000;
    atomic_store_explicit(&conn->deadline_ns, deadline_ns, memory_order_release);
}
