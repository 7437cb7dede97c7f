#include "config/snapshot.h"

#include <assert.h>

#include "base/mem.h"

struct config *snapshot_new(void)
{
    struct config *cfg = mem_alloc_zero(1, sizeof *cfg);

    if (!cfg)
        return NULL;
    atomic_init(&cfg->references, 1);
    cfg->arena = arena_limited(SNAPSHOT_MAX_BYTES);
    return cfg;
}

struct config *config_ref(struct config *cfg)
{
    atomic_fetch_add_explicit(&cfg->references, 1, memory_order_relaxed);
    return cfg;
}

void config_unref(struct config *cfg)
{
    if (!cfg || atomic_fetch_sub_explicit(&cfg->references, 1, memory_order_acq_rel) != 1)
        return;
    arena_release(&cfg->arena);
    mem_free(cfg);
}

const struct config_scrape *config_scrapes(const struct config *cfg, size_t *ret_count)
{
    *ret_count = cfg->scrape_count;
    return cfg->scrapes;
}

const struct config_service *config_services(const struct config *cfg, size_t *ret_count)
{
    *ret_count = cfg->service_count;
    return cfg->services;
}

const struct config_mapping *config_mappings(const struct config *cfg, size_t *ret_count)
{
    *ret_count = cfg->mapping_count;
    return cfg->mappings;
}

struct str config_shown(const struct config *cfg)
{
    return cfg->shown;
}

struct labels config_external_labels(const struct config *cfg)
{
    return cfg->external_labels;
}

int64_t config_int(const struct config *cfg, enum option_id id)
{
    enum option_type type = option_rows()[id].type;

    assert(type == OPTION_INT || type == OPTION_DURATION || type == OPTION_SIZE);
    (void)type;
    return cfg->values[id].integer;
}

double config_double(const struct config *cfg, enum option_id id)
{
    assert(option_rows()[id].type == OPTION_DOUBLE);
    return cfg->values[id].real;
}

bool config_bool(const struct config *cfg, enum option_id id)
{
    assert(option_rows()[id].type == OPTION_BOOL);
    return cfg->values[id].flag;
}

struct str config_text(const struct config *cfg, enum option_id id)
{
    enum option_type type = option_rows()[id].type;

    assert(type == OPTION_STRING || type == OPTION_ENUM || type == OPTION_SECRET);
    (void)type;
    return cfg->values[id].text;
}
