#include "ingest/scrape_metadata.h"

#include "base/hash.h"
#include "base/map.h"

enum { SCRATCH_MAX_BYTES = 32 << 20 };

uint64_t scrape_metadata_hash(uint64_t before, const struct exposition_line *line)
{
    size_t len = (size_t)(line->text.ptr + line->text.len - line->series.ptr);
    uint64_t hash = hash_bytes(line->series.ptr, len) + (uint64_t)line->kind;

    hash ^= before * UINT64_C(0x9e3779b97f4a7c15) + (before >> 29);
    return hash ? hash : 1;
}

/* Items by their metric; names point into the body. */
struct collection {
    struct arena arena;
    struct map by_metric; /* struct metadata_item * in the arena */
};

/* NULL: no room. */
static struct metadata_item *item_of(struct collection *c, struct str metric)
{
    struct metadata_item *item = map_find(&c->by_metric, metric);

    if (item || c->by_metric.count >= SCRAPE_METADATA_MAX_COUNT)
        return item;
    item = arena_alloc_zero(&c->arena, 1, sizeof *item);
    if (!item || map_put(&c->by_metric, metric, item) != ERR_OK)
        return NULL;
    *item = (struct metadata_item){ metric, STR("unknown"), STR(""), STR("") };
    return item;
}

/* \\ and \n, in OpenMetrics \" too. Any other escape stays as written. False: no memory. */
static bool unescape(struct str text, struct arena *arena, bool quotes, struct str *ret)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (!out)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char next = text.ptr[i] == '\\' && i + 1 < text.len ? text.ptr[i + 1] : '\0';
        bool known = next == '\\' || next == 'n' || (quotes && next == '"');

        out[len++] = !known ? text.ptr[i] : next == 'n' ? '\n' : next;
        i += known;
    }
    *ret = (struct str){ out, len };
    return true;
}

static bool take(struct collection *c, const struct exposition_line *line, bool is_openmetrics)
{
    struct metadata_item *item = item_of(c, line->series);

    if (!item)
        return c->by_metric.count >= SCRAPE_METADATA_MAX_COUNT;
    if (line->kind == EXPOSITION_TYPE)
        item->type = str_equals(line->text, STR("untyped")) ? STR("unknown") : line->text;
    else if (line->kind == EXPOSITION_UNIT)
        item->unit = line->text;
    else
        return unescape(line->text, &c->arena, is_openmetrics, &item->help);
    return true;
}

/* The body was read well before. */
static bool collect(struct collection *c, struct str body, bool is_openmetrics)
{
    struct scrape_text reader;
    struct openmetrics_line it;

    scrape_text_init(&reader, body, is_openmetrics);
    while (scrape_text_next(&reader, &it, NULL) == ERR_OK && it.line.kind != EXPOSITION_END)
        if (it.line.kind != EXPOSITION_SAMPLE && !take(c, &it.line, is_openmetrics))
            return false;
    return true;
}

static bool replace(struct metadata *m, struct metadata_list *list, struct collection *c)
{
    struct metadata_item *items = arena_alloc_zero(&c->arena, c->by_metric.count + 1,
                                                   sizeof *items);
    struct map_entry *slot;
    size_t count = 0;

    if (!items)
        return false;
    for (size_t i = 0; (slot = map_next(&c->by_metric, &i));)
        items[count++] = *(struct metadata_item *)slot->value;
    return metadata_replace(m, list, items, count) == ERR_OK;
}

void scrape_metadata_update(struct metadata *m, struct metadata_list *list, uint64_t hash,
                            struct str body, bool is_openmetrics)
{
    struct collection c = { .arena = arena_limited(SCRATCH_MAX_BYTES),
                            .by_metric = map_limited(SCRAPE_METADATA_MAX_COUNT) };

    if (hash == list->hash)
        return;
    if (collect(&c, body, is_openmetrics) && replace(m, list, &c))
        list->hash = hash;
    map_release(&c.by_metric);
    arena_release(&c.arena);
}
