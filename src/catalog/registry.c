#include "catalog/registry.h"

#include "base/mem.h"

const char *origin_name(enum origin origin)
{
    static const char *const names[] = {
        [ORIGIN_NONE] = "discovered", [ORIGIN_FILE] = "file", [ORIGIN_API] = "api"
    };

    return names[origin];
}

void registry_init(struct registry *r, size_t max_definitions)
{
    *r = (struct registry){ .file_names = map_limited(CONFIG_SERVICES_MAX),
                            .definitions = map_limited(max_definitions) };
    lock_init(&r->lock, LOCK_RANK_CATALOG);
}

void registry_release(struct registry *r)
{
    struct map_entry *entry;

    for (size_t i = 0; (entry = map_next(&r->definitions, &i));)
        definition_unref(entry->value);
    map_release(&r->definitions);
    map_release(&r->file_names);
    config_unref(r->config);
    lock_release(&r->lock);
}

/* Keys borrow from the configuration. */
static enum err put_names(struct map *names, const struct config *cfg)
{
    size_t count;
    const struct config_service *services = config_services(cfg, &count);
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++)
        err = map_put(names, services[i].name, (void *)(uintptr_t)&services[i]);
    return err;
}

enum err registry_set_config(struct registry *r, struct config *cfg)
{
    struct map names = map_limited(CONFIG_SERVICES_MAX), names_before;
    struct config *before;
    enum err err = put_names(&names, cfg);

    if (err) {
        map_release(&names);
        return err;
    }
    config_ref(cfg);
    lock_take(&r->lock);
    before = r->config;
    names_before = r->file_names;
    r->config = cfg;
    r->file_names = names;
    lock_drop(&r->lock);
    map_release(&names_before);
    config_unref(before);
    return ERR_OK;
}

struct config *registry_config(struct registry *r)
{
    struct config *cfg;

    lock_take(&r->lock);
    cfg = config_ref(r->config);
    lock_drop(&r->lock);
    return cfg;
}

void registry_look(struct registry *r, struct str name, struct registry_entry *ret)
{
    struct definition *d;

    lock_take(&r->lock);
    d = map_find(&r->definitions, name);
    ret->definition = d ? definition_ref(d) : NULL;
    if (map_find(&r->file_names, name))
        ret->origin = ORIGIN_FILE;
    else
        ret->origin = d ? ORIGIN_API : ORIGIN_NONE;
    lock_drop(&r->lock);
}

size_t registry_count(struct registry *r)
{
    size_t count;

    lock_take(&r->lock);
    count = r->definitions.count;
    lock_drop(&r->lock);
    return count;
}

enum err registry_put(struct registry *r, struct definition *d)
{
    struct definition *before;
    enum err err;

    lock_take(&r->lock);
    before = map_find(&r->definitions, d->service->name);
    err = map_put(&r->definitions, d->service->name, d); /* the key is the new one's too */
    if (!err)
        definition_ref(d);
    lock_drop(&r->lock);
    if (!err)
        definition_unref(before);
    return err;
}

void registry_remove(struct registry *r, struct str name)
{
    struct definition *before;

    lock_take(&r->lock);
    before = map_remove(&r->definitions, name);
    lock_drop(&r->lock);
    definition_unref(before);
}

enum err registry_list(struct registry *r, struct definition_list *ret)
{
    struct definition **items = NULL;
    struct map_entry *entry;
    size_t count = 0;

    lock_take(&r->lock);
    if (r->definitions.count)
        items = mem_alloc_zero(r->definitions.count, sizeof(struct definition *));
    for (size_t i = 0; items && (entry = map_next(&r->definitions, &i));)
        items[count++] = definition_ref(entry->value);
    lock_drop(&r->lock);
    if (!items && registry_count(r))
        return ERR_NOMEM;
    *ret = (struct definition_list){ items, count };
    return ERR_OK;
}

void registry_list_free(struct definition_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        definition_unref(list->items[i]);
    mem_free(list->items);
    *list = (struct definition_list){ 0 };
}
