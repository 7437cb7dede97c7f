/*
 * JSON becomes the tree of nodes that the reader of the file takes. Nodes stand
 * in the order of the text, so that lines and columns are counted in one walk;
 * they are also how an error leads back to the member at fault.
 */
#include "config/service_json.h"

#include <ctype.h>
#include <stdio.h>

#include "base/json.h"
#include "base/json_read.h"
#include "config/sections.h"

enum { NODES_MAX_BYTES = 16 << 20 };

/* --- JSON to nodes --- */

struct builder {
    struct arena *nodes, *texts;
    const char *at; /* lines and columns are counted up to here */
    int line, column;
    enum err err;
};

static void *fail(struct builder *b, const struct arena *arena)
{
    if (!b->err)
        b->err = arena_error(arena);
    return NULL;
}

static struct node *new_node(struct builder *b, enum node_kind kind, const char *at)
{
    struct node *node = arena_alloc_zero(b->nodes, 1, sizeof *node);

    if (!node)
        return fail(b, b->nodes);
    for (; b->at < at; b->at++) {
        b->column++;
        if (*b->at == '\n') {
            b->line++;
            b->column = 1;
        }
    }
    *node = (struct node){ .kind = kind, .line = b->line, .column = b->column };
    return node;
}

static void append(struct node *parent, struct node *item)
{
    if (parent->last)
        parent->last->next = item;
    else
        parent->first = item;
    parent->last = item;
    parent->count++;
}

static struct node *text_node(struct builder *b, struct str text, const char *at, bool quoted)
{
    struct node *node = new_node(b, NODE_TEXT, at);

    if (!node || !arena_copy_str(b->texts, text, &node->text))
        return node ? fail(b, b->texts) : NULL;
    node->quoted = quoted;
    return node;
}

static struct node *string_node(struct builder *b, struct json_value value)
{
    struct node *node = new_node(b, NODE_TEXT, value.text.ptr);

    if (!node || !json_read_str(value, b->texts, &node->text))
        return node ? fail(b, b->texts) : NULL;
    node->quoted = true;
    return node;
}

static struct node *node_of(struct builder *b, struct json_value value);

/* Recursion is bounded by JSON_READ_DEPTH_MAX. */
static struct node *parent_node(struct builder *b, struct json_value value, enum node_kind kind)
{
    struct node *parent = new_node(b, kind, value.text.ptr);
    struct json_value item = { 0 };

    while (parent && json_read_next(value, &item)) {
        struct node *key = NULL, *child;

        if (kind == NODE_MAP)
            key = text_node(b, item.key, item.key.ptr - 1, true);
        child = key || kind == NODE_LIST ? node_of(b, item) : NULL;
        if (!child)
            return NULL;
        child->key = key;
        append(parent, child);
    }
    return parent;
}

static struct node *node_of(struct builder *b, struct json_value value)
{
    switch (value.kind) {
    case JSON_OBJECT:
        return parent_node(b, value, NODE_MAP);
    case JSON_ARRAY:
        return parent_node(b, value, NODE_LIST);
    case JSON_STRING:
        return string_node(b, value);
    case JSON_BOOL:
    case JSON_NUMBER:
        return text_node(b, value.text, value.text.ptr, false);
    case JSON_NULL:
    case JSON_ABSENT:
        break;
    }
    return new_node(b, NODE_NULL, value.text.ptr);
}

static bool is_name_key(struct str key)
{
    return str_equals(key, STR("name")) || str_equals(key, STR("service_name")) ||
           str_equals(key, STR("serviceName"));
}

static bool has_name(const struct node *root)
{
    for (const struct node *item = root->first; item; item = item->next)
        if (is_name_key(item->key->text))
            return true;
    return false;
}

/* The name as if the text had begun with it. */
static void put_name(struct builder *b, struct node *root, struct str name)
{
    struct node *key = text_node(b, STR("name"), b->at, true);
    struct node *value = key ? text_node(b, name, b->at, true) : NULL;

    if (!value)
        return;
    value->key = key;
    append(root, value);
}

static enum err build(struct str text, struct str name, struct builder *b, struct node **ret_root,
                      struct diag *diag)
{
    struct json_value value;
    enum err err = ERR_OK;

    if (text.len > SERVICE_JSON_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "a definition has %zu bytes; at most %d are allowed",
                        text.len, SERVICE_JSON_MAX_BYTES);
    err = json_read(text, &value, diag);
    if (!err && value.kind != JSON_OBJECT)
        err = diag_set(diag, ERR_INVALID, "the body must be an object, as {\"name\": \"orders\"}");
    if (err)
        return err;
    *ret_root = node_of(b, value);
    if (*ret_root && name.len && !has_name(*ret_root))
        put_name(b, *ret_root, name);
    return b->err;
}

/* --- the member at fault --- */

static bool stands_at(const struct node *node, const struct config_error *e)
{
    return node && node->line == e->line && node->column == e->column;
}

/* The names on the way to the node of the error, with dots between. */
static bool find_field(const struct node *node, const struct config_error *e, char *out,
                       size_t room)
{
    for (const struct node *item = node->first; item; item = item->next) {
        struct str key = item->key ? item->key->text : STR_NONE;
        int len = snprintf(out, room, "%.*s", (int)(key.len < 64 ? key.len : 64),
                           key.len ? key.ptr : "");

        if (len < 0 || (size_t)len + 2 > room)
            return false;
        if (stands_at(item, e) || stands_at(item->key, e))
            return true;
        out[len] = key.len ? '.' : '\0';
        if (find_field(item, e, out + len + (key.len > 0), room - (size_t)len - 1)) {
            if (key.len && !out[len + 1])
                out[len] = '\0'; /* an item of a list has no name */
            return true;
        }
    }
    out[0] = '\0';
    return false;
}

/* Checks of several members are told of the whole, and begin with the name of the first. */
static void name_from_message(const char *message, char *out)
{
    size_t len = strcspn(message, " :");

    for (size_t i = 0; i < service_table.count; i++)
        if (str_equals(str_of(service_table.fields[i].is.name), (struct str){ message, len }))
            snprintf(out, SERVICE_FIELD_BYTES, "%s", service_table.fields[i].is.name);
}

static enum err tell(const struct config_errors *errors, const struct node *root,
                     struct service_fault *fault, struct diag *diag)
{
    const struct config_error *first = errors->items.count ? vec_at(&errors->items, 0) : NULL;
    size_t more = errors->items.count + errors->dropped_count - 1;

    if (!first)
        return diag_set(diag, ERR_INVALID, "the definition is not valid");
    if (fault && !find_field(root, first, fault->field, sizeof fault->field))
        name_from_message(first->message, fault->field);
    if (fault && !fault->field[0] && !has_name(root))
        snprintf(fault->field, sizeof fault->field, "name");
    if (more)
        return diag_set_at(diag, ERR_INVALID, first->line, first->column,
                           "%.200s (and %zu more error%s)", first->message, more,
                           more > 1 ? "s" : "");
    return diag_set_at(diag, ERR_INVALID, first->line, first->column, "%s", first->message);
}

/* --- reading --- */

/* Numbers of the base; its texts live as long as the base only. */
static void take_options(struct config *cfg, const struct config *base)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        switch (option_rows()[id].type) {
        case OPTION_INT:
        case OPTION_DURATION:
        case OPTION_SIZE:
        case OPTION_DOUBLE:
        case OPTION_BOOL:
            cfg->values[id] = base->values[id];
            break;
        case OPTION_STRING:
        case OPTION_ENUM:
        case OPTION_SECRET:
            cfg->values[id].text = STR("");
            break;
        }
    }
}

static enum err check_name(const struct config_service *service, struct str name,
                           struct service_fault *fault, struct diag *diag)
{
    char shown[SHOWN_BYTES], wanted[SHOWN_BYTES];

    if (!name.len || str_equals(service->name, name))
        return ERR_OK;
    if (fault)
        snprintf(fault->field, sizeof fault->field, "name");
    return diag_set(diag, ERR_INVALID, "the body is about \"%s\" and the path about \"%s\"",
                    report_shown(service->name, shown), report_shown(name, wanted));
}

static enum err bind(struct config *cfg, const struct node *root, struct service_fault *fault,
                     struct diag *diag)
{
    struct section section = { .cfg = cfg, .arena = &cfg->arena, .dir = STR("") };
    struct config_service *service = arena_alloc_zero(&cfg->arena, 1, sizeof *service);
    struct config_errors errors;
    struct report report;
    enum err err;

    if (!service)
        return arena_error(&cfg->arena);
    config_errors_init(&errors);
    report_init(&report, STR(""), &errors);
    section.report = &report;
    section_check_duplicates(&report, root);
    section_read_service(&section, root, service);
    err = report_finish(&report);
    if (err == ERR_INVALID)
        err = tell(&errors, root, fault, diag);
    report_release(&report);
    config_errors_release(&errors);
    cfg->services = service;
    cfg->service_count = 1;
    return err;
}

enum err config_read_service(struct str text, struct str name, const struct config *base,
                             struct config **ret, struct service_fault *fault, struct diag *diag)
{
    struct arena nodes = arena_limited(NODES_MAX_BYTES);
    struct config *cfg = snapshot_new();
    struct builder b = { &nodes, cfg ? &cfg->arena : NULL, text.ptr, 1, 1, ERR_OK };
    struct node *root = NULL;
    enum err err = ERR_NOMEM;

    if (fault)
        fault->field[0] = '\0';
    if (!cfg)
        goto out;
    take_options(cfg, base);
    err = build(text, name, &b, &root, diag);
    if (!err)
        err = bind(cfg, root, fault, diag);
    if (!err)
        err = check_name(&cfg->services[0], name, fault, diag);
    if (err)
        goto out;
    *ret = cfg;
    cfg = NULL;
out:
    config_unref(cfg);
    arena_release(&nodes);
    return err;
}

/* --- writing --- */

static void write_key(struct json *j, struct str key)
{
    struct buf snake = buf_limited(2 * SERVICE_JSON_MAX_BYTES);

    for (size_t i = 0; i < key.len; i++) {
        if (isupper((unsigned char)key.ptr[i]))
            buf_append_byte(&snake, '_');
        buf_append_byte(&snake, (char)tolower((unsigned char)key.ptr[i]));
    }
    json_key_str(j, buf_str(&snake));
    if (buf_error(&snake) && !j->out->failed)
        j->out->failed = buf_error(&snake);
    buf_release(&snake);
}

static void write_string(struct json *j, struct json_value value)
{
    struct arena arena = arena_limited(2 * SERVICE_JSON_MAX_BYTES);
    struct str text = STR("");

    if (!json_read_str(value, &arena, &text) && !j->out->failed)
        j->out->failed = arena_error(&arena);
    json_string(j, text);
    arena_release(&arena);
}

static void write_value(struct json *j, struct json_value value)
{
    struct json_value item = { 0 };

    if (value.kind == JSON_STRING) {
        write_string(j, value);
    } else if (value.kind == JSON_ARRAY) {
        json_open_array(j);
        while (json_read_next(value, &item))
            write_value(j, item);
        json_close_array(j);
    } else if (value.kind == JSON_OBJECT) {
        json_open_object(j);
        while (json_read_next(value, &item)) {
            write_key(j, item.key);
            write_value(j, item);
        }
        json_close_object(j);
    } else {
        json_raw(j, value.text);
    }
}

enum err config_write_service(struct str text, struct str name, struct buf *out)
{
    struct json_value root, item = { 0 };
    struct json j = json_to(out);
    enum err err = json_read(text, &root, NULL);

    if (err)
        return err;
    json_open_object(&j);
    json_member_string(&j, "name", name);
    while (json_read_next(root, &item)) {
        if (is_name_key(item.key))
            continue;
        write_key(&j, item.key);
        write_value(&j, item);
    }
    json_close_object(&j);
    return buf_error(out);
}
