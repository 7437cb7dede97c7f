#include "model/labels.h"

#include <string.h>

#include "base/hash.h"

/* --- building --- */

void labels_builder_init(struct labels_builder *b, struct arena *arena)
{
    b->arena = arena;
    b->count = 0;
    b->overflow = false;
}

void labels_builder_add(struct labels_builder *b, struct str name, struct str value)
{
    if (!value.len)
        return;
    if (b->count == LABELS_MAX) {
        b->overflow = true;
        return;
    }
    b->items[b->count++] = (struct label){ name, value };
}

void labels_builder_set(struct labels_builder *b, struct str name, struct str value)
{
    size_t kept = 0;

    for (size_t i = 0; i < b->count; i++)
        if (!str_equals(b->items[i].name, name))
            b->items[kept++] = b->items[i];
    b->count = kept;
    labels_builder_add(b, name, value);
}

/* Insertion: sources send labels nearly sorted, and there are few. */
static void sort(struct label *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct label moved = items[i];
        size_t at = i;

        while (at > 0 && str_compare(items[at - 1].name, moved.name) > 0) {
            items[at] = items[at - 1];
            at--;
        }
        items[at] = moved;
    }
}

enum { SHOWN_MAX_BYTES = 80 }; /* of a foreign text inside a message */

static int shown_len(struct str s)
{
    return s.len < SHOWN_MAX_BYTES ? (int)s.len : SHOWN_MAX_BYTES;
}

static enum err check_limits(const struct label *l, size_t total_bytes, struct diag *diag)
{
    if (l->name.len > LABEL_NAME_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the label name \"%.*s…\" has %zu bytes, at most %d",
                        shown_len(l->name), l->name.ptr, l->name.len, LABEL_NAME_MAX_BYTES);
    if (l->value.len > LABEL_VALUE_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the value of label \"%.*s\" has %zu bytes, at most %d",
                        STR_ARG(l->name), l->value.len, LABEL_VALUE_MAX_BYTES);
    if (total_bytes > LABELS_MAX_BYTES)
        return diag_set(diag, ERR_LIMIT, "the labels have more than %d bytes together",
                        LABELS_MAX_BYTES);
    return ERR_OK;
}

static enum err check_text(const struct label *l, struct diag *diag)
{
    if (!label_name_is_valid(l->name))
        return diag_set(diag, ERR_INVALID, "\"%.*s\" is not a label name", STR_ARG(l->name));
    if (!str_is_utf8(l->value))
        return diag_set(diag, ERR_INVALID, "the value of label \"%.*s\" is not UTF-8",
                        STR_ARG(l->name));
    if (str_equals(l->name, LABEL_METRIC_NAME) && !metric_name_is_valid(l->value))
        return diag_set(diag, ERR_INVALID, "\"%.*s\" is not a metric name", shown_len(l->value),
                        l->value.ptr);
    return ERR_OK;
}

static enum err check(const struct labels_builder *b, struct diag *diag)
{
    size_t total_bytes = 0;

    if (b->overflow)
        return diag_set(diag, ERR_LIMIT, "more than %d labels", LABELS_MAX);
    for (size_t i = 0; i < b->count; i++) {
        const struct label *l = &b->items[i];
        enum err err;

        total_bytes += l->name.len + l->value.len;
        err = check_limits(l, total_bytes, diag);
        if (!err)
            err = check_text(l, diag);
        if (err)
            return err;
        if (i && str_equals(b->items[i - 1].name, l->name))
            return diag_set(diag, ERR_INVALID, "the label \"%.*s\" is given twice",
                            STR_ARG(l->name));
    }
    return ERR_OK;
}

enum err labels_builder_finish(struct labels_builder *b, struct labels *ret, struct diag *diag)
{
    struct label *items;
    enum err err;

    sort(b->items, b->count);
    err = check(b, diag);
    if (err)
        return err;
    items = arena_alloc(b->arena, b->count * sizeof *items);
    if (!items) {
        err = arena_error(b->arena);
        return diag_set(diag, err, "%s", err_text(err));
    }
    memcpy(items, b->items, b->count * sizeof *items);
    *ret = (struct labels){ items, b->count };
    return ERR_OK;
}

/* --- reading --- */

struct str labels_value(struct labels labels, struct str name)
{
    for (size_t i = 0; i < labels.count; i++)
        if (str_equals(labels.items[i].name, name))
            return labels.items[i].value;
    return STR("");
}

bool labels_equals(struct labels a, struct labels b)
{
    if (a.count != b.count)
        return false;
    for (size_t i = 0; i < a.count; i++)
        if (!str_equals(a.items[i].name, b.items[i].name) ||
            !str_equals(a.items[i].value, b.items[i].value))
            return false;
    return true;
}

int labels_compare(struct labels a, struct labels b)
{
    for (size_t i = 0; i < a.count && i < b.count; i++) {
        int order = str_compare(a.items[i].name, b.items[i].name);

        if (order == 0)
            order = str_compare(a.items[i].value, b.items[i].value);
        if (order != 0)
            return order;
    }
    return a.count < b.count ? -1 : a.count > b.count;
}

uint64_t labels_hash(struct labels labels)
{
    uint64_t hash = labels.count;

    for (size_t i = 0; i < labels.count; i++) {
        hash = (hash ^ hash_str(labels.items[i].name)) * UINT64_C(0x9e3779b97f4a7c15);
        hash = (hash ^ hash >> 32 ^ hash_str(labels.items[i].value)) * UINT64_C(0xff51afd7ed558ccd);
    }
    return hash;
}

/* --- the byte form --- */

static void encode_text(struct str s, struct buf *out)
{
    size_t len = s.len;

    while (len >= 0x80) {
        buf_append_byte(out, (char)(len | 0x80));
        len >>= 7;
    }
    buf_append_byte(out, (char)len);
    buf_append_str(out, s);
}

void labels_encode(struct labels labels, struct buf *out)
{
    for (size_t i = 0; i < labels.count; i++) {
        encode_text(labels.items[i].name, out);
        encode_text(labels.items[i].value, out);
    }
}

/* A length below LABELS_MAX_BYTES takes two bytes at most; a longer or padded number is no length.
 */
static bool decode_text(struct str *left, struct str *ret)
{
    size_t len = 0, used = 0;
    unsigned char byte;

    do {
        if (used == 2 || used == left->len)
            return false;
        byte = (unsigned char)left->ptr[used];
        len |= (size_t)(byte & 0x7F) << (7 * used);
        used++;
    } while (byte & 0x80);
    if ((used == 2 && !byte) || !len || len > left->len - used)
        return false;
    *ret = (struct str){ left->ptr + used, len };
    left->ptr += used + len;
    left->len -= used + len;
    return true;
}

enum err labels_decode(struct str bytes, struct arena *arena, struct labels *ret)
{
    struct label found[LABELS_MAX];
    struct label *items;
    size_t count = 0;

    while (bytes.len) {
        struct label *l = &found[count];

        if (count == LABELS_MAX)
            return ERR_LIMIT;
        if (!decode_text(&bytes, &l->name) || !decode_text(&bytes, &l->value))
            return ERR_CORRUPT;
        if (count && str_compare(l[-1].name, l->name) >= 0)
            return ERR_CORRUPT;
        count++;
    }
    items = arena_alloc(arena, count * sizeof *items);
    if (!items)
        return arena_error(arena);
    memcpy(items, found, count * sizeof *items);
    *ret = (struct labels){ items, count };
    return ERR_OK;
}

/* --- text --- */

static void print_escaped(struct str value, struct buf *out)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '\n') {
            buf_append_cstr(out, "\\n");
            continue;
        }
        if (c == '"' || c == '\\')
            buf_append_byte(out, '\\');
        buf_append_byte(out, c);
    }
}

void labels_print_pairs(struct labels labels, struct buf *out)
{
    bool first = true;

    for (size_t i = 0; i < labels.count; i++) {
        const struct label *l = &labels.items[i];

        if (str_equals(l->name, LABEL_METRIC_NAME))
            continue;
        if (!first)
            buf_append_byte(out, ',');
        first = false;
        buf_append_str(out, l->name);
        buf_append_cstr(out, "=\"");
        print_escaped(l->value, out);
        buf_append_byte(out, '"');
    }
}

void labels_print(struct labels labels, struct buf *out)
{
    struct str name = labels_value(labels, LABEL_METRIC_NAME);

    buf_append_str(out, name);
    if (name.len && labels.count == 1)
        return;
    buf_append_byte(out, '{');
    labels_print_pairs(labels, out);
    buf_append_byte(out, '}');
}

/* --- names --- */

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(struct str name, bool colon)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool digit = c >= '0' && c <= '9';

        if (!is_name_start(c) && !(colon && c == ':') && !(digit && i))
            return false;
    }
    return name.len > 0;
}

bool label_name_is_valid(struct str name)
{
    return is_name(name, false);
}

bool metric_name_is_valid(struct str name)
{
    return is_name(name, true);
}
