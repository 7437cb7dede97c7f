#include "ingest/scrape_labels.h"

#include <string.h>

static struct label *find(struct labels_builder *b, struct str name)
{
    for (size_t i = 0; i < b->count; i++)
        if (str_equals(b->items[i].name, name))
            return &b->items[i];
    return NULL;
}

static bool is_reserved(struct str name)
{
    return str_has_prefix(name, STR("__")) && !str_equals(name, LABEL_METRIC_NAME);
}

static void drop_reserved(struct labels_builder *b)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->count; i++)
        if (!is_reserved(b->items[i].name))
            b->items[kept++] = b->items[i];
    b->count = kept;
}

/* Puts "exported_" before the name until neither the line nor the target has it. */
static enum err rename_scraped(struct labels_builder *b, struct label *clashing,
                               struct labels target, struct diag *diag)
{
    struct str name = clashing->name;

    do {
        const char *longer = arena_printf(b->arena, "exported_%.*s", STR_ARG(name));

        if (!longer)
            return diag_set(diag, arena_error(b->arena), "no memory to rename a label");
        name = str_of(longer);
    } while (find(b, name) || labels_value(target, name).len);
    clashing->name = name;
    return ERR_OK;
}

/* True when the text has name="" as a label. A quote inside a value is escaped, so it cannot look
 * like that. */
static bool has_empty_label(struct str series, struct str name)
{
    const char *at = series.ptr, *end = series.ptr + series.len;

    while ((at = memmem(at, (size_t)(end - at), name.ptr, name.len))) {
        bool begins = at > series.ptr && (at[-1] == '{' || at[-1] == ',' || at[-1] == ' ');

        at += name.len;
        if (begins && end - at >= 3 && memcmp(at, "=\"\"", 3) == 0)
            return true;
    }
    return false;
}

enum err scrape_labels_join(struct labels_builder *builder, struct str series, struct labels target,
                            bool honor_labels, struct diag *diag)
{
    drop_reserved(builder);
    for (size_t i = 0; i < target.count; i++) {
        const struct label *own = &target.items[i];
        struct label *scraped = find(builder, own->name);

        if (honor_labels && (scraped || has_empty_label(series, own->name)))
            continue;
        if (scraped) {
            enum err err = rename_scraped(builder, scraped, target, diag);

            if (err)
                return err;
        }
        labels_builder_add(builder, own->name, own->value);
    }
    return ERR_OK;
}
