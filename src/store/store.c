#include "store/store.h"

void store_close(struct store *s)
{
    if (s)
        s->engine->close(s);
}

static enum err refuse_lost(struct diag *diag)
{
    return diag_set(diag, ERR_UNAVAILABLE,
                    "the disk failed to keep what was written: nothing is saved any more");
}

/* What every engine may rely on. */
static enum err check(const struct store_service *service, struct diag *diag)
{
    if (!service->name.len || service->name.len > STORE_NAME_MAX_BYTES)
        return diag_set(diag, ERR_INVALID, "a service's name has %zu bytes; 1 to %d are allowed",
                        service->name.len, STORE_NAME_MAX_BYTES);
    if (!service->definition.len || service->definition.len > STORE_DEFINITION_MAX_BYTES)
        return diag_set(diag, ERR_INVALID, "a definition has %zu bytes; 1 to %d are allowed",
                        service->definition.len, STORE_DEFINITION_MAX_BYTES);
    return ERR_OK;
}

enum err store_save_service(struct store *s, const struct store_service *service,
                            uint64_t *ret_revision, struct diag *diag)
{
    enum err err = check(service, diag);

    if (!err && store_is_lost(s))
        err = refuse_lost(diag);
    return err ? err : s->engine->save_service(s, service, ret_revision, diag);
}

enum err store_delete_service(struct store *s, struct str name, struct diag *diag)
{
    if (store_is_lost(s))
        return refuse_lost(diag);
    return s->engine->delete_service(s, name, diag);
}

enum err store_for_each_service(struct store *s, store_on_service *on_service, void *ctx,
                                struct diag *diag)
{
    return s->engine->for_each_service(s, on_service, ctx, diag);
}

enum err store_copy(struct store *s, const char *path, struct diag *diag)
{
    return s->engine->copy(s, path, diag);
}

bool store_is_lost(const struct store *s)
{
    return s->engine->is_lost(s);
}
