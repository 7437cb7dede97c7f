#include "catalog/catalog.h"

#include "base/mem.h"

void catalog_init(struct catalog *c, size_t max_services)
{
    *c = (struct catalog){
        .services = vec_of(sizeof(struct catalog_service *), max_services),
        .by_name = map_limited(max_services),
    };
}

static void free_service(struct catalog_service *service, void (*drop_state)(void *state))
{
    if (service->state)
        drop_state(service->state);
    definition_unref(service->definition);
    mem_free(service);
}

void catalog_release(struct catalog *c, void (*drop_state)(void *state))
{
    for (size_t i = 0; i < c->services.count; i++)
        free_service(catalog_at(c, i), drop_state);
    vec_release(&c->services);
    map_release(&c->by_name);
    config_unref(c->config);
    c->config = NULL;
}

size_t catalog_count(const struct catalog *c)
{
    return c->services.count;
}

struct catalog_service *catalog_at(const struct catalog *c, size_t idx)
{
    return *(struct catalog_service **)vec_at(&c->services, idx);
}

struct catalog_service *catalog_find(const struct catalog *c, struct str name)
{
    return map_find(&c->by_name, name);
}

/* The name is kept behind the struct, in the same allocation. */
static struct catalog_service *new_service(struct str name)
{
    struct catalog_service *service = mem_alloc(sizeof *service + name.len + 1);
    char *copy;

    if (!service)
        return NULL;
    copy = (char *)(service + 1);
    memcpy(copy, name.ptr, name.len);
    copy[name.len] = '\0';
    *service = (struct catalog_service){ .name = { copy, name.len } };
    return service;
}

static struct catalog_service *add(struct catalog *c, struct str name)
{
    struct catalog_service *service = new_service(name);
    struct catalog_service **slot = service ? vec_push(&c->services) : NULL;

    if (!slot || map_put(&c->by_name, service->name, service)) {
        if (slot)
            c->services.count--;
        mem_free(service);
        c->refused_count++;
        return NULL;
    }
    *slot = service;
    return service;
}

struct catalog_service *catalog_hear(struct catalog *c, struct str name, const char *source)
{
    struct catalog_service *service = catalog_find(c, name);

    if (!service)
        service = add(c, name);
    if (!service)
        return NULL;
    service->heard = true;
    service->source = source;
    return service;
}

void catalog_remove(struct catalog *c, size_t idx, void (*drop_state)(void *state))
{
    struct catalog_service *service = catalog_at(c, idx);

    map_remove(&c->by_name, service->name);
    vec_remove_at(&c->services, idx);
    free_service(service, drop_state);
}

static void remove_forgotten(struct catalog *c, void (*drop_state)(void *state))
{
    for (size_t i = c->services.count; i-- > 0;)
        if (!catalog_at(c, i)->config && !catalog_at(c, i)->heard)
            catalog_remove(c, i, drop_state);
}

/* What the file says of the service, or NULL; the API's word then counts. */
static void set_file(struct catalog_service *service, const struct config_service *file)
{
    service->in_file = file != NULL;
    service->config = file || !service->definition ? file : service->definition->service;
}

static void set_definition(struct catalog_service *service, struct definition *d)
{
    struct definition *before = service->definition;

    service->definition = d;
    if (!service->in_file)
        service->config = d ? d->service : NULL;
    definition_unref(before);
}

enum err catalog_define(struct catalog *c, struct definition *d)
{
    struct catalog_service *service = catalog_find(c, d->service->name);

    if (!service)
        service = add(c, d->service->name);
    if (!service)
        return catalog_count(c) == c->services.max_count ? ERR_LIMIT : ERR_NOMEM;
    set_definition(service, definition_ref(d));
    return ERR_OK;
}

void catalog_undefine(struct catalog *c, struct str name, void (*drop_state)(void *state))
{
    struct catalog_service *service = catalog_find(c, name);

    if (!service)
        return;
    set_definition(service, NULL);
    remove_forgotten(c, drop_state);
}

enum err catalog_apply(struct catalog *c, struct config *cfg, void (*drop_state)(void *state))
{
    size_t count;
    const struct config_service *configured = config_services(cfg, &count);
    struct config *before = c->config;
    enum err err = ERR_OK;

    for (size_t i = 0; i < c->services.count; i++)
        set_file(catalog_at(c, i), NULL);
    for (size_t i = 0; i < count; i++) {
        struct catalog_service *service = catalog_find(c, configured[i].name);

        if (!service)
            service = add(c, configured[i].name);
        if (service)
            set_file(service, &configured[i]);
        else
            err = vec_error(&c->services);
    }
    c->config = config_ref(cfg);
    config_unref(before);
    remove_forgotten(c, drop_state);
    return err;
}
