#include "ingest/discovered.h"

#include "model/duration.h"

static enum err add(struct labels_builder *b, struct str name, struct str value)
{
    if (!arena_copy_str(b->arena, name, &name) || !arena_copy_str(b->arena, value, &value))
        return arena_error(b->arena);
    labels_builder_set(b, name, value);
    return ERR_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A part of a query, decoded. NULL: no memory. */
static const char *decode(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;

    if (!out)
        return NULL;
    for (size_t i = 0; i < text.len; i++) {
        bool coded = text.ptr[i] == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
                     hex_digit(text.ptr[i + 2]) >= 0;

        if (coded)
            out[len++] = (char)(hex_digit(text.ptr[i + 1]) * 16 + hex_digit(text.ptr[i + 2]));
        else
            out[len++] = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        i += coded ? 2 : 0;
    }
    out[len] = '\0';
    return out;
}

static bool has(const struct labels_builder *b, struct str name)
{
    for (size_t i = 0; i < b->count; i++)
        if (str_equals(b->items[i].name, name))
            return true;
    return false;
}

/* Of a parameter that is given several times the first value counts. */
static enum err add_params(struct labels_builder *b, struct str query)
{
    while (query.len) {
        struct str pair, name;
        const char *key, *value;
        enum err err;

        query = str_cut(query, '&', &pair);
        pair = str_cut(pair, '=', &name);
        key = decode(name, b->arena);
        value = decode(pair, b->arena);
        if (key)
            key = arena_printf(b->arena, "__param_%s", key);
        if (!key || !value)
            return arena_error(b->arena);
        if (has(b, str_of(key)) || !label_name_is_valid(str_of(key)))
            continue;
        err = add(b, str_of(key), str_of(value));
        if (err)
            return err;
    }
    return ERR_OK;
}

enum err discovered_labels(const struct config_scrape *scrape, const struct config_target *target,
                           struct arena *arena, struct labels *ret)
{
    char interval[DURATION_TEXT_BYTES], timeout[DURATION_TEXT_BYTES];
    const struct label fixed[] = {
        { STR("job"), scrape->job_name },
        { STR("__address__"), target->address },
        { STR("__scheme__"), scrape->scheme },
        { STR("__metrics_path__"), scrape->metrics_path },
        { STR("__scrape_interval__"), str_of(duration_format(scrape->interval_ms, interval)) },
        { STR("__scrape_timeout__"), str_of(duration_format(scrape->timeout_ms, timeout)) },
    };
    struct labels_builder b;
    enum err err;

    labels_builder_init(&b, arena);
    err = add_params(&b, scrape->query);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && !err; i++)
        err = add(&b, fixed[i].name, fixed[i].value);
    for (size_t i = 0; i < target->labels.count && !err; i++)
        err = add(&b, target->labels.items[i].name, target->labels.items[i].value);
    return err ? err : labels_builder_finish(&b, ret, NULL);
}
