#include "block/pair_set.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/size.h"
#include "block/pairs_page.h"

enum { FIRST_SLOTS = 64 };

struct pair_name {
    struct str text;
};

struct pair_text {
    const struct pair_name *name;
    const char *value;
    uint32_t value_len;
    uint32_t hash;
};

void pair_set_init(struct pair_set *s)
{
    *s = (struct pair_set){
        .text = arena_limited(SIZE_MAX),
        .names = map_limited(UINT32_MAX),
        .pairs = vec_of(sizeof(struct pair_text), UINT32_MAX - 1),
    };
}

void pair_set_release(struct pair_set *s)
{
    arena_release(&s->text);
    map_release(&s->names);
    vec_release(&s->pairs);
    mem_free(s->slots);
    pair_set_init(s);
}

static const struct pair_text *pair_at(const struct pair_set *s, uint32_t number)
{
    return vec_at(&s->pairs, number);
}

struct label pair_set_label(const struct pair_set *s, uint32_t number)
{
    const struct pair_text *p = pair_at(s, number);

    return (struct label){ p->name->text, { p->value, p->value_len } };
}

static const struct pair_name *intern_name(struct pair_set *s, struct str text)
{
    struct pair_name *name = map_find(&s->names, text);

    if (name)
        return name;
    name = arena_alloc(&s->text, sizeof *name);
    if (!name || !arena_copy_str(&s->text, text, &name->text) ||
        map_put(&s->names, name->text, name))
        return NULL;
    return name;
}

static uint32_t *free_slot(uint32_t *slots, size_t slot_count, uint32_t hash)
{
    size_t at = hash & (slot_count - 1);

    while (slots[at])
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

/* At most 3/4 full. */
static bool reserve_slot(struct pair_set *s)
{
    size_t slot_count = s->slot_count ? s->slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots;

    if ((s->pairs.count + 1) * 4 <= s->slot_count * 3)
        return true;
    slots = mem_alloc_zero(slot_count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < s->pairs.count; i++)
        *free_slot(slots, slot_count, pair_at(s, i)->hash) = i + 1;
    mem_free(s->slots);
    s->slots = slots;
    s->slot_count = slot_count;
    return true;
}

static bool find(const struct pair_set *s, struct label pair, uint32_t hash, uint32_t *ret)
{
    size_t at = hash & (s->slot_count - 1);

    for (; s->slots[at]; at = (at + 1) & (s->slot_count - 1)) {
        uint32_t number = s->slots[at] - 1;
        struct label known = pair_set_label(s, number);

        if (pair_at(s, number)->hash == hash && str_equals(known.value, pair.value) &&
            str_equals(known.name, pair.name)) {
            *ret = number;
            return true;
        }
    }
    return false;
}

enum err pair_set_number(struct pair_set *s, struct label pair, uint32_t *ret)
{
    uint32_t hash = (uint32_t)(hash_str(pair.value) ^ hash_str(pair.name) >> 32);
    const struct pair_name *name;
    struct pair_text *added;
    char *value;

    if (!reserve_slot(s))
        return ERR_NOMEM;
    if (find(s, pair, hash, ret))
        return ERR_OK;
    name = intern_name(s, pair.name);
    value = arena_copy(&s->text, pair.value);
    if (!name || !value)
        return ERR_NOMEM;
    added = vec_push(&s->pairs);
    if (!added)
        return vec_error(&s->pairs);
    *added = (struct pair_text){ name, value, (uint32_t)pair.value.len, hash };
    *ret = (uint32_t)s->pairs.count - 1;
    *free_slot(s->slots, s->slot_count, hash) = *ret + 1;
    return ERR_OK;
}

static int compare_numbers(const void *a, const void *b, void *ctx)
{
    const struct pair_text *one = pair_at(ctx, *(const uint32_t *)a);
    const struct pair_text *two = pair_at(ctx, *(const uint32_t *)b);
    int order = one->name == two->name ? 0 : str_compare(one->name->text, two->name->text);

    return order ? order
                 : str_compare((struct str){ one->value, one->value_len },
                               (struct str){ two->value, two->value_len });
}

enum err pair_set_sort(const struct pair_set *s, uint32_t **ret_numbers)
{
    size_t count = s->pairs.count;
    uint32_t *numbers = mem_alloc(mul_size(count, sizeof *numbers));
    struct pair_set *ctx = (struct pair_set *)s; /* qsort_r takes no const; nothing is changed */

    if (!numbers)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
    qsort_r(numbers, count, sizeof *numbers, compare_numbers, ctx);
    *ret_numbers = numbers;
    return ERR_OK;
}
