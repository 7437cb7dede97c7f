#include "cli/demo_config.h"

static void haproxy_backend(struct buf *out, const struct demo_ports *ports, int service)
{
    buf_printf(out, "\nbackend %s\n    balance roundrobin\n", demo_service_names[service]);
    for (int tier = 0; tier < DEMO_TIER_COUNT; tier++)
        buf_printf(out, "    server %s 127.0.0.1:%d check\n", demo_tier_names[tier],
                   ports->servers[tier][service]);
}

void demo_config_haproxy(struct buf *out, const struct demo_ports *ports)
{
    buf_printf(out,
               "# Written by `fusebox demo`.\n"
               "global\n"
               "    maxconn 500\n"
               "    nbthread 1\n"
               "    stats socket unix@haproxy.sock mode 600 level admin\n"
               "\n"
               "defaults\n"
               "    mode http\n"
               "    timeout connect 200ms\n"
               "    timeout client 10s\n"
               "    timeout server %dms\n"
               "    timeout queue 1s\n"
               "    timeout http-request 5s\n"
               "    timeout http-keep-alive 30s\n"
               "    retries 3\n"
               "    retry-on conn-failure empty-response response-timeout 503\n"
               "    option redispatch 1\n"
               "    option httpchk GET /health\n"
               "    default-server inter 1s fall 2 rise 2\n"
               "\n"
               "frontend shop\n"
               "    bind 127.0.0.1:%d\n"
               "    use_backend %%[path,field(2,/)]\n"
               "\n"
               "frontend exporter\n"
               "    bind 127.0.0.1:%d\n"
               "    http-request use-service prometheus-exporter if { path /metrics }\n"
               "    http-request return status 404\n",
               DEMO_SERVER_TIMEOUT_MS, ports->shop, ports->exporter);
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++)
        haproxy_backend(out, ports, service);
}

static void nginx_head(struct buf *out, const char *name, const char *user, const char *group)
{
    static const char *const temp_kinds[] = { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" };

    buf_printf(out, "# Written by `fusebox demo`; it changes with the scene.\n");
    if (user)
        buf_printf(out, "user %s %s;\n", user, group);
    buf_printf(out,
               "daemon off;\nworker_processes 1;\npid %s.pid;\nlock_file %s.lock;\n"
               "error_log %s.log warn;\n"
               "events {\n    worker_connections 512;\n}\n"
               "http {\n"
               "    access_log off;\n"
               "    default_type text/plain;\n"
               "    keepalive_timeout 60s;\n"
               "    keepalive_requests 1000000;\n",
               name, name, name);
    for (size_t i = 0; i < ARRAY_LEN(temp_kinds); i++)
        buf_printf(out, "    %s_temp_path %s-temp/%s;\n", temp_kinds[i], name, temp_kinds[i]);
}

/*
 * nginx has no directive that waits. A request without credentials to a place that wants them is
 * answered 401 after auth_delay, and error_page turns that into the answer: late, but right.
 */
static void nginx_server(struct buf *out, int port, const char *service)
{
    buf_printf(out,
               "    server {\n"
               "        listen 127.0.0.1:%d;\n"
               "        location = /health {\n"
               "            return 200 \"ok\\n\";\n"
               "        }\n"
               "        location / {\n"
               "            if ($fail_%s) {\n"
               "                return 503;\n"
               "            }\n"
               "            if ($slow_%s) {\n"
               "                rewrite ^ /slow last;\n"
               "            }\n"
               "            return 200 \"%s\\n\";\n"
               "        }\n"
               "        location = /slow {\n"
               "            internal;\n"
               "            auth_delay %dms;\n"
               "            auth_basic \"slow\";\n"
               "            auth_basic_user_file none;\n"
               "            error_page 401 =200 @late;\n"
               "        }\n"
               "        location @late {\n"
               "            return 200 \"%s\\n\";\n"
               "        }\n"
               "    }\n",
               port, service, service, service, DEMO_SLOW_ANSWER_MS, service);
}

/* A share of requests, drawn anew for every attempt. 0 % is no row: nginx refuses it. */
static void nginx_share(struct buf *out, const char *what, const char *service, double percent)
{
    buf_printf(out, "    split_clients \"${request_id}%s\" $%s_%s {\n", what, what, service);
    if (percent > 0)
        buf_printf(out, "        %.2f%% 1;\n", percent);
    buf_printf(out, "        * 0;\n    }\n");
}

void demo_config_nginx(struct buf *out, const struct demo_ports *ports, int tier,
                       const struct demo_tier_state *state, const char *user, const char *group)
{
    static const double healthy_fail_percent = 0.5; /* no real service is without */

    nginx_head(out, demo_tier_names[tier], user, group);
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++) {
        const char *name = demo_service_names[service];
        bool fails = service == DEMO_FAILING_SERVICE;

        nginx_share(out, "fail", name,
                    fails && state->fail_percent ? state->fail_percent : healthy_fail_percent);
        nginx_share(out, "slow", name, fails ? state->slow_percent : 0);
        nginx_server(out, ports->servers[tier][service], name);
    }
    buf_append_cstr(out, "}\n");
}

void demo_config_fusebox(struct buf *out, const struct demo_ports *ports, int rate_per_s)
{
    buf_printf(out,
               "# Written by `fusebox demo`.\n"
               "global:\n"
               "  scrape_interval: 1s\n"
               "\n"
               "scrape_configs:\n"
               "  - job_name: haproxy\n"
               "    static_configs:\n"
               "      - targets: ['127.0.0.1:%d']\n"
               "\n"
               "# catalog is not here: it is found by itself and gets the ratio model.\n"
               "services:\n"
               "  - name: orders\n"
               "    team: shop\n"
               "    environment: demo\n"
               "    dependencies: [payments, catalog]\n"
               "    max_retries_per_minute: %d\n"
               "    max_retries_per_hour: %d\n"
               "  - name: payments\n"
               "    team: money\n"
               "    environment: demo\n"
               "    max_retries_per_minute: %d\n"
               "    max_retries_per_hour: %d\n",
               ports->exporter, rate_per_s * 5, rate_per_s * 300, rate_per_s * 10,
               rate_per_s * 600);
}
