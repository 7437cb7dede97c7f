#include "config/shown.h"

#include <ctype.h>

#include "base/attr.h"
#include "base/json.h"
#include "config/sections.h"

static const char masked[] = "<secret>";

/* The tables that have secrets, or might one day. */
static const struct field_table *const tables[] = {
    &scrape_table,
    &basic_auth_table,
    &authorization_table,
    &tls_config_table,
};

static bool is_secret(struct str key)
{
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        const struct field *field = bind_find_field(tables[i], key);

        if (field && field->is.type == OPTION_SECRET)
            return true;
    }
    return false;
}

static bool has_effect(const struct field_table *table, struct str key)
{
    const struct field *field = table ? bind_find_field(table, key) : NULL;

    return !field || field->kind != FIELD_UNUSED;
}

/* --- texts --- */

/* "http://user:password@proxy:3128" without what stands before the @. */
static struct str without_user(struct str url, struct str *ret_rest)
{
    const char *slashes = memmem(url.ptr, url.len, "://", 3);
    struct str host = url;
    size_t at;

    *ret_rest = STR("");
    if (!slashes)
        return url;
    host = (struct str){ slashes + 3, url.len - (size_t)(slashes + 3 - url.ptr) };
    host.len = str_find(host, '/');
    at = host.len;
    while (at && host.ptr[at - 1] != '@')
        at--;
    if (!at)
        return url;
    *ret_rest = (struct str){ host.ptr + at, (size_t)(url.ptr + url.len - host.ptr) - at };
    return (struct str){ url.ptr, (size_t)(host.ptr - url.ptr) };
}

/* May it stand without quotes, and mean the same? */
static bool is_plain(struct str text)
{
    if (!text.len || !(isalnum((unsigned char)text.ptr[0]) || text.ptr[0] == '/'))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !memchr("_./-", text.ptr[i], 5))
            return false;
    return true;
}

static void write_quoted(struct str text, struct buf *out)
{
    struct json j = json_to(out);

    json_string(&j, text);
}

static void write_text(struct str text, bool quoted, struct buf *out)
{
    if (!quoted && is_plain(text))
        buf_append_str(out, text);
    else
        write_quoted(text, out);
}

static void write_scalar(const struct node *node, struct buf *out)
{
    struct str key = node->key ? node->key->text : STR(""), rest, start;

    if (node->kind == NODE_NULL) {
        buf_append_cstr(out, "null");
    } else if (is_secret(key) && node->text.len) {
        buf_append_cstr(out, masked);
    } else if (str_equals(key, STR("proxy_url"))) {
        start = without_user(node->text, &rest);
        buf_printf(out, rest.len ? "\"%.*s%s@%.*s\"" : "\"%.*s%s%.*s\"", STR_ARG(start),
                   rest.len ? masked : "", STR_ARG(rest));
    } else {
        write_text(node->text, node->quoted, out);
    }
}

/* --- the file's tree --- */

static void indent(size_t depth, struct buf *out)
{
    for (size_t i = 0; i < depth; i++)
        buf_append_cstr(out, "  ");
}

/* Does anything stand below it that has an effect? */
static bool is_branch(const struct node *node, const struct field_table *table)
{
    for (const struct node *item = node->first; item; item = item->next)
        if (!item->key || has_effect(table, item->key->text))
            return true;
    return false;
}

static void write_items(const struct node *parent, const struct field_table *table, size_t depth,
                        bool begun, struct buf *out);

/* What stands behind "key:" or "-". */
static void write_value(const struct node *node, const struct field_table *table, size_t depth,
                        struct buf *out)
{
    if (is_branch(node, table)) {
        bool in_line = !node->key && node->kind == NODE_MAP;

        buf_append_byte(out, in_line ? ' ' : '\n');
        write_items(node, table, depth + 1, in_line, out);
        return;
    }
    buf_append_byte(out, ' ');
    if (node->kind == NODE_MAP || node->kind == NODE_LIST)
        buf_append_cstr(out, node->kind == NODE_MAP ? "{}" : "[]");
    else
        write_scalar(node, out);
    buf_append_byte(out, '\n');
}

/* `begun`: the first line's indentation stands there. `table`: of the map, or of a list's maps.
 * Recursion is bounded by YAML_DEPTH_MAX. */
static void write_items(const struct node *parent, const struct field_table *table, size_t depth,
                        bool begun, struct buf *out)
{
    for (const struct node *item = parent->first; item; item = item->next) {
        if (item->key && !has_effect(table, item->key->text))
            continue;
        if (!begun)
            indent(depth, out);
        begun = false;
        if (item->key)
            write_text(item->key->text, item->key->quoted, out);
        buf_append_byte(out, item->key ? ':' : '-');
        write_value(item, item->key ? NULL : table, depth, out);
    }
}

static void write_section(const struct node *root, const char *name,
                          const struct field_table *table, struct buf *out)
{
    for (const struct node *item = root->first; item; item = item->next) {
        if (!str_equals(item->key->text, str_of(name)) || !is_branch(item, table))
            continue;
        buf_printf(out, "%s:\n", name);
        write_items(item, table, 1, false, out);
    }
}

/* --- options --- */

static void write_option(const struct option_row *row, const struct option_value *value,
                         struct buf *out)
{
    bool is_text = row->type == OPTION_STRING || (row->type == OPTION_SECRET && !value->text.len);

    if (is_text)
        write_quoted(value->text, out);
    else
        option_value_print(row, value, out);
    buf_append_byte(out, '\n');
}

/* Rows of one map stand together: the maps that `before` opened stay open. */
static void write_options(const struct config *cfg, struct buf *out)
{
    const char *before = "";

    for (size_t i = 0; i < OPT_COUNT; i++) {
        const char *name = option_rows()[i].name, *part = name, *dot;
        size_t depth = 0, common = option_common_len(before, name);

        for (; (dot = strchr(part, '.')); part = dot + 1, depth++) {
            if (part < name + common)
                continue;
            indent(depth, out);
            buf_printf(out, "%.*s:\n", (int)(dot - part), part);
        }
        indent(depth, out);
        buf_printf(out, "%s: ", part);
        write_option(&option_rows()[i], &cfg->values[i], out);
        before = name;
    }
}

enum err config_show(struct config *cfg, const struct node *root)
{
    struct buf out = buf_limited(CONFIG_SHOWN_MAX_BYTES);
    enum err err;

    write_options(cfg, &out);
    write_section(root, "global", &global_table, &out);
    write_section(root, "scrape_configs", &scrape_table, &out);
    write_section(root, "services", &service_table, &out);
    write_section(root, "mappings", &mapping_field_table, &out);
    err = buf_error(&out);
    if (!err && !arena_copy_str(&cfg->arena, buf_str(&out), &cfg->shown))
        err = arena_error(&cfg->arena);
    buf_release(&out);
    return err;
}
