#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "daemon/listen_auth.h"
#include "daemon/parts.h"
#include "daemon/reload.h"

static const int EXIT_SYNC_FAILED = 74; /* EX_IOERR of sysexits.h */

static void print_errors(FILE *out, const struct config_errors *errors)
{
    struct buf text = buf_limited(256 << 10);

    config_errors_print(errors, &text);
    fwrite(text.data ? text.data : "", 1, text.len, out);
    buf_release(&text);
}

static enum err load_config(struct daemon *d)
{
    struct config_errors errors;
    enum err err;

    config_errors_init(&errors);
    err = config_load(d->sources, &d->config, &errors);
    if (err || errors.warnings.count)
        print_errors(d->err_out, &errors);
    config_errors_release(&errors);
    return err;
}

static enum log_format log_format_of(const struct config *cfg)
{
    return str_equals(config_text(cfg, OPT_LOG_FORMAT), STR("json")) ? LOG_FORMAT_JSON
                                                                     : LOG_FORMAT_LOGFMT;
}

static enum log_level log_level_of(const struct config *cfg)
{
    enum log_level level = LOG_INFO;

    (void)log_level_parse(config_text(cfg, OPT_LOG_LEVEL), &level);
    return level;
}

static void take_over(struct daemon *d, struct config *cfg)
{
    reload_warn_of_restarts(&d->log, d->config, cfg);
    log_set_level(&d->log, log_level_of(cfg));
    parts_set_retention(d, cfg);
    api_set_config(&d->api, cfg);
    scrape_reload(d->scraper, cfg);
    if (evaluate_thread_push_config(&d->evaluate, cfg))
        log_message(&d->log, LOG_WARN, "the services of the new configuration were not taken over");
    state_thread_set_config(&d->state, cfg);
    config_unref(d->config);
    d->config = cfg;
}

/* Requests from now on are judged by the secrets of `cfg`. */
static enum err renew_auth(struct daemon *d, const struct config *cfg, struct diag *diag)
{
    struct auth auth;
    enum err err = listen_auth_init(&auth, cfg, &d->listen, diag);

    if (err)
        return err;
    err = auth_desk_set(&d->auth, &auth);
    if (err)
        return diag_set(diag, err, "%s", err_text(err));
    listen_auth_warn(&auth, &d->listen, &d->log);
    return ERR_OK;
}

/* What comes first can fail; then nothing has been taken over. */
static enum err load_anew(struct daemon *d, struct config **ret, struct config_errors *errors)
{
    struct config *cfg = NULL;
    struct diag diag = { 0 };
    enum err err = config_load(d->sources, &cfg, errors);

    if (err)
        return err;
    err = renew_auth(d, cfg, &diag);
    if (err) {
        reload_add_error(errors, &diag);
        config_unref(cfg);
        return err;
    }
    *ret = cfg;
    return ERR_OK;
}

static void reload(struct daemon *d)
{
    struct config_errors errors;
    struct config *cfg = NULL;
    void *parked;
    enum err err;

    config_errors_init(&errors);
    err = load_anew(d, &cfg, &errors);
    reload_log_errors(&d->log, &errors);
    atomic_store(&d->api.own.reload_successful, err ? 0 : 1);
    if (err) {
        log_message(&d->log, LOG_ERROR, "reload refused, the configuration before stays in force");
    } else {
        take_over(d, cfg);
        atomic_store(&d->api.own.reload_success_ms, clock_wall_ms(&d->clock));
        log_message(&d->log, LOG_INFO, "configuration reloaded");
    }
    while (!queue_pop(&d->reloads, 0, &parked))
        reload_answer(parked, err, &errors);
    config_errors_release(&errors);
}

static void wait_for_signals(struct daemon *d, const sigset_t *signals)
{
    int number;

    for (;;) {
        number = sigwaitinfo(signals, NULL);
        if (number == SIGHUP)
            reload(d);
        else if (number == SIGTERM || number == SIGINT)
            return;
        else if (number < 0 && errno != EINTR)
            return;
    }
}

static void block_signals(sigset_t *signals)
{
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static void announce(struct daemon *d)
{
    struct tsdb_stats s;

    tsdb_stats(d->db, &s);
    log_write(&d->log, LOG_INFO, "ready", LOG_CSTR("version", FUSEBOX_VERSION),
              LOG_CSTR("listen", d->instance), LOG_INT("series", (int64_t)s.series_count),
              LOG_INT("replayed_samples", (int64_t)s.replayed_samples_count),
              LOG_DOUBLE("replay_s", (double)s.replay_duration_ns / 1e9));
    fprintf(d->out, "fusebox is ready at http://%s/ui/\n", d->instance);
    fflush(d->out);
}

int daemon_run(const struct config_sources *sources, FILE *out, FILE *err_out)
{
    struct daemon *d = mem_alloc_zero(1, sizeof *d); /* atomics inside: it must not move */
    struct diag diag = { 0 };
    sigset_t signals;
    int exit_code;
    enum err err;

    if (!d)
        return err_exit_code(ERR_NOMEM);
    d->sources = sources;
    d->out = out;
    d->err_out = err_out;
    d->lock_fd = -1;
    d->clock = clock_system();
    err = load_config(d);
    if (err) {
        mem_free(d);
        return err_exit_code(err);
    }
    d->first_config = config_ref(d->config);
    block_signals(&signals);
    notices_init(&d->notices);
    log_init(&d->log, STDERR_FILENO, log_level_of(d->config), log_format_of(d->config), d->clock);
    err = parts_start(d, &diag);
    if (err) {
        log_write(&d->log, LOG_ERROR, "cannot start", LOG_CSTR("error", diag_text(&diag)));
    } else {
        atomic_store(&d->api.ready, true);
        announce(d);
        wait_for_signals(d, &signals);
        log_message(&d->log, LOG_INFO, "stopping");
    }
    parts_stop(d);
    log_message(&d->log, LOG_INFO, "stopped");
    log_release(&d->log);
    notices_release(&d->notices);
    exit_code = atomic_load(&d->sync_failed) ? EXIT_SYNC_FAILED : err_exit_code(err);
    mem_free(d);
    return exit_code;
}
