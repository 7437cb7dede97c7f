#include "config/yaml.h"

#include <yaml.h>

#include "base/attr.h"

struct reader {
    struct arena *nodes;
    struct arena *texts;
    struct diag *diag;
    struct node *open[YAML_DEPTH_MAX];        /* lists and maps that are not closed yet */
    struct node *pending_key[YAML_DEPTH_MAX]; /* of the map at that depth */
    int depth;
    struct node *root;
};

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = { "nothing", "a single value", "a list", "a map" };

    return names[kind];
}

static int line_of(const yaml_event_t *event)
{
    return (int)event->start_mark.line + 1;
}

static int column_of(const yaml_event_t *event)
{
    return (int)event->start_mark.column + 1;
}

static enum err fail(struct reader *r, const yaml_event_t *event, const char *what)
{
    return diag_set_at(r->diag, ERR_INVALID, line_of(event), column_of(event), "%s", what);
}

static enum err fail_memory(struct reader *r, const struct arena *arena)
{
    enum err err = arena_error(arena);

    return diag_set(r->diag, err, "%s",
                    err == ERR_LIMIT ? "the file describes too much" : err_text(err));
}

/* Puts a finished text, or a list or map that was just opened, where it belongs. */
static enum err attach(struct reader *r, struct node *node, const yaml_event_t *event)
{
    struct node *parent = r->depth ? r->open[r->depth - 1] : NULL;
    struct node **key = r->depth ? &r->pending_key[r->depth - 1] : NULL;

    if (!parent) {
        r->root = node;
        return ERR_OK;
    }
    if (parent->kind == NODE_MAP && !*key) {
        if (node->kind != NODE_TEXT)
            return fail(r, event, "a key must be a text");
        *key = node;
        return ERR_OK;
    }
    if (parent->kind == NODE_MAP) {
        node->key = *key;
        *key = NULL;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->count++;
    return ERR_OK;
}

static enum err add_node(struct reader *r, enum node_kind kind, const yaml_event_t *event,
                         struct node **ret)
{
    struct node *node = arena_alloc_zero(r->nodes, 1, sizeof *node);

    if (!node)
        return fail_memory(r, r->nodes);
    node->kind = kind;
    node->line = line_of(event);
    node->column = column_of(event);
    *ret = node;
    return ERR_OK;
}

static bool is_null(struct str text)
{
    static const char *const spellings[] = { "", "~", "null", "Null", "NULL" };

    for (size_t i = 0; i < ARRAY_LEN(spellings); i++)
        if (str_equals(text, str_of(spellings[i])))
            return true;
    return false;
}

static enum err on_scalar(struct reader *r, const yaml_event_t *event)
{
    struct str text = { (const char *)event->data.scalar.value, event->data.scalar.length };
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    struct node *node = NULL;
    enum err err;

    if (event->data.scalar.anchor)
        return fail(r, event, "anchors (&name) are not supported; write the value again");
    if (event->data.scalar.tag)
        return fail(r, event, "tags (!name) are not supported");
    if (str_find(text, '\0') != text.len)
        return fail(r, event, "a text must not hold a NUL byte");
    err = add_node(r, !quoted && is_null(text) ? NODE_NULL : NODE_TEXT, event, &node);
    if (err)
        return err;
    node->quoted = quoted;
    if (!arena_copy_str(r->texts, text, &node->text))
        return fail_memory(r, r->texts);
    return attach(r, node, event);
}

static enum err on_open(struct reader *r, enum node_kind kind, const yaml_event_t *event)
{
    bool is_map = kind == NODE_MAP;
    struct node *node = NULL;
    enum err err;

    if (is_map ? !!event->data.mapping_start.anchor : !!event->data.sequence_start.anchor)
        return fail(r, event, "anchors (&name) are not supported; write the value again");
    if (is_map ? !!event->data.mapping_start.tag : !!event->data.sequence_start.tag)
        return fail(r, event, "tags (!name) are not supported");
    if (r->depth == YAML_DEPTH_MAX)
        return diag_set_at(r->diag, ERR_INVALID, line_of(event), column_of(event),
                           "nested deeper than %d levels", YAML_DEPTH_MAX);
    err = add_node(r, kind, event, &node);
    if (!err)
        err = attach(r, node, event);
    if (err)
        return err;
    r->pending_key[r->depth] = NULL;
    r->open[r->depth++] = node;
    return ERR_OK;
}

static enum err on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return r->root ? fail(r, event, "a second document (---); one file holds one") : ERR_OK;
    case YAML_ALIAS_EVENT:
        return fail(r, event, "aliases (*name) are not supported; write the value again");
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, NODE_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, NODE_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

/* The decoder of bytes knows an offset only. */
static enum err fail_bytes(const yaml_parser_t *parser, struct str text, struct diag *diag)
{
    size_t end = parser->problem_offset < text.len ? parser->problem_offset : text.len;
    int line = 1, column = 1;

    for (size_t i = 0; i < end; i++) {
        column = text.ptr[i] == '\n' ? 1 : column + 1;
        line += text.ptr[i] == '\n';
    }
    return diag_set_at(diag, ERR_INVALID, line, column, "malformed YAML: %s", parser->problem);
}

static enum err fail_syntax(const yaml_parser_t *parser, struct str text, struct diag *diag)
{
    const char *problem = parser->problem ? parser->problem : "cannot be read";

    if (parser->error == YAML_MEMORY_ERROR)
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    if (parser->error == YAML_READER_ERROR)
        return fail_bytes(parser, text, diag);
    if (!parser->context)
        return diag_set_at(diag, ERR_INVALID, (int)parser->problem_mark.line + 1,
                           (int)parser->problem_mark.column + 1, "malformed YAML: %s", problem);
    return diag_set_at(diag, ERR_INVALID, (int)parser->problem_mark.line + 1,
                       (int)parser->problem_mark.column + 1,
                       "malformed YAML: %s (%s that begins in line %zu)", problem, parser->context,
                       parser->context_mark.line + 1);
}

static enum err read_events(yaml_parser_t *parser, struct reader *r, struct str text)
{
    bool at_end = false;
    enum err err = ERR_OK;

    while (!at_end && !err) {
        yaml_event_t event;

        if (!yaml_parser_parse(parser, &event))
            return fail_syntax(parser, text, r->diag);
        at_end = event.type == YAML_STREAM_END_EVENT;
        err = on_event(r, &event);
        yaml_event_delete(&event);
    }
    return err;
}

enum err yaml_parse(struct str text, struct arena *nodes, struct arena *texts,
                    struct node **ret_root, struct diag *diag)
{
    static const yaml_event_t nowhere;
    struct reader r = { .nodes = nodes, .texts = texts, .diag = diag };
    yaml_parser_t parser;
    enum err err;

    if (!yaml_parser_initialize(&parser))
        return diag_set(diag, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);
    err = read_events(&parser, &r, text);
    yaml_parser_delete(&parser);
    if (!err && !r.root)
        err = add_node(&r, NODE_NULL, &nowhere, &r.root);
    if (err)
        return err;
    *ret_root = r.root;
    return ERR_OK;
}
