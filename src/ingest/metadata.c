/*
 * An entry's key is its four texts, each with a NUL behind it: metric, type, unit,
 * help. None of them holds a NUL, so that equal keys mean equal texts.
 */
#include "ingest/metadata.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/mem.h"

enum { KEY_MAX_BYTES = 256 << 10 }; /* a metric's name is part of a line, at most 64 KiB */

struct metadata_entry {
    struct str key;
    struct metadata_item item; /* points into key */
    size_t uses_count;
};

struct metadata {
    struct lock lock;
    struct map entries;
    uint64_t refused_count;
};

enum err metadata_new(struct metadata **ret)
{
    struct metadata *m = mem_alloc_zero(1, sizeof *m);

    if (!m)
        return ERR_NOMEM;
    lock_init(&m->lock, LOCK_RANK_PUBLISH);
    m->entries = map_limited(METADATA_MAX_COUNT);
    *ret = m;
    return ERR_OK;
}

static void entry_free(struct metadata_entry *e)
{
    if (e)
        mem_free((void *)e->key.ptr);
    mem_free(e);
}

void metadata_free(struct metadata *m)
{
    struct map_entry *slot;

    if (!m)
        return;
    for (size_t i = 0; (slot = map_next(&m->entries, &i));)
        entry_free(slot->value);
    map_release(&m->entries);
    lock_release(&m->lock);
    mem_free(m);
}

static struct str cut_help(struct str help)
{
    if (help.len <= METADATA_HELP_MAX_BYTES)
        return help;
    help.len = METADATA_HELP_MAX_BYTES;
    while (help.len && ((unsigned char)help.ptr[help.len] & 0xc0) == 0x80)
        help.len--;
    return help;
}

static void write_key(const struct metadata_item *item, struct buf *out)
{
    struct str parts[] = { item->metric, item->type, item->unit, cut_help(item->help) };

    buf_clear(out);
    for (size_t i = 0; i < 4; i++) {
        buf_append(out, parts[i].ptr, parts[i].len);
        buf_append_byte(out, '\0');
    }
}

static struct str next_part(struct str *rest)
{
    struct str part;

    *rest = str_cut(*rest, '\0', &part);
    return part;
}

static struct metadata_entry *entry_new(struct str key)
{
    struct metadata_entry *e = mem_alloc_zero(1, sizeof *e);

    if (!e)
        return NULL;
    e->key = (struct str){ mem_copy(key.ptr, key.len), key.len };
    if (!e->key.ptr) {
        mem_free(e);
        return NULL;
    }
    key = e->key;
    e->item.metric = next_part(&key);
    e->item.type = next_part(&key);
    e->item.unit = next_part(&key);
    e->item.help = next_part(&key);
    return e;
}

/* *ret stays NULL when the store is full. */
static enum err use_entry(struct metadata *m, struct str key, struct metadata_entry **ret)
{
    struct metadata_entry *e = map_find(&m->entries, key);
    enum err err = ERR_OK;

    if (!e) {
        e = entry_new(key);
        err = e ? map_put(&m->entries, e->key, e) : ERR_NOMEM;
    }
    if (err) {
        entry_free(e);
        m->refused_count += err == ERR_LIMIT;
        return err == ERR_LIMIT ? ERR_OK : err;
    }
    e->uses_count++;
    *ret = e;
    return ERR_OK;
}

static void leave_all(struct metadata *m, struct metadata_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct metadata_entry *e = list->entries[i];

        if (--e->uses_count)
            continue;
        map_remove(&m->entries, e->key);
        entry_free(e);
    }
    mem_free(list->entries);
    *list = (struct metadata_list){ 0 };
}

/* Fills a list that has room for all items. */
static enum err use_all(struct metadata *m, struct metadata_list *list,
                        const struct metadata_item *items, size_t count)
{
    struct buf key = buf_limited(KEY_MAX_BYTES);
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && !err; i++) {
        struct metadata_entry *e = NULL;

        write_key(&items[i], &key);
        err = buf_error(&key);
        if (!err)
            err = use_entry(m, buf_str(&key), &e);
        if (e)
            list->entries[list->count++] = e;
    }
    buf_release(&key);
    return err;
}

enum err metadata_replace(struct metadata *m, struct metadata_list *list,
                          const struct metadata_item *items, size_t count)
{
    struct metadata_list fresh = { 0 };
    enum err err;

    fresh.entries = mem_alloc_zero(count ? count : 1, sizeof(struct metadata_entry *));
    lock_take(&m->lock);
    err = fresh.entries ? use_all(m, &fresh, items, count) : ERR_NOMEM;
    leave_all(m, list); /* after the new ones are held, so that what stays is not made anew */
    if (err)
        leave_all(m, &fresh);
    lock_drop(&m->lock);
    *list = fresh;
    return err;
}

void metadata_drop(struct metadata *m, struct metadata_list *list)
{
    if (!list->entries)
        return;
    lock_take(&m->lock);
    leave_all(m, list);
    lock_drop(&m->lock);
}

/* --- readers --- */

static int compare_items(const void *a, const void *b)
{
    const struct metadata_item *x = a, *y = b;
    int order = str_compare(x->metric, y->metric);

    if (!order)
        order = str_compare(x->type, y->type);
    if (!order)
        order = str_compare(x->help, y->help);
    return order ? order : str_compare(x->unit, y->unit);
}

static enum err copy_item(const struct metadata_item *from, struct arena *arena,
                          struct metadata_item *ret)
{
    if (arena_copy_str(arena, from->metric, &ret->metric) &&
        arena_copy_str(arena, from->type, &ret->type) &&
        arena_copy_str(arena, from->help, &ret->help) &&
        arena_copy_str(arena, from->unit, &ret->unit))
        return ERR_OK;
    return arena_error(arena);
}

/* Under the lock. */
static enum err copy_items(const struct metadata *m, struct str metric, struct arena *arena,
                           struct metadata_item *ret, size_t *ret_count)
{
    struct map_entry *slot;
    enum err err = ERR_OK;

    *ret_count = 0;
    for (size_t i = 0; !err && (slot = map_next(&m->entries, &i));) {
        const struct metadata_entry *e = slot->value;

        if (metric.len && !str_equals(e->item.metric, metric))
            continue;
        err = copy_item(&e->item, arena, &ret[*ret_count]);
        *ret_count += !err;
    }
    return err;
}

enum err metadata_read(struct metadata *m, struct str metric, struct arena *arena,
                       struct metadata_item **ret, size_t *ret_count)
{
    struct metadata_item *items;
    size_t count = 0;
    enum err err;

    lock_take(&m->lock);
    items = arena_alloc_zero(arena, m->entries.count + 1, sizeof *items);
    err = items ? copy_items(m, metric, arena, items, &count) : arena_error(arena);
    lock_drop(&m->lock);
    if (err)
        return err;
    qsort(items, count, sizeof *items, compare_items);
    *ret = items;
    *ret_count = count;
    return ERR_OK;
}

struct metadata_counts metadata_count(struct metadata *m)
{
    struct metadata_counts counts;

    lock_take(&m->lock);
    counts = (struct metadata_counts){ m->entries.count, m->refused_count };
    lock_drop(&m->lock);
    return counts;
}
