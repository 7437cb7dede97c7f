#include "catalog/definition.h"

#include "base/mem.h"

static struct definition *new_definition(struct config *cfg, struct str json)
{
    struct definition *d = mem_alloc(sizeof *d + json.len + 1);
    char *text;
    size_t count;

    if (!d)
        return NULL;
    text = (char *)(d + 1);
    memcpy(text, json.ptr, json.len);
    text[json.len] = '\0';
    *d = (struct definition){ .config = cfg, .json = { text, json.len } };
    d->service = config_services(cfg, &count);
    atomic_init(&d->references, 1);
    return d;
}

enum err definition_read(struct str text, struct str name, const struct config *base,
                         struct definition **ret, struct service_fault *fault, struct diag *diag)
{
    struct buf json = buf_limited(STORE_DEFINITION_MAX_BYTES);
    struct config *cfg = NULL;
    struct definition *d;
    size_t count;
    enum err err = config_read_service(text, name, base, &cfg, fault, diag);

    if (!err)
        err = config_write_service(text, config_services(cfg, &count)->name, &json);
    if (err)
        goto out;
    d = new_definition(cfg, buf_str(&json));
    if (!d) {
        err = ERR_NOMEM;
        goto out;
    }
    cfg = NULL;
    *ret = d;
out:
    config_unref(cfg);
    buf_release(&json);
    return err;
}

enum err definition_read_again(const struct definition *d, const struct config *base,
                               struct definition **ret, struct diag *diag)
{
    struct definition *again = NULL;
    enum err err = definition_read(d->json, d->service->name, base, &again, NULL, diag);

    if (err)
        return err;
    again->revision = d->revision;
    again->created_ms = d->created_ms;
    again->changed_ms = d->changed_ms;
    *ret = again;
    return ERR_OK;
}

struct definition *definition_ref(struct definition *d)
{
    atomic_fetch_add_explicit(&d->references, 1, memory_order_relaxed);
    return d;
}

void definition_unref(struct definition *d)
{
    if (!d || atomic_fetch_sub_explicit(&d->references, 1, memory_order_acq_rel) != 1)
        return;
    config_unref(d->config);
    mem_free(d);
}

struct store_service definition_row(const struct definition *d)
{
    return (struct store_service){ .name = d->service->name,
                                   .definition = d->json,
                                   .created_ms = d->created_ms,
                                   .changed_ms = d->changed_ms,
                                   .revision = d->revision };
}
