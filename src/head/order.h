/*
 * The series in memory in the order of their labels, as blocks want them.
 *
 * Label pairs are ranked once, so that comparing two series compares small
 * numbers.
 *
 * Threads   Any, as long as no series leaves memory meanwhile.
 * Memory    *ret_refs is given (mem_free); 4 bytes per series and per pair number meanwhile.
 */
#ifndef FUSEBOX_HEAD_ORDER_H
#define FUSEBOX_HEAD_ORDER_H

#include "head/index.h"

/* All references up to last_ref that exist, rising by labels_compare. ERR_NOMEM. */
enum err order_series(struct index *x, uint32_t last_ref, uint32_t **ret_refs,
                      size_t *ret_count) MUST_CHECK;

#endif
