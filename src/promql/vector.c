#include "promql/vector.h"

enum { FIRST_COUNT = 16, VECTOR_MAX_COUNT = 1 << 30 };

static bool copy_labels(struct evaluation *e, struct labels labels, struct labels *ret)
{
    size_t bytes = labels.count * sizeof(struct label);
    struct label *items;
    char *text;

    for (size_t i = 0; i < labels.count; i++)
        bytes += labels.items[i].name.len + labels.items[i].value.len;
    items = eval_alloc(e, bytes + 1, 1);
    if (!items)
        return false;
    text = (char *)(items + labels.count);
    for (size_t i = 0; i < labels.count; i++) {
        const struct label *from = &labels.items[i];

        items[i] = (struct label){ { text, from->name.len },
                                   { text + from->name.len, from->value.len } };
        memcpy(text, from->name.ptr, from->name.len);
        memcpy(text + from->name.len, from->value.ptr, from->value.len);
        text += from->name.len + from->value.len;
    }
    *ret = (struct labels){ items, labels.count };
    return true;
}

static struct vector_series *append(struct evaluation *e, struct vector *v, struct labels labels)
{
    struct vector_series *series;

    v->items = v->count == VECTOR_MAX_COUNT
                   ? NULL
                   : eval_grow(e, v->items, v->count, &v->capacity_count, sizeof *v->items);
    if (!v->items)
        return NULL;
    series = &v->items[v->count];
    *series = (struct vector_series){ 0 };
    if (!copy_labels(e, labels, &series->labels))
        return NULL;
    v->count++;
    return series;
}

static bool copy_values(struct evaluation *e, struct vector_series *series, const double *values)
{
    series->values = eval_numbers(e);
    if (series->values)
        memcpy(series->values, values, e->count * sizeof *values);
    return series->values != NULL;
}

enum err vector_add(struct evaluation *e, struct vector *v, struct labels labels,
                    const double *values)
{
    struct vector_series *series = append(e, v, labels);

    return series && copy_values(e, series, values) ? ERR_OK : eval_no_memory(e);
}

/* --- by labels --- */

/* The slot of the labels, or the empty one where they belong. */
static uint32_t *find_slot(const struct vector *v, struct labels labels, uint64_t hash)
{
    size_t at = (size_t)hash & (v->slot_count - 1);

    while (v->slots[at]) {
        const struct vector_series *series = &v->items[v->slots[at] - 1];

        if (series->hash == hash && labels_equals(series->labels, labels))
            break;
        at = (at + 1) & (v->slot_count - 1);
    }
    return &v->slots[at];
}

/* At most half full. */
static bool make_slots(struct evaluation *e, struct vector *v)
{
    size_t wanted = v->slot_count ? v->slot_count : FIRST_COUNT;

    while (wanted < 2 * (v->count + 1))
        wanted *= 2;
    if (wanted == v->slot_count)
        return true;
    v->slots = eval_alloc(e, wanted, sizeof *v->slots);
    if (!v->slots)
        return false;
    memset(v->slots, 0, wanted * sizeof *v->slots);
    v->slot_count = wanted;
    for (size_t i = 0; i < v->count; i++)
        *find_slot(v, v->items[i].labels, v->items[i].hash) = (uint32_t)i + 1;
    return true;
}

enum err vector_find(struct evaluation *e, struct vector *v, struct labels labels,
                     struct vector_series **ret)
{
    uint64_t hash = labels_hash(labels);
    uint32_t *slot;

    if (!make_slots(e, v))
        return eval_no_memory(e);
    slot = find_slot(v, labels, hash);
    if (*slot) {
        *ret = &v->items[*slot - 1];
        return ERR_OK;
    }
    *ret = append(e, v, labels);
    if (!*ret)
        return eval_no_memory(e);
    (*ret)->hash = hash;
    *slot = (uint32_t)v->count;
    return ERR_OK;
}

enum err vector_merge(struct evaluation *e, struct vector *v, struct labels labels,
                      const double *values)
{
    struct vector_series *series;
    enum err err = vector_find(e, v, labels, &series);

    if (err)
        return err;
    if (!series->values)
        return copy_values(e, series, values) ? ERR_OK : eval_no_memory(e);
    for (size_t i = 0; i < e->count; i++) {
        if (!eval_is_there(values[i]))
            continue;
        if (eval_is_there(series->values[i]))
            return eval_error(e, "vector cannot contain metrics with the same labelset");
        series->values[i] = values[i];
    }
    return ERR_OK;
}

enum err vector_hold(void *ctx, struct labels labels, const double *values)
{
    struct vector_holder *h = ctx;

    return vector_add(h->e, &h->vector, labels, values);
}

enum err vector_of_node(struct evaluation *e, const struct promql_node *node, struct vector *ret)
{
    struct vector_holder h = { .e = e };
    enum err err = eval_vector(e, node, (struct eval_sink){ vector_hold, &h });

    *ret = h.vector;
    return err;
}

enum err vector_give(struct evaluation *e, const struct vector *v, struct eval_sink sink)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < v->count && !err; i++)
        if (v->items[i].values && eval_any_there(v->items[i].values, e->count))
            err = sink.take(sink.ctx, v->items[i].labels, v->items[i].values);
    return err;
}

enum err relabelled_take(struct relabelled *r, struct labels labels, const double *values)
{
    if (r->distinct)
        return r->sink.take(r->sink.ctx, labels, values);
    return vector_merge(r->e, &r->merged, labels, values);
}

enum err relabelled_end(struct relabelled *r)
{
    return r->distinct ? ERR_OK : vector_give(r->e, &r->merged, r->sink);
}
