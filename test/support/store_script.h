/*
 * A script that takes a store through its whole life, the same at every run, and
 * the model that says which samples must be there after each of its commits.
 *
 * 2.5 days go by in steps of two hours. Each step commits (samples in order, late
 * ones, some for a day that is sealed already, duplicates with another value,
 * samples from the future, too old ones, new series, several batches at once)
 * and maintains. Every third step seals and merges what is due, retention drops
 * the first days, and now and then the store is closed and opened again. Each commit tells its
 * step in words, too (struct batch_events), which are kept for a day.
 *
 *   script_do(db, op) for op = 0 .. script_op_count() - 1    each may be repeated
 *   script_read -> found_check                               at any time
 *
 * Time      Passed to the store from the script; no clock is read.
 * Threads   The model is made once by script_init, before threads or forks.
 */
#ifndef FUSEBOX_TEST_STORE_SCRIPT_H
#define FUSEBOX_TEST_STORE_SCRIPT_H

#include <stdint.h>

#include "tsdb/tsdb.h"

enum {
    SCRIPT_STEPS = 30,
    SCRIPT_FIXED = 8, /* series that have samples in every commit */
    SCRIPT_STEP_MS = 2 * 60 * 60 * 1000,
};

#define SCRIPT_EVENTS_MS    (INT64_C(24) * 60 * 60 * 1000)
#define SCRIPT_RETENTION_MS (INT64_C(36) * 60 * 60 * 1000)

enum script_kind { SCRIPT_COMMIT, SCRIPT_MAINTAIN, SCRIPT_WORK, SCRIPT_REOPEN };

struct script_op {
    enum script_kind kind;
    int step; /* from 1 */
    int64_t now_ms;
};

/* One sample as it was committed, or found: the number of the series, its time and bits. */
struct script_sample {
    uint32_t series;
    int commit; /* in which step it came first; 0 in what was found */
    int64_t ts_ms;
    uint64_t bits;
};

struct script_found {
    struct script_sample *items; /* by series, then time */
    size_t count, capacity_count;
    bool unknown; /* a series that nobody sent */
    bool twice;   /* a series twice, or times that do not rise */
    bool unknown_words;
    bool is_told[SCRIPT_STEPS + 1]; /* in words, by step */
};

void script_init(void);
int script_op_count(void);
struct script_op script_op(int number);

struct tsdb_options script_options(const char *dir, struct budget *budget, bool relaxed);

/* Does one of the script, except SCRIPT_REOPEN. What the jobs did is added to *work (NULL: not
 * asked). */
struct script_work {
    unsigned seals, merges;
    unsigned blocks;
};
enum err script_do(struct tsdb *db, struct script_op op, struct script_work *work,
                   struct diag *diag) MUST_CHECK;

/* All that the store answers. */
enum err script_read(struct tsdb *db, struct script_found *ret) MUST_CHECK;
void script_found_release(struct script_found *found);

/*
 * What was found is right when each sample is one of the model with its value and
 * came in a commit up to `begun`, and all that came up to `acked` are there,
 * unless the retention at the latest begun step may have deleted them. Only the
 * samples that lie in [lost_min_ms, lost_max_ms] may be missing beside these, or
 * have the value of their later duplicate (an empty range: none). A step that was repeated may be
 * told twice. Answers NULL, or what is wrong.
 */
struct script_expect {
    int acked, begun;
    int64_t lost_min_ms, lost_max_ms;
    size_t *ret_lost; /* how many of those are missing; may be NULL */
};
const char *script_check(const struct script_found *found, const struct script_expect *expect,
                         char text[160]);

#endif
