/*
 * Life cycle of the server, and the sweeper: one thread that looks at every deadline.
 *
 * Stopping goes from the outside in: no new connections; parked requests and streams are told;
 * what is being answered may finish for a moment; then the library closes the rest. Nothing is
 * suspended by then, which the library demands.
 */
#include "http/server_state.h"

#include <unistd.h>

#include "base/mem.h"
#include "http/listen.h"

enum {
    SWEEP_MIN_MS = 5,
    SWEEP_MAX_MS = 1000,
    SHED_LOOK_MS = 50,
    DRAIN_STEP_MS = 5,
    DRAIN_MAX_MS = 1000,
};

static int64_t least_positive(int64_t a, int64_t b)
{
    return b > 0 && b < a ? b : a;
}

/* A quarter of the shortest deadline, so that none is missed by more than that. */
static int64_t sweep_interval_ns(const struct http_options *o)
{
    int64_t ms = (int64_t)SWEEP_MAX_MS * 4;

    ms = least_positive(ms, o->header_timeout_ms);
    ms = least_positive(ms, o->body_timeout_ms);
    ms = least_positive(ms, o->idle_timeout_ms);
    ms = least_positive(ms, o->request_timeout_ms);
    ms /= 4;
    return (ms < SWEEP_MIN_MS ? SWEEP_MIN_MS : ms) * 1000000;
}

static void sweep_all(struct http_server *server, int64_t mono_ns)
{
    conns_sweep(&server->conns, mono_ns);
    park_sweep(server->park, mono_ns);
    hubs_sweep(&server->hubs, mono_ns);
}

static void *sweep(void *arg)
{
    struct http_server *server = arg;
    int64_t interval_ns = sweep_interval_ns(&server->options), swept_ns = 0;
    int64_t pause_ns = least_positive(interval_ns, (int64_t)SHED_LOOK_MS * 1000000);
    void *nothing;

    while (queue_pop(&server->ticks, pause_ns, &nothing) == ERR_TIMEOUT) {
        int64_t mono_ns = clock_mono_ns(&server->clock);

        shed_look(&server->shed);
        if (mono_ns + pause_ns / 2 >= swept_ns + interval_ns) {
            sweep_all(server, mono_ns);
            swept_ns = mono_ns;
        }
    }
    return NULL;
}

static void drop_nothing(void *item)
{
    (void)item;
}

/* Frees what start has built so far; the daemon has ended or never ran. */
static void server_free(struct http_server *server)
{
    if (!server)
        return;
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    router_free(server->router);
    park_unref(server->park);
    conns_release(&server->conns);
    queue_release(&server->ticks);
    queue_release(&server->drains);
    hubs_release(&server->hubs);
    mem_free(server->hosts);
    mem_free(server);
}

static enum err build(struct http_server *server, struct diag *diag)
{
    struct http_options *o = &server->options;
    enum err err;

    server->hosts = mem_copy(o->hosts.ptr, o->hosts.len);
    server->park = park_new(HTTP_PARKED_MAX, o->request_timeout_ms, o->stats);
    if (!server->hosts || !server->park)
        return ERR_NOMEM;
    err = router_new(o->routes, o->route_count, &server->router, diag);
    if (err)
        return err;
    server->guard.hosts = o->hosts = (struct str){ server->hosts, o->hosts.len };
    server->guard.serves_addresses = !guard_is_loopback(str_of(o->address));
    server->admission = (struct admission){ .guard = &server->guard,
                                            .router = server->router,
                                            .auth = o->auth,
                                            .fallback = o->fallback,
                                            .stats = o->stats };
    err = queue_init(&server->ticks, 1, QUEUE_REFUSE, drop_nothing);
    if (!err)
        err = queue_init(&server->drains, 1, QUEUE_REFUSE, drop_nothing);
    return err;
}

static struct http_server *server_new(const struct http_options *options)
{
    struct http_server *server = mem_alloc_zero(1, sizeof *server);
    struct conn_limits limits = {
        .max_connections = options->max_connections,
        .max_per_address = options->max_connections_per_ip,
        .header_ns = options->header_timeout_ms * 1000000,
        .body_ns = options->body_timeout_ms * 1000000,
        .idle_ns = options->idle_timeout_ms * 1000000,
    };

    if (!server)
        return NULL;
    server->listen_fd = -1;
    server->options = *options;
    server->clock = clock_system();
    hubs_init(&server->hubs);
    conns_init(&server->conns, &limits, options->stats);
    return server;
}

static enum err run_threads(struct http_server *server, struct diag *diag)
{
    enum err err = ERR_UNAVAILABLE;

    shed_init(&server->shed, server->listen_fd);
    if (!transport_start(server, server->listen_fd)) {
        diag_set(diag, err, "the HTTP threads do not start");
    } else {
        err = thread_start(&server->sweeper, "http-sweep", sweep, server);
        if (err)
            transport_stop(server);
    }
    if (err)
        shed_release(&server->shed);
    return err;
}

enum err http_server_start(const struct http_options *options, struct http_server **ret,
                           struct diag *diag)
{
    struct http_server *server = server_new(options);
    enum err err;

    if (!server)
        return diag_set(diag, ERR_NOMEM, "no memory for the HTTP server");
    err = build(server, diag);
    if (!err)
        err = listen_open(options->address, options->port, &server->listen_fd, &server->port, diag);
    if (!err)
        err = run_threads(server, diag);
    if (err) {
        server_free(server);
        return diag_set(diag, err, "the HTTP server does not start: %s", err_text(err));
    }
    *ret = server;
    return ERR_OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

/* Answers that are under way may finish, for a moment. */
static void drain(struct http_server *server)
{
    enum err waited = ERR_TIMEOUT;
    void *nothing;

    for (int ms = 0; ms < DRAIN_MAX_MS && waited == ERR_TIMEOUT; ms += DRAIN_STEP_MS) {
        if (conns_shut_down(&server->conns, false) == 0)
            return;
        waited = queue_pop(&server->drains, (int64_t)DRAIN_STEP_MS * 1000000, &nothing);
    }
}

void http_server_stop(struct http_server *server)
{
    if (!server)
        return;
    server->stopping = true;
    park_stop(server->park);
    hubs_stop(&server->hubs);
    drain(server);
    queue_close(&server->ticks);
    thread_stop(&server->sweeper);
    shed_release(&server->shed);
    transport_stop(server);
    server_free(server);
}
