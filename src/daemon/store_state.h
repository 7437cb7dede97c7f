/*
 * Whether what arrives is stored: the states of the store as the write thread
 * sees them.
 *
 *            commit failed              5 s later, still failing
 *   HEALTHY ──────────────► TRYING ───────────────────────────► DEGRADED
 *      ▲                      │ commit succeeded                  │  ▲
 *      ├──────────────────────┘          commit succeeded, space  │  │ little space is left
 *      └──────────────────────────────────────────────────────────┘  │ (from any state)
 *   LOST: a sync failed; nothing is committed any more, the process ends
 *
 *   HEALTHY    batches are committed, then evaluated
 *   TRYING     the batches that failed are held and tried again each second; others wait
 *   DEGRADED   batches are evaluated without being stored, so that monitoring does not go
 *              blind; one commit a second is tried as a probe, none while space is short
 *
 * Time      Passed in.
 * Threads   Value; owned by the write thread.
 */
#ifndef FUSEBOX_DAEMON_STORE_STATE_H
#define FUSEBOX_DAEMON_STORE_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum store_mode { STORE_HEALTHY, STORE_TRYING, STORE_DEGRADED, STORE_LOST };

/* Why it is not healthy. */
enum store_trouble { TROUBLE_NONE, TROUBLE_DISK_FULL, TROUBLE_READ_ONLY, TROUBLE_IO };

struct store_state {
    bool space_low;
    bool failing; /* the last commit failed … */
    bool gave_up; /* … and so did all that were tried for a while */
    bool lost;
    enum store_trouble trouble; /* of the last commit that failed */
    int64_t failing_mono_ns;    /* since when */
    int64_t try_mono_ns;        /* when the next commit may be tried */
};

enum store_mode store_state_mode(const struct store_state *s);
enum store_trouble store_state_trouble(const struct store_state *s);
const char *store_trouble_name(enum store_trouble trouble); /* "disk full" */

/* May a commit be tried now? */
bool store_state_may_commit(const struct store_state *s, int64_t mono_ns);

void store_state_on_success(struct store_state *s);
void store_state_on_failure(struct store_state *s, enum store_trouble trouble, int64_t mono_ns);
void store_state_on_space(struct store_state *s, bool low);
void store_state_on_sync_failure(struct store_state *s);
/* Nothing is held any longer, but the next commit may be tried at once: the daemon stops. */
void store_state_give_up(struct store_state *s);

#endif
