/*
 * What the files of the index (index.c, index_select.c, index_evict.c) share. For nobody else.
 *
 * Threads   Under the index' lock.
 */
#ifndef FUSEBOX_HEAD_INDEX_PARTS_H
#define FUSEBOX_HEAD_INDEX_PARTS_H

#include "head/index.h"

uint32_t index_hash(struct labels labels);
struct labels index_labels_of(const struct index *x, const struct series *s,
                              struct label space[LABELS_MAX]);
void index_free_pair_list(struct index *x, const uint32_t *pairs, size_t count);
/* After every change. */
void index_count_bytes(struct index *x);

#endif
