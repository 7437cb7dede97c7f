/*
 * Symbols and pairs: every label name, label value and (name, value) pair once,
 * each known by a number.
 *
 * A number is a block of the pool. A symbol lives as long as a pair uses it, a pair
 * as long as a series has it:
 *
 *     pair {name, value, postings}
 *            |      |
 *            v      v
 *     symbol {count, len, bytes}
 *
 * Threads   Owned by the index, under its lock. symbols_label takes none: pairs
 *           and symbols do not move, and stay while a series needs them.
 * Memory    One pool, and 8-byte slots for finding.
 */
#ifndef FUSEBOX_HEAD_SYMBOLS_H
#define FUSEBOX_HEAD_SYMBOLS_H

#include "base/pool.h"
#include "head/postings.h"
#include "head/slots.h"
#include "model/labels.h"

struct symbol {
    uint32_t count; /* pairs that use it */
    uint32_t len;
    char bytes[];
};

struct pair {
    uint32_t name; /* numbers of symbols */
    uint32_t value;
    struct postings postings;
};

struct symbols {
    struct pool pool;
    struct slots symbols;
    struct slots pairs;
};

enum err symbols_init(struct symbols *s) MUST_CHECK; /* ERR_NOMEM */
void symbols_release(struct symbols *s);             /* all-zero is allowed */
size_t symbols_bytes(const struct symbols *s);       /* from the heap */

/* The number of the pair, new (without postings) or known; 0: no memory. */
uint32_t symbols_pair(struct symbols *s, struct str name, struct str value) MUST_CHECK;
uint32_t symbols_find_pair(const struct symbols *s, struct str name,
                           struct str value); /* 0: none */
/* Forgets a pair that has no postings, and the symbols that only it used. */
void symbols_drop_pair(struct symbols *s, uint32_t number);
/* After many were dropped. */
void symbols_trim(struct symbols *s);

static inline struct pair *symbols_pair_at(const struct symbols *s, uint32_t number)
{
    return pool_at(&s->pool, number);
}

static inline struct str symbols_text(const struct symbols *s, uint32_t symbol_number)
{
    const struct symbol *symbol = pool_at(&s->pool, symbol_number);

    return (struct str){ symbol->bytes, symbol->len };
}

static inline struct label symbols_label(const struct symbols *s, uint32_t pair_number)
{
    const struct pair *pair = symbols_pair_at(s, pair_number);

    return (struct label){ symbols_text(s, pair->name), symbols_text(s, pair->value) };
}

#endif
