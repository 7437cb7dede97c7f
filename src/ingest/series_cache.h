/*
 * What a target's lines are called in the store: the hash of a line's series
 * part, as written, to the series' reference. A known line costs one comparison
 * and no parsing.
 *
 * Entries stand in the order in which they first came, and a target sends its
 * lines in the same order each time: so the entry behind the last one found is
 * tried first, and the index is asked only where the order changed.
 *
 * The cache also knows which series the target "had": those of the last scrape
 * that was handed over. A scrape is a pass; nothing of a pass counts before it is
 * settled, so a pass that was dropped leaves the next one's stale markers right.
 *
 *   series_cache_begin -> { series_cache_find | series_cache_add | series_cache_mark }*
 *   -> series_cache_for_each_missing -> (handed over?) series_cache_settle
 *
 * References are leases (head/series.h). After series_cache_renew each is asked for
 * again when its line comes next: who finds an entry with `asked` false calls
 * series_cache_answer. After series_cache_expire none is known any more, and what
 * the target had cannot be marked stale.
 *
 *   index    [ . 3 . 1 . . 2 . ]      place of an entry, from 1; 0: free
 *   entries  [ a b c ]
 *
 * Threads   Single owner.
 * Memory    16 bytes per entry and 4 per slot, at most 3/4 full; series_cache_release.
 * Limits    Two texts with one 64-bit hash would be taken for one series: with
 *           50,000 series one chance in 10^10.
 */
#ifndef FUSEBOX_INGEST_SERIES_CACHE_H
#define FUSEBOX_INGEST_SERIES_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct series_cache_entry {
    uint64_t hash;
    uint32_t ref;         /* 0: not known any more */
    uint32_t pass : 29;   /* the last one that held it */
    uint32_t asked : 1;   /* the reference is of this lease */
    uint32_t had : 1;     /* the store's last word is a value, not a stale marker */
    uint32_t tracked : 1; /* in that pass it came without a timestamp of its own */
};

struct series_cache {
    struct series_cache_entry *entries;
    size_t count;
    size_t capacity_count;
    uint32_t *index;
    size_t slot_count; /* a power of two, or 0 */
    size_t next;       /* the entry that is expected now */
    size_t had_count;
    uint32_t pass;
    size_t pass_count;      /* entries of this pass */
    size_t pass_kept_count; /* … tracked, and had before */
    size_t pass_new_count;  /* … tracked, and not had before */
};

void series_cache_release(struct series_cache *c); /* all-zero is allowed */

void series_cache_begin(struct series_cache *c);
/* NULL: not known. */
struct series_cache_entry *series_cache_find(struct series_cache *c, uint64_t hash);

/* The hash is not there yet. Moves entries. NULL: no memory. */
struct series_cache_entry *series_cache_add(struct series_cache *c, uint64_t hash,
                                            uint32_t ref) MUST_CHECK;

/* What the store calls the entry now; 0: nothing, it has no room for it. */
void series_cache_answer(struct series_cache_entry *entry, uint32_t ref);

/* Notes the entry for this pass; false: this pass has it already. */
bool series_cache_mark(struct series_cache *c, struct series_cache_entry *entry, bool tracked);

/* How many series the target had that this pass does not hold. */
size_t series_cache_missing_count(const struct series_cache *c);
/* Both leave out series whose reference is not known any more. */
void series_cache_for_each_missing(const struct series_cache *c,
                                   void (*visit)(void *ctx, uint32_t ref), void *ctx);
void series_cache_for_each_had(const struct series_cache *c, void (*visit)(void *ctx, uint32_t ref),
                               void *ctx);

/* The pass was handed over: what it held is had, everything else is forgotten. */
void series_cache_settle(struct series_cache *c);
/* Stale markers for all were handed over: nothing is had, references stay. */
void series_cache_settle_none(struct series_cache *c);
void series_cache_renew(struct series_cache *c);
void series_cache_expire(struct series_cache *c);
/* Forgets all entries that are not had; for a target that only ever sends new series and fails. */
void series_cache_trim(struct series_cache *c);

#endif
