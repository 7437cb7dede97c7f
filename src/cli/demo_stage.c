#include "cli/demo_stage.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { FUSEBOX_GRACE_MS = 3000, PROXY_GRACE_MS = 1000 };

static const char *first_executable(const char *const *paths)
{
    for (; *paths; paths++)
        if (access(*paths, X_OK) == 0)
            return *paths;
    return NULL;
}

static enum err find_programs(struct demo_stage *s, struct diag *diag)
{
    static const char *const haproxy_paths[] = { "/usr/sbin/haproxy", "/usr/local/sbin/haproxy",
                                                 "/usr/bin/haproxy", "/usr/local/bin/haproxy",
                                                 NULL };
    static const char *const nginx_paths[] = { "/usr/sbin/nginx", "/usr/local/sbin/nginx",
                                               "/usr/bin/nginx", "/usr/local/bin/nginx", NULL };

    s->haproxy_path = first_executable(haproxy_paths);
    s->nginx_path = first_executable(nginx_paths);
    if (s->haproxy_path && s->nginx_path)
        return ERR_OK;
    return diag_set(diag, ERR_NOT_FOUND,
                    "the demonstration needs%s%s%s: install it with apt-get install%s%s",
                    s->haproxy_path ? "" : " haproxy",
                    s->haproxy_path || s->nginx_path ? "" : " and", s->nginx_path ? "" : " nginx",
                    s->haproxy_path ? "" : " haproxy", s->nginx_path ? "" : " nginx-light");
}

static void choose_nginx_user(struct demo_stage *s)
{
    if (geteuid() != 0)
        return;
    s->nginx_user = "nobody";
    s->nginx_group = getgrnam("nogroup") ? "nogroup" : "nobody";
}

static enum err make_dir(struct demo_stage *s, const char *data_dir, struct diag *diag)
{
    char path[DEMO_PATH_BYTES];
    enum err err;

    if (snprintf(path, sizeof path, "%s/demo", data_dir) >= (int)sizeof path)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", data_dir);
    err = file_make_dir(path, diag);
    if (err)
        return err;
    if (!realpath(path, s->dir))
        return diag_set(diag, ERR_IO, "cannot find %s: %s", path, strerror(errno));
    err = file_lock_dir(s->dir, &s->lock_fd, diag);
    if (err)
        s->dir[0] = '\0'; /* what is in it belongs to another */
    return err;
}

enum err demo_stage_init(struct demo_stage *s, const char *data_dir, struct diag *diag)
{
    enum err err;

    *s = (struct demo_stage){ .lock_fd = -1 };
    err = find_programs(s, diag);
    if (!err)
        err = make_dir(s, data_dir, diag);
    if (!err)
        err = demo_process_init(&s->processes[DEMO_HAPROXY], "haproxy", s->dir, diag);
    for (size_t tier = 0; !err && tier < DEMO_TIER_COUNT; tier++)
        err = demo_process_init(&s->processes[DEMO_NGINX_FIRST + tier], demo_tier_names[tier],
                                s->dir, diag);
    if (!err)
        err = demo_process_init(&s->processes[DEMO_FUSEBOX], "fusebox", s->dir, diag);
    choose_nginx_user(s);
    return err;
}

/* Writes DIR/NAME and gives up the buffer. */
static enum err write_config(const struct demo_stage *s, const char *name, struct buf *text,
                             struct diag *diag)
{
    char path[DEMO_PATH_BYTES];
    enum err err = buf_error(text);

    if (err)
        diag_set(diag, err, "no memory for %s", name);
    else if (snprintf(path, sizeof path, "%s/%s", s->dir, name) >= (int)sizeof path)
        err = diag_set(diag, ERR_LIMIT, "path too long: %.100s", s->dir);
    else
        err = file_write_atomic(path, buf_str(text), diag);
    buf_release(text);
    return err;
}

static enum err write_tier(const struct demo_stage *s, int tier, struct diag *diag)
{
    struct buf text = buf_limited(DEMO_CONFIG_MAX_BYTES);
    char name[32];

    snprintf(name, sizeof name, "%s.conf", demo_tier_names[tier]);
    demo_config_nginx(&text, &s->ports, tier, &s->tiers[tier], s->nginx_user, s->nginx_group);
    return write_config(s, name, &text, diag);
}

static enum err start_tier(struct demo_stage *s, int tier, struct diag *diag)
{
    const char *tier_name = demo_tier_names[tier];
    char prefix[DEMO_PATH_BYTES + 1], config[32];
    const char *argv[] = { s->nginx_path, "-p", prefix, "-c", config, "-e", "stderr", NULL };

    snprintf(prefix, sizeof prefix, "%s/", s->dir);
    snprintf(config, sizeof config, "%s.conf", tier_name);
    return demo_process_start(&s->processes[DEMO_NGINX_FIRST + tier], s->dir, argv, diag);
}

/* nginx makes the last folder of a path for temporary files, not its parents. */
static enum err make_temp_dir(const struct demo_stage *s, int tier, struct diag *diag)
{
    char path[DEMO_PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/%s-temp", s->dir, demo_tier_names[tier]) >=
        (int)sizeof path)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", s->dir);
    return file_make_dir(path, diag);
}

static enum err start_haproxy(struct demo_stage *s, struct diag *diag)
{
    struct buf text = buf_limited(DEMO_CONFIG_MAX_BYTES);
    const char *argv[] = { s->haproxy_path, "-db", "-f", "haproxy.cfg", NULL };
    enum err err;

    demo_config_haproxy(&text, &s->ports);
    err = write_config(s, "haproxy.cfg", &text, diag);
    if (err)
        return err;
    return demo_process_start(&s->processes[DEMO_HAPROXY], s->dir, argv, diag);
}

enum err demo_stage_start(struct demo_stage *s, struct diag *diag)
{
    int ports[DEMO_PORT_COUNT];
    enum err err = demo_ports_find(ports, DEMO_PORT_COUNT, diag);

    if (err)
        return err;
    memcpy(&s->ports, ports, sizeof s->ports);
    memset(s->tiers, 0, sizeof s->tiers);
    for (int tier = 0; !err && tier < DEMO_TIER_COUNT; tier++) {
        err = make_temp_dir(s, tier, diag);
        if (!err)
            err = write_tier(s, tier, diag);
        if (!err)
            err = start_tier(s, tier, diag);
    }
    return err ? err : start_haproxy(s, diag);
}

bool demo_stage_is_ready(const struct demo_stage *s)
{
    struct demo_address shop = { .host = "127.0.0.1", .port = s->ports.shop };
    struct demo_address exporter = { .host = "127.0.0.1", .port = s->ports.exporter };
    char path[64];

    for (int service = 0; service < DEMO_SERVICE_COUNT; service++) {
        snprintf(path, sizeof path, "/%s/", demo_service_names[service]);
        if (demo_http_status(&shop, path) != 200)
            return false;
    }
    return demo_http_status(&exporter, "/metrics") == 200;
}

enum err demo_stage_start_fusebox(struct demo_stage *s, const char *data_dir, const char *listen,
                                  int rate_per_s, struct diag *diag)
{
    struct buf text = buf_limited(DEMO_CONFIG_MAX_BYTES);
    char self[DEMO_PATH_BYTES] = "", config[DEMO_PATH_BYTES];
    const char *argv[] = { self,     "run",      "--config", config, "--data",
                           data_dir, "--listen", listen,     NULL };
    enum err err;

    demo_config_fusebox(&text, &s->ports, rate_per_s);
    err = write_config(s, "fusebox.yml", &text, diag);
    if (err)
        return err;
    if (snprintf(config, sizeof config, "%s/fusebox.yml", s->dir) >= (int)sizeof config)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", s->dir);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return diag_set(diag, ERR_IO, "cannot find our own executable: %s", strerror(errno));
    return demo_process_start(&s->processes[DEMO_FUSEBOX], NULL, argv, diag);
}

static enum err change_tier(struct demo_stage *s, int tier, struct diag *diag)
{
    struct demo_process *nginx = &s->processes[DEMO_NGINX_FIRST + tier];
    enum err err = write_tier(s, tier, diag);

    if (err)
        return err;
    if (s->tiers[tier].down)
        demo_process_signal(nginx, SIGKILL);
    else if (nginx->pid)
        demo_process_signal(nginx, SIGHUP);
    else
        return start_tier(s, tier, diag);
    return ERR_OK;
}

enum err demo_stage_play(struct demo_stage *s, const struct demo_scene *scene, struct diag *diag)
{
    for (int tier = 0; tier < DEMO_TIER_COUNT; tier++) {
        enum err err;

        if (demo_tier_state_equals(&s->tiers[tier], &scene->tiers[tier]))
            continue;
        s->tiers[tier] = scene->tiers[tier];
        err = change_tier(s, tier, diag);
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err demo_stage_mend(struct demo_stage *s, struct diag *diag)
{
    for (int tier = 0; tier < DEMO_TIER_COUNT; tier++) {
        enum err err;

        if (s->tiers[tier].down || s->processes[DEMO_NGINX_FIRST + tier].pid)
            continue;
        err = start_tier(s, tier, diag);
        if (err)
            return err;
    }
    return ERR_OK;
}

void demo_stage_stop(struct demo_stage *s)
{
    char socket_path[DEMO_PATH_BYTES];

    demo_processes_stop(&s->processes[DEMO_FUSEBOX], 1, FUSEBOX_GRACE_MS);
    demo_processes_stop(s->processes, DEMO_FUSEBOX, PROXY_GRACE_MS);
    if (s->dir[0] && snprintf(socket_path, sizeof socket_path, "%s/haproxy.sock", s->dir) <
                         (int)sizeof socket_path)
        unlink(socket_path);
}

void demo_stage_release(struct demo_stage *s)
{
    demo_stage_stop(s);
    if (s->dir[0] && s->lock_fd >= 0)
        close(s->lock_fd);
    s->lock_fd = -1;
}
