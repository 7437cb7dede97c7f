/*
 * The three words of conn.h that need the library or the server's clock. They
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
