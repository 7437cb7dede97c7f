#include "daemon/state_thread.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "catalog/edit.h"

enum { PATH_BYTES = 4096 };

struct state_ask {
    struct http_parked *parked;
    const char *dir; /* of a backup; NULL: a definition */
};

/* The item that says no more than: look. */
static void *wake_token(struct state_thread *s)
{
    return s;
}

static void drop_ask(void *item)
{
    struct state_ask *ask = item;
    struct http_reply none = { 0 };

    http_request_finish(ask->parked, ERR_CANCELLED, &none);
    mem_free(ask);
}

static bool join(const char *dir, const char *name, char path[PATH_BYTES])
{
    int len = snprintf(path, PATH_BYTES, "%s/%s", dir, name);

    return len >= 0 && len < PATH_BYTES;
}

/* --- definitions --- */

static void on_unreadable(void *ctx, struct str name, const struct diag *diag)
{
    struct state_thread *s = ctx;

    log_write(s->log, LOG_WARN, "a stored definition cannot be read: it does not count",
              LOG_STR("service", name), LOG_CSTR("error", diag_text(diag)));
}

enum err state_thread_tell_all(struct state_thread *s)
{
    struct definition_list list = { 0 };
    enum err err = registry_list(&s->registry, &list);

    for (size_t i = 0; i < list.count; i++)
        s->api->tell_definition(s->api->daemon, list.items[i], false);
    registry_list_free(&list);
    return err;
}

/* A definition that is not valid any more with the new options stays with those before. */
static enum err read_again(struct state_thread *s, struct definition *d, struct config *cfg)
{
    struct definition *again = NULL;
    struct diag diag = { 0 };
    enum err err = definition_read_again(d, cfg, &again, &diag);

    if (!err)
        err = registry_put(&s->registry, again);
    definition_unref(again);
    if (err == ERR_NOMEM)
        return err;
    if (err)
        log_write(s->log, LOG_WARN, "a definition does not fit the new configuration",
                  LOG_STR("service", d->service->name), LOG_CSTR("error", diag_text(&diag)));
    return ERR_OK;
}

static enum err take_config(struct state_thread *s, struct config *cfg)
{
    struct definition_list list = { 0 };
    enum err err = registry_set_config(&s->registry, cfg);

    if (!err)
        err = registry_list(&s->registry, &list);
    for (size_t i = 0; i < list.count && !err; i++)
        err = read_again(s, list.items[i], cfg);
    registry_list_free(&list);
    return err ? err : state_thread_tell_all(s);
}

/* --- backups --- */

static enum err copy_state(struct state_thread *s, const char *dir, struct diag *diag)
{
    char path[PATH_BYTES];
    enum err err;

    if (!join(dir, "state.db", path))
        return diag_set(diag, ERR_INVALID, "the name of the backup's directory is too long");
    err = file_make_dir(dir, diag);
    return err ? err : store_copy(s->store, path, diag);
}

void state_thread_drop_copy(const char *dir)
{
    char path[PATH_BYTES];

    if (join(dir, "state.db", path))
        unlink(path);
    rmdir(dir);
}

static void begin_backup(struct state_thread *s, struct http_parked *parked, const char *dir)
{
    struct diag diag = { 0 };
    enum err err = copy_state(s, dir, &diag);

    if (err == ERR_CONFLICT) { /* of another backup: it stays */
        api_answer_job(parked, err, &diag, NULL, dir);
        return;
    }
    if (!err) {
        err = s->go_on(s->daemon, parked, dir);
        if (!err)
            return;
        diag_set(&diag, err, "%s", err_text(err));
    }
    state_thread_drop_copy(dir);
    api_answer_job(parked, err, &diag, NULL, dir);
}

/* --- the thread --- */

static void answer(struct state_thread *s, struct state_ask *ask)
{
    if (ask->dir)
        begin_backup(s, ask->parked, ask->dir);
    else
        api_answer_edit(s->api, s->store, ask->parked);
    mem_free(ask);
}

static void look_for_config(struct state_thread *s)
{
    struct config *cfg = atomic_exchange(&s->next_config, NULL);

    if (!cfg)
        return;
    if (take_config(s, cfg))
        log_message(s->log, LOG_WARN, "not every definition was read with the new configuration");
    config_unref(cfg);
}

static void *run(void *arg)
{
    struct state_thread *s = arg;
    void *item;
    bool lost = false;

    while (!queue_pop(&s->inbox, -1, &item)) {
        look_for_config(s);
        if (item == wake_token(s))
            continue;
        answer(s, item);
        if (!lost && store_is_lost(s->store)) {
            lost = true;
            log_message(s->log, LOG_ERROR, "a sync of state.db failed: Fusebox ends");
            s->on_lost(s->daemon);
        }
    }
    return NULL;
}

enum err state_thread_open(struct state_thread *s, const char *dir, struct config *cfg,
                           struct diag *diag)
{
    char path[PATH_BYTES];
    enum err err = queue_init(&s->inbox, STATE_ASKS_MAX, QUEUE_REFUSE, drop_ask);

    if (err)
        return diag_set(diag, err, "no memory for the queues");
    if (!join(dir, "state.db", path))
        return diag_set(diag, ERR_INVALID, "the name of the data directory is too long");
    registry_init(&s->registry, (size_t)config_int(cfg, OPT_CATALOG_MAX_SERVICES));
    s->has_registry = true;
    err = registry_set_config(&s->registry, cfg);
    if (err)
        return diag_set(diag, err, "no memory for the services");
    err = store_open_sqlite(path, &s->store, diag);
    if (!err)
        err = edit_load(&s->registry, s->store, on_unreadable, s, diag);
    s->api->registry = &s->registry;
    return err;
}

enum err state_thread_start(struct state_thread *s)
{
    return thread_start(&s->thread, "state", run, s);
}

void state_thread_stop(struct state_thread *s)
{
    if (s->inbox.items)
        queue_close(&s->inbox);
    thread_stop(&s->thread);
}

void state_thread_close(struct state_thread *s)
{
    void *item;

    /* After a start that failed half way no thread has emptied it; the token is nobody's. */
    while (s->inbox.items && !queue_pop(&s->inbox, 0, &item))
        if (item != wake_token(s))
            drop_ask(item);
    queue_release(&s->inbox);
    store_close(s->store);
    if (s->has_registry)
        registry_release(&s->registry);
    config_unref(atomic_exchange(&s->next_config, NULL));
}

enum err state_thread_ask(struct state_thread *s, struct http_parked *parked, const char *dir)
{
    struct state_ask *ask = mem_alloc(sizeof *ask);
    enum err err;

    if (!ask)
        return ERR_NOMEM;
    *ask = (struct state_ask){ parked, dir };
    err = queue_push(&s->inbox, ask);
    if (err)
        mem_free(ask);
    return err;
}

void state_thread_set_config(struct state_thread *s, struct config *cfg)
{
    enum err full;

    config_unref(atomic_exchange(&s->next_config, config_ref(cfg)));
    full = queue_push(&s->inbox, wake_token(s));
    (void)full; /* then it is awake, and looks at its next item */
}
