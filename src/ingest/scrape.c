#include "ingest/scrape.h"

#include <stdatomic.h>
#include <stdio.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/thread.h"
#include "http/client.h"
#include "ingest/batch_queue.h"
#include "ingest/scrape_metadata.h"
#include "ingest/scrape_result.h"
#include "ingest/scrape_state.h"
#include "ingest/target_set.h"

enum {
    WAIT_MAX_MS = 1000,
    FAREWELL_RETRY_MS = 100, /* stale markers of a target that left, when the queue was full */
    HEADERS_COUNT = 4,
    EXEMPLARS_KEPT_ROOM_COUNT =
        1024,             /* of a target between two scrapes; a larger one is given back */
    FILES_POLL_MS = 1000, /* how often files of targets are looked at */
    NS_PER_MS = 1000000,
};

struct scraper {
    struct scrape_options options;
    struct http_client *client;
    struct thread thread;
    atomic_bool stopping;
    struct lock lock;       /* `targets` as a list, every target's state, `pending` */
    struct config *pending; /* the next configuration, or NULL */
    struct config *cfg;     /* that the targets are of; NULL before the first */
    struct file_sd *files;
    int64_t files_mono_ns; /* when they were looked at */
    struct target_set targets;
    struct metadata *metadata;
    struct exemplars *exemplars;
    struct target *leaving; /* their stale markers are not handed over, or their call still runs */
};

static int64_t mono_now(const struct scraper *s)
{
    return clock_mono_ns(&s->options.clock);
}

static int64_t wall_now(const struct scraper *s)
{
    return clock_wall_ms(&s->options.clock);
}

/* --- the end of a scrape --- */

static void set_state(struct target *t, const struct scrape_outcome *outcome, const char *error,
                      int64_t now_ms)
{
    struct target_state *state = &t->state;

    lock_take(&t->scraper->lock);
    state->known = true;
    state->up = outcome->end == SCRAPE_GOOD;
    state->started_ms = t->started_ms;
    state->last_ms = now_ms;
    state->duration_s = outcome->duration_s;
    state->samples = outcome->sample_count;
    snprintf(state->error, sizeof state->error, "%s", error);
    lock_drop(&t->scraper->lock);
}

/* Once when a failure begins, and once when it is over. */
static void log_change(struct target *t, bool up, const char *error)
{
    struct log *log = t->scraper->options.log;
    bool was_down = t->state.known && !t->state.up;

    if (!up && !was_down)
        log_write(log, LOG_WARN, "scrape failed, its series are stale until it answers again",
                  LOG_STR("job", target_job(t)), LOG_CSTR("target", t->url),
                  LOG_CSTR("error", error));
    if (up && was_down)
        log_write(log, LOG_INFO, "scrape works again", LOG_STR("job", target_job(t)),
                  LOG_CSTR("target", t->url));
}

/* Takes the outcome's batch. False: the queue was full, and nothing of the pass counts. */
static bool hand_over(struct target *t, struct scrape_outcome *outcome, int64_t now_ms,
                      int64_t mono_ns)
{
    struct scrape_stats *stats = t->scraper->options.stats;
    size_t count;

    if (!outcome->batch)
        return true;
    count = outcome->batch->count;
    outcome->batch->received_ms = now_ms;
    outcome->batch->received_mono_ns = mono_ns;
    if (batch_queue_push(t->scraper->options.batches, t->scraper->options.budget, outcome->batch) !=
        ERR_OK) {
        sample_batch_free(outcome->batch);
        stats->scrapes_dropped++;
        return false;
    }
    scrape_result_settle(t, outcome);
    t->expected_count = count;
    stats->samples += count;
    return true;
}

static void count_rest(struct scraper *s)
{
    struct exemplar_counts exemplars = exemplars_count(s->exemplars);
    struct metadata_counts metadata = metadata_count(s->metadata);

    s->options.stats->exemplars = exemplars.kept;
    s->options.stats->exemplars_dropped = exemplars.evicted + exemplars.refused;
    s->options.stats->metadata = metadata.entries;
    s->options.stats->metadata_refused = metadata.refused;
}

/* What a good scrape says beside its samples. The body is still there. */
static void keep_rest(struct target *t, const struct scrape_outcome *outcome, struct str body)
{
    struct scraper *s = t->scraper;

    exemplars_add(s->exemplars, t->exemplars.items, t->exemplars.count);
    if (t->exemplars.capacity_count > EXEMPLARS_KEPT_ROOM_COUNT)
        vec_release(&t->exemplars);
    t->metadata_store = s->metadata;
    scrape_metadata_update(s->metadata, &t->metadata, outcome->metadata_hash, body,
                           t->is_openmetrics);
    count_rest(s);
}

/* ERR_OK: *ret is a good scrape's outcome; otherwise *diag says why not. */
static enum err read_answer(struct target *t, const struct http_result *result,
                            struct scrape_outcome *ret, struct diag *diag)
{
    if (result->err)
        return diag_set(diag, result->err, "%s", result->reason);
    if (result->status != 200)
        return diag_set(diag, ERR_UNAVAILABLE, "HTTP status %d%s", result->status,
                        scrape_job_hint(t->shared, result->status));
    t->is_openmetrics = scrape_text_is_openmetrics(str_of(result->content_type));
    return scrape_result_good(t, t->scraper->options.db, result->body, t->started_ms,
                              result->duration_s, ret, diag);
}

static void say_error(const struct diag *diag, char out[TARGET_ERROR_BYTES])
{
    if (diag->line && diag->column)
        snprintf(out, TARGET_ERROR_BYTES, "line %d, column %d: %.150s", diag->line, diag->column,
                 diag_text(diag));
    else if (diag->line)
        snprintf(out, TARGET_ERROR_BYTES, "line %d: %.150s", diag->line, diag_text(diag));
    else
        snprintf(out, TARGET_ERROR_BYTES, "%.190s", diag_text(diag));
}

static void count_end(struct scrape_stats *stats, const struct scrape_outcome *outcome)
{
    if (outcome->end == SCRAPE_GOOD)
        stats->scrapes_ok++;
    else
        stats->scrapes_failed++;
    stats->samples_duplicate += outcome->duplicate_count;
    stats->series_refused += outcome->refused_count;
}

static void conclude(struct target *t, const struct http_result *result)
{
    int64_t now_ms = wall_now(t->scraper), mono_ns = mono_now(t->scraper);
    struct scrape_outcome outcome = { 0 };
    struct diag diag = { 0 };
    char error[TARGET_ERROR_BYTES] = "";
    enum err err;

    scrape_result_begin(t, mono_ns);
    err = read_answer(t, result, &outcome, &diag);
    if (err) {
        say_error(&diag, error);
        if (scrape_result_bad(t, t->scraper->options.db, t->started_ms, result->duration_s,
                              &outcome) != ERR_OK)
            t->scraper->options.stats->scrapes_dropped++;
    }
    t->last_ts_ms = t->started_ms;
    count_end(t->scraper->options.stats, &outcome);
    if (hand_over(t, &outcome, now_ms, mono_ns) && !err)
        keep_rest(t, &outcome, result->body);
    log_change(t, outcome.end == SCRAPE_GOOD, error);
    set_state(t, &outcome, error, now_ms);
}

static void on_done(void *ctx, const struct http_result *result)
{
    struct target *t = ctx;

    t->in_flight = false;
    if (result->err == ERR_CANCELLED || t->leaving)
        return;
    t->scraper->options.stats->bytes += result->body.len;
    conclude(t, result);
}

/* --- its beginning --- */

static void start_call(struct target *t, int64_t now_ms)
{
    char timeout[80];
    const char *const headers[HEADERS_COUNT] = { "Accept: " SCRAPE_ACCEPT,
                                                 "User-Agent: Fusebox/" FUSEBOX_VERSION, timeout,
                                                 NULL };
    struct http_call call = { .url = t->url,
                              .headers = headers,
                              .body_max_bytes = t->body_max_bytes,
                              .timeout_ms = t->timeout_ms,
                              .accept_gzip = true,
                              .access = scrape_job_access(t->shared),
                              .done = on_done,
                              .ctx = t };
    struct http_result refused = { 0 };
    struct diag diag = { 0 };

    snprintf(timeout, sizeof timeout, "X-Prometheus-Scrape-Timeout-Seconds: %lld.%03lld",
             (long long)(t->timeout_ms / 1000), (long long)(t->timeout_ms % 1000));
    t->started_ms = target_align_ms(t, now_ms);
    refused.err = scrape_job_prepare(t->shared, &diag);
    if (!refused.err)
        refused.err = http_client_start(t->scraper->client, &call, &diag);
    if (!refused.err) {
        t->in_flight = true;
        return;
    }
    snprintf(refused.reason, sizeof refused.reason, "%.190s", diag_text(&diag));
    conclude(t, &refused);
}

/* Starts what is due. Returns when the next beat is. */
static int64_t start_due(struct scraper *s)
{
    int64_t mono_ns = mono_now(s), next_mono_ns = mono_ns + (int64_t)WAIT_MAX_MS * NS_PER_MS;

    for (size_t i = 0; i < s->targets.items.count; i++) {
        struct target *t = target_set_at(&s->targets, i);

        if (t->next_mono_ns <= mono_ns) {
            s->options.stats->scrapes_skipped += target_pass_beat(t, mono_ns);
            if (t->in_flight)
                s->options.stats->scrapes_skipped++;
            else
                start_call(t, wall_now(s));
        }
        if (t->next_mono_ns < next_mono_ns)
            next_mono_ns = t->next_mono_ns;
    }
    return next_mono_ns;
}

/* --- targets that leave --- */

/* True when nothing is left to do for it. */
static bool say_farewell(struct target *t)
{
    struct scrape_outcome outcome;

    if (t->report_had || t->cache.had_count) {
        scrape_result_begin(t, mono_now(t->scraper));
        if (scrape_result_leave(t, wall_now(t->scraper), &outcome) != ERR_OK ||
            !hand_over(t, &outcome, wall_now(t->scraper), mono_now(t->scraper)))
            return false;
    }
    return !t->in_flight;
}

static void serve_leaving(struct scraper *s)
{
    struct target **link = &s->leaving;

    while (*link) {
        struct target *t = *link;

        if (!say_farewell(t)) {
            link = &t->next;
            continue;
        }
        *link = t->next;
        target_free(t);
    }
}

/* Moves the targets that the new set did not take to the leaving ones. */
static void let_leave(struct scraper *s, struct target_set *old)
{
    while (old->items.count) {
        struct target *t = target_set_at(old, old->items.count - 1);

        vec_remove_at(&old->items, old->items.count - 1);
        t->leaving = true;
        t->next = s->leaving;
        s->leaving = t;
    }
    target_set_release(old);
}

/* --- configurations --- */

static void adopt_new(struct scraper *s)
{
    int64_t now_ms = wall_now(s), mono_ns = mono_now(s);

    for (size_t i = 0; i < s->targets.items.count; i++) {
        struct target *t = target_set_at(&s->targets, i);

        if (t->scraper)
            continue;
        t->scraper = s;
        target_set_first_beat(t, now_ms, mono_ns);
    }
    s->options.stats->targets = s->targets.items.count;
}

/* The targets of cfg and of the files. On an error the old ones stay. */
static enum err rebuild(struct scraper *s, const struct config *cfg, const struct file_sd *files,
                        struct diag *diag)
{
    struct target_set old = s->targets;
    struct target_set fresh;
    enum err err;

    lock_take(&s->lock);
    err = target_set_build(&fresh, cfg, files, &old, diag);
    s->targets = err ? old : fresh;
    lock_drop(&s->lock);
    if (err)
        return err;
    adopt_new(s);
    let_leave(s, &old);
    return ERR_OK;
}

static void tell_of_file(void *ctx, const struct file_sd_news *news)
{
    struct scraper *s = ctx;
    const struct diag *diag = news->diag;

    if (!diag) {
        log_write(s->options.log, LOG_INFO, "the file of targets is good again",
                  LOG_STR("job", news->job), LOG_CSTR("file", news->path));
        return;
    }
    s->options.stats->target_file_errors++;
    log_write(s->options.log, LOG_WARN, "a file of targets is not used, its last good ones stay",
              LOG_STR("job", news->job), LOG_CSTR("file", news->path), LOG_INT("line", diag->line),
              LOG_CSTR("error", diag_text(diag)));
}

static enum err apply(struct scraper *s, struct config *cfg, struct diag *diag)
{
    struct file_sd *files = NULL;
    enum err err = file_sd_new(cfg, &files);

    if (err)
        return diag_set(diag, err, "%s", err_text(err));
    file_sd_take_over(files, s->files);
    s->files_mono_ns = mono_now(s);
    (void)file_sd_poll(files, s->files_mono_ns, tell_of_file, s);
    err = rebuild(s, cfg, files, diag);
    if (err) {
        if (s->files)
            file_sd_take_over(s->files, files);
        file_sd_free(files);
        return err;
    }
    file_sd_free(s->files);
    config_unref(s->cfg);
    s->files = files;
    s->cfg = config_ref(cfg);
    return ERR_OK;
}

static void refuse_targets(struct scraper *s, const struct diag *diag)
{
    log_write(s->options.log, LOG_ERROR, "new scrape targets refused, the old ones go on",
              LOG_CSTR("error", diag_text(diag)));
}

/* Once a second. */
static void poll_files(struct scraper *s)
{
    int64_t mono_ns = mono_now(s);
    struct diag diag = { 0 };

    if (mono_ns - s->files_mono_ns < (int64_t)FILES_POLL_MS * NS_PER_MS)
        return;
    s->files_mono_ns = mono_ns;
    if (file_sd_poll(s->files, mono_ns, tell_of_file, s) &&
        rebuild(s, s->cfg, s->files, &diag) != ERR_OK)
        refuse_targets(s, &diag);
}

static void apply_pending(struct scraper *s)
{
    struct diag diag = { 0 };
    struct config *cfg;

    lock_take(&s->lock);
    cfg = s->pending;
    s->pending = NULL;
    lock_drop(&s->lock);
    if (!cfg)
        return;
    if (apply(s, cfg, &diag) != ERR_OK)
        refuse_targets(s, &diag);
    config_unref(cfg);
}

void scrape_reload(struct scraper *s, struct config *cfg)
{
    struct config *unused;

    lock_take(&s->lock);
    unused = s->pending;
    s->pending = config_ref(cfg);
    lock_drop(&s->lock);
    config_unref(unused);
    http_client_wake(s->client);
}

/* --- the thread --- */

static int wait_ms(const struct scraper *s, int64_t next_mono_ns)
{
    int64_t left_ms = (next_mono_ns - mono_now(s) + NS_PER_MS - 1) / NS_PER_MS;

    if (s->leaving && left_ms > FAREWELL_RETRY_MS)
        left_ms = FAREWELL_RETRY_MS;
    if (left_ms > WAIT_MAX_MS)
        left_ms = WAIT_MAX_MS;
    return left_ms < 0 ? 0 : (int)left_ms;
}

static void *run(void *arg)
{
    struct scraper *s = arg;
    int64_t next_mono_ns = mono_now(s);

    while (!s->stopping) {
        apply_pending(s);
        poll_files(s);
        serve_leaving(s);
        next_mono_ns = start_due(s);
        http_client_drive(s->client, wait_ms(s, next_mono_ns));
    }
    return NULL;
}

void scrape_free(struct scraper *s)
{
    if (!s)
        return;
    s->stopping = true;
    http_client_free(s->client);
    while (s->leaving) {
        struct target *t = s->leaving;

        s->leaving = t->next;
        target_free(t);
    }
    target_set_release(&s->targets);
    metadata_free(s->metadata);
    exemplars_free(s->exemplars);
    file_sd_free(s->files);
    config_unref(s->cfg);
    config_unref(s->pending);
    lock_release(&s->lock);
    mem_free(s);
}

enum err scrape_start(const struct scrape_options *options, struct config *cfg,
                      struct scraper **ret)
{
    struct scraper *s = mem_alloc_zero(1, sizeof *s);
    enum err err;

    if (!s)
        return ERR_NOMEM;
    s->options = *options;
    s->targets = target_set_empty();
    lock_init(&s->lock, LOCK_RANK_PUBLISH);
    err = metadata_new(&s->metadata);
    if (!err)
        err = exemplars_new(&s->exemplars);
    if (!err)
        err = http_client_new(options->max_connections > 0 ? options->max_connections
                                                           : SCRAPE_CONNECTIONS_MAX,
                              &s->client);
    if (!err)
        err = apply(s, cfg, NULL);
    if (!err)
        err = thread_start(&s->thread, "scrape", run, s);
    if (err) {
        scrape_free(s);
        return err;
    }
    *ret = s;
    return ERR_OK;
}

void scrape_stop(struct scraper *s)
{
    if (!s)
        return;
    s->stopping = true;
    http_client_wake(s->client);
    thread_stop(&s->thread);
}

/* --- for people --- */

enum err scrape_targets(struct scraper *s, struct arena *arena, struct scrape_target_state **ret,
                        size_t *ret_count)
{
    struct scrape_target_state *states;
    enum err err = ERR_OK;
    size_t count;

    lock_take(&s->lock);
    count = s->targets.items.count;
    states = arena_alloc_zero(arena, count ? count : 1, sizeof *states);
    if (!states)
        err = arena_error(arena);
    for (size_t i = 0; i < count && !err; i++)
        err = scrape_state_copy(target_set_at(&s->targets, i), arena, &states[i]);
    lock_drop(&s->lock);
    if (err)
        return err;
    *ret = states;
    *ret_count = count;
    return ERR_OK;
}

struct metadata *scrape_metadata(const struct scraper *s)
{
    return s->metadata;
}

struct exemplars *scrape_exemplars(const struct scraper *s)
{
    return s->exemplars;
}
