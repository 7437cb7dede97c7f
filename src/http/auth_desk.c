#include "http/auth_desk.h"

#include <stdatomic.h>

#include "base/mem.h"

struct auth_kept {
    atomic_int references;
    struct auth auth;
};

static void kept_unref(struct auth_kept *kept)
{
    if (kept && atomic_fetch_sub(&kept->references, 1) == 1)
        mem_free(kept);
}

static struct auth_kept *exchange(struct auth_desk *d, struct auth_kept *kept)
{
    struct auth_kept *before;

    lock_take(&d->lock);
    before = d->kept;
    d->kept = kept;
    lock_drop(&d->lock);
    return before;
}

enum err auth_desk_init(struct auth_desk *d, const struct auth *auth)
{
    enum err err;

    lock_init(&d->lock, LOCK_RANK_PUBLISH);
    d->kept = NULL;
    err = auth_desk_set(d, auth);
    if (err)
        lock_release(&d->lock);
    return err;
}

void auth_desk_release(struct auth_desk *d)
{
    if (!d->kept)
        return;
    kept_unref(d->kept);
    d->kept = NULL;
    lock_release(&d->lock);
}

enum err auth_desk_set(struct auth_desk *d, const struct auth *auth)
{
    struct auth_kept *kept = mem_alloc(sizeof *kept);

    if (!kept)
        return ERR_NOMEM;
    atomic_init(&kept->references, 1);
    kept->auth = *auth;
    kept_unref(exchange(d, kept));
    return ERR_OK;
}

enum http_role auth_desk_role(struct auth_desk *d, struct str authorization)
{
    struct auth_kept *kept;
    enum http_role role;

    lock_take(&d->lock);
    kept = d->kept;
    atomic_fetch_add(&kept->references, 1);
    lock_drop(&d->lock);
    role = auth_role(&kept->auth, authorization);
    kept_unref(kept);
    return role;
}
