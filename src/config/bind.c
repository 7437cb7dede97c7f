#include "config/bind.h"

#include <assert.h>

#include "config/option_value.h"
#include "config/suggest.h"

/* --- names --- */

enum { SNAKE_BYTES = 128 };

/* True when `camel` is `snake` with each _x written X. */
static bool is_camel_of(struct str snake, struct str camel)
{
    size_t at = 0;

    for (size_t i = 0; i < snake.len; i++) {
        char c = snake.ptr[i];

        if (c == '_' && i + 1 < snake.len)
            c = (char)(snake.ptr[++i] - 'a' + 'A');
        if (at == camel.len || camel.ptr[at++] != c)
            return false;
    }
    return at == camel.len;
}

static bool has_name(const struct field_table *table, const char *name, struct str key)
{
    return name &&
           (str_equals(str_of(name), key) || (table->camel_case && is_camel_of(str_of(name), key)));
}

static size_t find_field(const struct field_table *table, struct str key)
{
    size_t i = 0;

    while (i < table->count && !has_name(table, table->fields[i].is.name, key) &&
           !has_name(table, table->fields[i].also, key))
        i++;
    return i;
}

const struct field *bind_find_field(const struct field_table *table, struct str key)
{
    size_t i = find_field(table, key);

    return i < table->count ? &table->fields[i] : NULL;
}

/* "maxRetries" as "max_retries", written into `out`; a key that is too long for that as it is. */
static struct str snake_of(struct str key, char out[SNAKE_BYTES])
{
    size_t len = 0;

    for (size_t i = 0; i < key.len; i++) {
        bool is_upper = key.ptr[i] >= 'A' && key.ptr[i] <= 'Z';

        if (len + 2 > SNAKE_BYTES)
            return key;
        if (is_upper)
            out[len++] = '_';
        out[len++] = (char)(is_upper ? key.ptr[i] - 'A' + 'a' : key.ptr[i]);
    }
    return (struct str){ out, len };
}

static void report_unknown(struct report *report, const struct field_table *table,
                           const struct node *key)
{
    char shown[SHOWN_BYTES], near[SUGGESTION_BYTES], snake[SNAKE_BYTES];
    struct suggestion s = suggestion_for(table->camel_case ? snake_of(key->text, snake)
                                                           : key->text);

    for (size_t i = 0; i < table->count; i++) {
        suggestion_offer(&s, str_of(table->fields[i].is.name));
        if (table->fields[i].also)
            suggestion_offer(&s, str_of(table->fields[i].also));
    }
    report_error(report, key, "unknown key \"%s\" in %s%s", report_shown(key->text, shown),
                 table->what, suggestion_text(&s, near));
}

/* --- values --- */

static void store(const struct field *field, const struct option_value *value, void *target)
{
    char *member = (char *)target + field->offset;

    switch (field->is.type) {
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_SIZE:
        memcpy(member, &value->integer, sizeof value->integer);
        break;
    case OPTION_DOUBLE:
        memcpy(member, &value->real, sizeof value->real);
        break;
    case OPTION_BOOL:
        memcpy(member, &value->flag, sizeof value->flag);
        break;
    case OPTION_STRING:
    case OPTION_ENUM:
    case OPTION_SECRET:
        memcpy(member, &value->text, sizeof value->text);
        break;
    }
}

enum { SIZE_TEXT_BYTES = 32 };

/* "10MB" as "10MiB", written into `out`. */
static struct str with_binary_unit(struct str text, char out[SIZE_TEXT_BYTES])
{
    size_t unit = text.len - 2;

    if (text.len < 3 || text.len >= SIZE_TEXT_BYTES || text.ptr[unit + 1] != 'B' ||
        !strchr("KMGT", text.ptr[unit]))
        return text;
    memcpy(out, text.ptr, unit + 1);
    memcpy(out + unit + 1, "iB", 2);
    return (struct str){ out, text.len + 1 };
}

static bool read_value(struct report *report, const struct field *field, const struct node *node,
                       struct option_value *ret)
{
    char size[SIZE_TEXT_BYTES];
    struct str text = field->kb_is_kib ? with_binary_unit(node->text, size) : node->text;
    struct diag diag = { 0 };

    if (node->kind == NODE_NULL)
        report_error(report, node, "%s has no value", field->is.name);
    else if (node->kind != NODE_TEXT)
        report_error(report, node, "%s must be a single value (%s), not %s", field->is.name,
                     option_type_name(field->is.type), node_kind_name(node->kind));
    else if (option_value_parse(&field->is, text, ret, &diag))
        return true;
    else
        report_error(report, node, "%s: %s", field->is.name, diag_text(&diag));
    return false;
}

static void read_node(struct report *report, const struct field *field, const struct node *node,
                      void *target)
{
    if (node->kind != field->shape && node->kind != NODE_NULL)
        report_error(report, node, "%s must be %s, not %s", field->is.name,
                     node_kind_name(field->shape), node_kind_name(node->kind));
    else
        memcpy((char *)target + field->offset, &node, sizeof node);
}

static void read_field(struct report *report, const struct field *field, const struct node *node,
                       void *target)
{
    struct option_value value;

    switch (field->kind) {
    case FIELD_VALUE:
        if (read_value(report, field, node, &value))
            store(field, &value, target);
        break;
    case FIELD_NODE:
        read_node(report, field, node, target);
        break;
    case FIELD_UNUSED:
        report_unused(report, node->key);
        if (field->is.type != OPTION_SECRET)
            (void)read_value(report, field, node, &value);
        break;
    }
}

/* --- the map --- */

static void report_missing(struct report *report, const struct field_table *table,
                           const struct node *map, const struct node *const *seen)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->fields[i].required && !seen[i])
            report_error(report, map, "%s without %s", table->what, table->fields[i].is.name);
}

bool bind_map(struct report *report, const struct field_table *table, const struct node *map,
              void *target)
{
    const struct node *seen[FIELDS_MAX] = { 0 };

    assert(table->count <= FIELDS_MAX);
    if (map->kind != NODE_MAP && map->kind != NODE_NULL) {
        report_error(report, map, "%s must be a map (key: value), not %s", table->what,
                     node_kind_name(map->kind));
        return false;
    }
    for (const struct node *item = map->first; item; item = item->next) {
        size_t idx = find_field(table, item->key->text);

        if (idx == table->count) {
            report_unknown(report, table, item->key);
            continue;
        }
        if (seen[idx] && !str_equals(seen[idx]->text, item->key->text))
            report_error(report, item->key, "%s is already given in line %d, spelt %.*s",
                         table->fields[idx].is.name, seen[idx]->line, STR_ARG(seen[idx]->text));
        if (seen[idx])
            continue; /* the same spelling twice was reported for the whole file */
        seen[idx] = item->key;
        read_field(report, &table->fields[idx], item, target);
    }
    report_missing(report, table, map, seen);
    return true;
}

bool bind_is_list(struct report *report, const char *name, const struct node *node)
{
    if (node->kind == NODE_LIST || node->kind == NODE_NULL)
        return true;
    report_error(report, node, "%s must be a list (- item), not %s", name,
                 node_kind_name(node->kind));
    return false;
}

bool bind_text(struct report *report, const char *name, const struct node *node, size_t min_bytes,
               size_t max_bytes, struct str *ret)
{
    if (node->kind != NODE_TEXT && !(node->kind == NODE_NULL && !min_bytes)) {
        report_error(report, node, "%s must be a text, not %s", name, node_kind_name(node->kind));
        return false;
    }
    *ret = node->kind == NODE_NULL ? STR("") : node->text;
    if (ret->len >= min_bytes && ret->len <= max_bytes)
        return true;
    report_error(report, node, "%s has %zu bytes; %zu to %zu are allowed", name, ret->len,
                 min_bytes, max_bytes);
    return false;
}
