#include "head/symbols.h"

#include "base/hash.h"
#include "base/size.h"

enum err symbols_init(struct symbols *s)
{
    *s = (struct symbols){ 0 };
    return pool_init(&s->pool);
}

void symbols_release(struct symbols *s)
{
    pool_release(&s->pool);
    slots_release(&s->symbols);
    slots_release(&s->pairs);
}

size_t symbols_bytes(const struct symbols *s)
{
    return s->pool.taken_bytes + slots_bytes(&s->symbols) + slots_bytes(&s->pairs);
}

void symbols_trim(struct symbols *s)
{
    slots_trim(&s->symbols);
    slots_trim(&s->pairs);
}

/* --- symbols --- */

static uint32_t hash_of_text(struct str text)
{
    return (uint32_t)hash_str(text);
}

static struct symbol *symbol_at(const struct symbols *s, uint32_t number)
{
    return pool_at(&s->pool, number);
}

static size_t symbol_bytes(size_t len)
{
    return add_size(sizeof(struct symbol), len);
}

static uint32_t find_symbol(const struct symbols *s, struct str text, uint32_t hash)
{
    size_t at = slots_home(&s->symbols, hash);
    uint32_t number;

    while ((number = slots_next(&s->symbols, hash, &at)))
        if (str_equals(symbols_text(s, number), text))
            return number;
    return 0;
}

/* A new one is used by no pair yet. */
static uint32_t intern(struct symbols *s, struct str text)
{
    uint32_t hash = hash_of_text(text);
    uint32_t number = find_symbol(s, text, hash);
    struct symbol *symbol;

    if (number)
        return number;
    if (text.len > UINT32_MAX || !slots_reserve(&s->symbols))
        return 0;
    number = pool_take(&s->pool, symbol_bytes(text.len));
    if (!number)
        return 0;
    symbol = symbol_at(s, number);
    symbol->count = 0;
    symbol->len = (uint32_t)text.len;
    memcpy(symbol->bytes, text.ptr, text.len);
    slots_add(&s->symbols, hash, number);
    return number;
}

static void drop_if_unused(struct symbols *s, uint32_t number)
{
    const struct symbol *symbol = symbol_at(s, number);

    if (symbol->count)
        return;
    slots_remove(&s->symbols, hash_of_text(symbols_text(s, number)), number);
    pool_give(&s->pool, number, symbol_bytes(symbol->len));
}

/* --- pairs --- */

static uint32_t hash_of_pair(uint32_t name, uint32_t value)
{
    uint64_t both = ((uint64_t)name << 32 | value) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)((both ^ both >> 32) * UINT64_C(0xff51afd7ed558ccd) >> 32);
}

static uint32_t find_pair(const struct symbols *s, uint32_t name, uint32_t value, uint32_t hash)
{
    size_t at = slots_home(&s->pairs, hash);
    uint32_t number;

    while ((number = slots_next(&s->pairs, hash, &at))) {
        const struct pair *pair = symbols_pair_at(s, number);

        if (pair->name == name && pair->value == value)
            return number;
    }
    return 0;
}

static uint32_t pair_of_symbols(struct symbols *s, uint32_t name, uint32_t value)
{
    uint32_t hash = hash_of_pair(name, value);
    uint32_t number = find_pair(s, name, value, hash);

    if (number)
        return number;
    if (!slots_reserve(&s->pairs))
        return 0;
    number = pool_take(&s->pool, sizeof(struct pair));
    if (!number)
        return 0;
    *symbols_pair_at(s, number) = (struct pair){ .name = name, .value = value };
    symbol_at(s, name)->count++;
    symbol_at(s, value)->count++;
    slots_add(&s->pairs, hash, number);
    return number;
}

uint32_t symbols_pair(struct symbols *s, struct str name, struct str value)
{
    uint32_t name_number = intern(s, name);
    uint32_t value_number = name_number ? intern(s, value) : 0;
    uint32_t number = value_number ? pair_of_symbols(s, name_number, value_number) : 0;

    if (number)
        return number;
    if (value_number && value_number != name_number)
        drop_if_unused(s, value_number);
    if (name_number)
        drop_if_unused(s, name_number);
    return 0;
}

uint32_t symbols_find_pair(const struct symbols *s, struct str name, struct str value)
{
    uint32_t name_number = find_symbol(s, name, hash_of_text(name));
    uint32_t value_number = name_number ? find_symbol(s, value, hash_of_text(value)) : 0;

    if (!value_number)
        return 0;
    return find_pair(s, name_number, value_number, hash_of_pair(name_number, value_number));
}

void symbols_drop_pair(struct symbols *s, uint32_t number)
{
    struct pair *pair = symbols_pair_at(s, number);
    uint32_t name = pair->name, value = pair->value;

    slots_remove(&s->pairs, hash_of_pair(name, value), number);
    postings_release(&pair->postings, &s->pool);
    pool_give(&s->pool, number, sizeof *pair);
    symbol_at(s, name)->count--;
    symbol_at(s, value)->count--;
    if (value != name)
        drop_if_unused(s, value);
    drop_if_unused(s, name);
}
