/*
 * Mapped series: which series the mapping knows, and what it keeps of each.
 *
 *   slots     by reference: not seen yet | heard, but under another table | no row is about
 *             it (both with the number of its source) | place in `series`
 *   series    the record, and where its bindings begin
 *   bindings  row and subject; one to BINDINGS_PER_SERIES_MAX in a run
 *
 *   mapped_series_reserve -> is_unseen? -> mapped_series_add | mapped_series_ignore
 *   -> mapped_series_find* -> mapped_series_remove
 *
 * A record that is removed keeps its run of bindings and is used again for a series
 * with as many: memory follows the series that are there, not all that ever were.
 *
 * Threads   Owned by the mapping.
 * Memory    Pointers to records move when one is added.
 * Limits    A million records, two million bindings.
 */
#ifndef FUSEBOX_INGEST_MAPPED_SERIES_H
#define FUSEBOX_INGEST_MAPPED_SERIES_H

#include "base/vec.h"
#include "ingest/mapping_subject.h"

struct mapped_series {
    struct mapping_source *source;
    uint64_t hash; /* of its labels */
    uint32_t first_binding;
    uint32_t binding_count;
    uint32_t next_free; /* place + 1 of another one that is free and has as many bindings */
    double last;
    double last_growth;
    int64_t last_ts_ms;
    bool is_epoch;
    bool is_gauge; /* what it says counts as it stands */
    bool falls_with_all;
    bool born_at_runtime; /* the source was heard before it: it began at 0 */
    bool has_last;
    bool live;
};

struct mapped_table {
    uint32_t *slots;
    size_t slot_count;
    struct vec series;                                 /* struct mapped_series */
    struct vec bindings;                               /* struct binding */
    uint32_t free_series[BINDINGS_PER_SERIES_MAX + 1]; /* by the count of bindings; place + 1 */
};

struct mapped_table mapped_series_none(void);
void mapped_series_release(struct mapped_table *t);

/* Room for what is known of the reference; false: no memory. */
bool mapped_series_reserve(struct mapped_table *t, uint32_t ref) MUST_CHECK;
bool mapped_series_is_unseen(const struct mapped_table *t, uint32_t ref);

/* A cleared record with these bindings (at least one). NULL: no memory, or a limit. */
struct mapped_series *mapped_series_add(struct mapped_table *t, uint32_t ref,
                                        const struct binding *bindings, size_t count);
/* No row is about it; source_number 0: it has no source. */
void mapped_series_ignore(struct mapped_table *t, uint32_t ref, uint32_t source_number);
/* No row of another table was about it: to be looked at when it is heard again. */
void mapped_series_pass_over(struct mapped_table *t, uint32_t ref, uint32_t source_number);
bool mapped_series_was_passed_over(const struct mapped_table *t, uint32_t ref);
/* The source's number of one that was ignored or passed over; 0: none, or another one. */
uint32_t mapped_series_unmapped_source(const struct mapped_table *t, uint32_t ref);

/* NULL: not seen, or no row is about it. */
struct mapped_series *mapped_series_find(const struct mapped_table *t, uint32_t ref);
/* The reference is unseen again. */
void mapped_series_remove(struct mapped_table *t, uint32_t ref);

static inline const struct binding *mapped_series_bindings(const struct mapped_table *t,
                                                           const struct mapped_series *s)
{
    return (const struct binding *)t->bindings.items + s->first_binding;
}

#endif
