#include "cli/demo.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/demo_driver.h"
#include "cli/demo_stage.h"

enum {
    START_TRIES = 3, /* somebody may take a port between our finding and using it */
    PROXY_READY_MS = 8000,
    FUSEBOX_READY_MS = 30000, /* a data folder from before is read first */
    LOOK_MS = 100,
    MEND_MS = 1000,
};
static const int64_t NS_PER_MS = 1000000;
static const char DEFAULT_LISTEN[] = "127.0.0.1:8080";

struct demo {
    struct demo_options opt;
    struct demo_stage stage;
    struct demo_driver *driver;
    struct demo_address listen;
    struct clock clock;
    int signal_fd;
    bool asked_to_stop;
    size_t scene_idx;
    int64_t began_mono_ns;
    int64_t mended_mono_ns;
};

static void say(const char *format, ...) PRINTF_LIKE(1, 2);

static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

/* Signals become readable. They stay blocked: the process ends with the demonstration. */
static enum err watch_signals(struct demo *d, struct diag *diag)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    d->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (d->signal_fd < 0)
        return diag_set(diag, ERR_IO, "cannot watch for signals");
    return ERR_OK;
}

static void take_signals(struct demo *d)
{
    struct signalfd_siginfo info;

    while (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD)
            d->asked_to_stop = true;
    demo_processes_reap(d->stage.processes, DEMO_ROLE_COUNT);
}

/* Waits for signals, and for the driver's connections if there are any. */
static void wait_for_events(struct demo *d, int64_t wait_ns)
{
    struct pollfd fds[] = { { .fd = d->signal_fd, .events = POLLIN },
                            { .fd = d->driver ? demo_driver_fd(d->driver) : -1,
                              .events = POLLIN } };
    struct timespec wait = { .tv_sec = (time_t)(wait_ns / 1000000000),
                             .tv_nsec = (long)(wait_ns % 1000000000) };

    ppoll(fds, 2, &wait, NULL);
    take_signals(d);
}

/* The last thing that the program said, for a person who wonders why it ended. */
static enum err ended_early(const struct demo_process *p, struct diag *diag)
{
    char tail[200] = "";
    FILE *log = fopen(p->log_path, "re");
    char line[200];

    while (log && fgets(line, sizeof line, log))
        snprintf(tail, sizeof tail, "%.*s", (int)strcspn(line, "\n"), line);
    if (log)
        fclose(log);
    return diag_set(diag, ERR_UNAVAILABLE, "%s ended: %.120s (log: %.80s)", p->name, tail,
                    p->log_path);
}

/* The first `count` must run. Later a tier that ends is mended instead (demo_stage_mend). */
static enum err check_processes(const struct demo *d, size_t count, struct diag *diag)
{
    for (size_t i = 0; i < count; i++)
        if (!d->stage.processes[i].pid)
            return ended_early(&d->stage.processes[i], diag);
    if (d->driver && !d->opt.only_scene && !d->stage.processes[DEMO_FUSEBOX].pid)
        return ended_early(&d->stage.processes[DEMO_FUSEBOX], diag);
    return ERR_OK;
}

/* ERR_CANCELLED when a signal came, ERR_UNAVAILABLE when it ended, ERR_TIMEOUT. */
static enum err wait_for_proxy(struct demo *d, struct diag *diag)
{
    int64_t until_ns = clock_mono_ns(&d->clock) + PROXY_READY_MS * NS_PER_MS;

    while (!demo_stage_is_ready(&d->stage)) {
        enum err err;

        wait_for_events(d, LOOK_MS * NS_PER_MS);
        if (d->asked_to_stop)
            return ERR_CANCELLED;
        err = check_processes(d, DEMO_FUSEBOX, diag);
        if (err)
            return err;
        if (clock_mono_ns(&d->clock) > until_ns)
            return diag_set(diag, ERR_TIMEOUT, "HAProxy does not answer; its log: %.150s",
                            d->stage.processes[DEMO_HAPROXY].log_path);
    }
    return ERR_OK;
}

static enum err start_stage(struct demo *d, struct diag *diag)
{
    enum err err = ERR_OK;

    for (int i = 0; i < START_TRIES; i++) {
        *diag = (struct diag){ .code = ERR_OK };
        err = demo_stage_start(&d->stage, diag);
        if (!err)
            err = wait_for_proxy(d, diag);
        if (!err || err == ERR_CANCELLED || err == ERR_NOT_FOUND)
            return err;
        demo_stage_stop(&d->stage);
    }
    return err;
}

static enum err choose_listen(struct demo *d, struct diag *diag)
{
    const char *text = d->opt.listen ? d->opt.listen : DEFAULT_LISTEN;
    enum err err = demo_address_parse(text, &d->listen, diag);

    if (err || demo_address_is_free(&d->listen))
        return err;
    if (d->opt.listen)
        return diag_set(diag, ERR_CONFLICT, "%s is taken: give another --listen", text);
    d->listen.port = 0;
    if (!demo_address_is_free(&d->listen))
        return diag_set(diag, ERR_IO, "no free port on %s", d->listen.host);
    say("fusebox     port 8080 is taken by another program: using %d", d->listen.port);
    return ERR_OK;
}

static enum err wait_for_fusebox(struct demo *d, struct diag *diag)
{
    int64_t until_ns = clock_mono_ns(&d->clock) + FUSEBOX_READY_MS * NS_PER_MS;

    while (demo_http_status(&d->listen, "/-/ready") != 200) {
        wait_for_events(d, LOOK_MS * NS_PER_MS);
        if (d->asked_to_stop)
            return ERR_CANCELLED;
        if (!d->stage.processes[DEMO_FUSEBOX].pid)
            return ended_early(&d->stage.processes[DEMO_FUSEBOX], diag);
        if (clock_mono_ns(&d->clock) > until_ns)
            return diag_set(diag, ERR_TIMEOUT, "Fusebox does not become ready; its log: %.150s",
                            d->stage.processes[DEMO_FUSEBOX].log_path);
    }
    return ERR_OK;
}

static enum err start_fusebox(struct demo *d, struct diag *diag)
{
    char data_dir[DEMO_PATH_BYTES], listen[DEMO_HOST_BYTES + 16];
    enum err err = choose_listen(d, diag);

    if (err)
        return err;
    if (snprintf(data_dir, sizeof data_dir, "%s/fusebox", d->opt.data_dir) >= (int)sizeof data_dir)
        return diag_set(diag, ERR_LIMIT, "path too long: %.100s", d->opt.data_dir);
    snprintf(listen, sizeof listen, d->listen.is_v6 ? "[%s]:%d" : "%s:%d", d->listen.host,
             d->listen.port);
    err = demo_stage_start_fusebox(&d->stage, data_dir, listen, d->opt.rate_per_s, diag);
    return err ? err : wait_for_fusebox(d, diag);
}

static enum err start_all(struct demo *d, struct diag *diag)
{
    enum err err = demo_stage_init(&d->stage, d->opt.data_dir, diag);

    if (!err) {
        say("haproxy     %s", d->stage.haproxy_path);
        say("nginx       %s, three times: nginx-a, nginx-b, nginx-c", d->stage.nginx_path);
        say("folder      %s", d->stage.dir);
        err = start_stage(d, diag);
    }
    if (err)
        return err;
    say("services    orders, payments, catalog: three servers each, all up");
    if (!d->opt.only_scene)
        err = start_fusebox(d, diag);
    if (err)
        return err;
    d->began_mono_ns = clock_mono_ns(&d->clock);
    return demo_driver_open(d->stage.ports.shop, d->opt.rate_per_s, d->began_mono_ns, &d->driver,
                            diag);
}

/* The last lines of the start; what looks for a URL takes the last one. */
static void say_ready(const struct demo *d)
{
    bool any = strcmp(d->listen.host, "0.0.0.0") == 0 || strcmp(d->listen.host, "::") == 0;

    say("traffic     %d calls a second to each service", d->opt.rate_per_s);
    if (d->opt.only_scene)
        say("\nScrape http://127.0.0.1:%d/metrics  (Ctrl-C ends it all)\n",
            d->stage.ports.exporter);
    else
        say("\nOpen http://%s%s%s:%d/ui/  (Ctrl-C ends it all)\n", d->listen.is_v6 ? "[" : "",
            any ? (d->listen.is_v6 ? "::1" : "127.0.0.1") : d->listen.host,
            d->listen.is_v6 ? "]" : "", d->listen.port);
}

static void say_scene(const struct demo *d, const char *text)
{
    char now[CLOCK_RFC3339_BYTES];

    clock_format_rfc3339(clock_wall_ms(&d->clock), now);
    say("%.8s %s", now + 11, text);
}

static enum err play_scene(struct demo *d, int64_t mono_ns, struct diag *diag)
{
    size_t idx = demo_scene_at((mono_ns - d->began_mono_ns) / NS_PER_MS);

    if (idx != d->scene_idx) {
        d->scene_idx = idx;
        say_scene(d, demo_scene_get(idx)->text);
        d->mended_mono_ns = mono_ns;
        return demo_stage_play(&d->stage, demo_scene_get(idx), diag);
    }
    if (mono_ns - d->mended_mono_ns < MEND_MS * NS_PER_MS)
        return ERR_OK;
    d->mended_mono_ns = mono_ns;
    return demo_stage_mend(&d->stage, diag);
}

static enum err play(struct demo *d, struct diag *diag)
{
    say_scene(d, demo_scene_get(0)->text);
    for (;;) {
        int64_t mono_ns = clock_mono_ns(&d->clock);
        int64_t next_ns = demo_driver_run(d->driver, mono_ns);
        enum err err = play_scene(d, mono_ns, diag);

        if (!err)
            err = check_processes(d, DEMO_HAPROXY + 1, diag);
        if (err || d->asked_to_stop)
            return err;
        if (d->opt.duration_ms && mono_ns - d->began_mono_ns >= d->opt.duration_ms * NS_PER_MS)
            return ERR_OK;
        wait_for_events(d, next_ns > mono_ns ? next_ns - mono_ns : 0);
    }
}

static void say_counts(const struct demo *d)
{
    for (int service = 0; service < DEMO_SERVICE_COUNT; service++) {
        struct demo_counts c = demo_driver_counts(d->driver, service);

        say("%-11s %llu calls answered, %llu failed, %llu not made", demo_service_names[service],
            (unsigned long long)c.good, (unsigned long long)c.errors,
            (unsigned long long)c.skipped);
    }
}

static enum err check_options(struct demo_options *opt, struct diag *diag)
{
    if (!opt->data_dir)
        opt->data_dir = "./fusebox-data";
    if (!opt->rate_per_s)
        opt->rate_per_s = DEMO_RATE_DEFAULT_PER_S;
    if (opt->rate_per_s < 1 || opt->rate_per_s > DEMO_RATE_MAX_PER_S)
        return diag_set(diag, ERR_INVALID, "the rate is 1 to %d calls a second",
                        DEMO_RATE_MAX_PER_S);
    if (opt->duration_ms < 0)
        return diag_set(diag, ERR_INVALID, "the duration cannot be negative");
    return ERR_OK;
}

int demo_run(const struct demo_options *opt)
{
    struct demo d = { .opt = *opt, .clock = clock_system(), .signal_fd = -1 };
    struct diag diag = { .code = ERR_OK };
    enum err err = check_options(&d.opt, &diag);

    if (!err)
        err = watch_signals(&d, &diag);
    if (!err)
        err = start_all(&d, &diag);
    if (!err) {
        say_ready(&d);
        err = play(&d, &diag);
        say("ending      %shaproxy, nginx", d.opt.only_scene ? "" : "fusebox, ");
        say_counts(&d);
    }
    demo_driver_close(d.driver);
    demo_stage_release(&d.stage);
    if (d.signal_fd >= 0)
        close(d.signal_fd);
    if (d.asked_to_stop)
        return 0;
    if (err)
        fprintf(stderr, "fusebox demo: %s\n", diag_text(&diag));
    return err_exit_code(err);
}
