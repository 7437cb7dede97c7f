/*
 * All targets of one configuration, and the hand-over from one set to the next.
 *
 * Targets that the new configuration, or a file of targets, names again (same URL,
 * labels, settings) move over with their cache and state; the others are left in the old set. A
 * target that is named twice is scraped once.
 *
 *   target_set_build(&set, cfg, files, old, diag) -> target_set_release(old) -> ...
 *
 * Threads   Owned by the scrape thread.
 * Memory    A set owns its targets; target_set_release frees those that are left.
 */
#ifndef FUSEBOX_INGEST_TARGET_SET_H
#define FUSEBOX_INGEST_TARGET_SET_H

#include "base/map.h"
#include "base/vec.h"
#include "ingest/file_sd.h"
#include "ingest/target.h"

struct target_set {
    struct vec items; /* struct target * */
    struct map by_identity;
};

struct target_set target_set_empty(void);
void target_set_release(struct target_set *set); /* all-zero is allowed */

static inline struct target *target_set_at(const struct target_set *set, size_t idx)
{
    return *(struct target **)vec_at(&set->items, idx);
}

/*
 * Builds the set of `cfg` and of its files of targets. Targets of `old` that it needs again are
 * taken out of `old`; on an error `old` is as it was. ERR_NOMEM, ERR_LIMIT, ERR_INVALID.
 */
enum err target_set_build(struct target_set *ret, const struct config *cfg,
                          const struct file_sd *files, struct target_set *old,
                          struct diag *diag) MUST_CHECK;

#endif
