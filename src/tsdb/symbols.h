/*
 * Symbols and pairs: every label name, label value and (name, value) pair once.
 *
 * A pair carries its postings, the rising list of the references of the series
 * that have it. Two references stand inside the pair, so a label value that is
 * unique (a path, an id) costs no list.
 *
 *     pair {name*, value*, count, capacity, inline_refs[2] | refs*} -> u32 u32 u32 ...
 *            |       |
 *            v       v
 *          symbol  symbol {hash, len, bytes}
 *
 * Threads   Owned by the index, under its lock. Bytes of symbols never move or
 *           change and may be read by anyone who got them from published labels.
 * Memory    In an arena until the end; lists on the heap. symbols_bytes counts all.
 */
#ifndef FUSEBOX_TSDB_SYMBOLS_H
#define FUSEBOX_TSDB_SYMBOLS_H

#include "base/arena.h"
#include "base/str.h"

struct symbol {
    uint32_t hash;
    uint32_t len;
    char bytes[];
};

struct pair {
    const struct symbol *name;
    const struct symbol *value;
    uint32_t count;
    uint32_t capacity_count; /* 0: inside */
    union {
        uint32_t inline_refs[2];
        uint32_t *refs;
    };
};

struct pointer_set {
    void **slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

struct symbols {
    struct arena arena;
    struct pointer_set symbols;
    struct pointer_set pairs;
    size_t list_bytes;
};

struct symbols symbols_empty(void); /* allocates nothing yet */
void symbols_release(struct symbols *s);
size_t symbols_bytes(const struct symbols *s);

/* The pair, new or known; NULL: no memory. */
struct pair *symbols_pair(struct symbols *s, struct str name, struct str value) MUST_CHECK;
const struct pair *symbols_find_pair(const struct symbols *s, struct str name, struct str value);

/* Room for one more reference; false: no memory. */
bool pair_reserve(struct symbols *s, struct pair *pair) MUST_CHECK;
void pair_add(struct pair *pair, uint32_t ref); /* reserved; greater than all before */
const uint32_t *pair_refs(const struct pair *pair);

static inline struct str symbol_str(const struct symbol *s)
{
    return (struct str){ s->bytes, s->len };
}

#endif
