/*
 * What the ways to break a store share: a life of the script in a process of its
 * own, the check of what it left behind, and workers that share the cases out.
 *
 *   break_share(cases, run)   each worker: run(case) -> break_child(life) -> break_child(check)
 *
 * A child is a fork: it is killed, or it crashes, without harm to who counts.
 * What it has to say stands in memory that both have (struct progress).
 */
#ifndef FUSEBOX_TEST_BREAK_H
#define FUSEBOX_TEST_BREAK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "disk_shim.h"
#include "store_script.h"

enum { BREAK_TEXT_BYTES = 600, BREAK_CHILD_MAX_S = 120 };

struct break_options {
    const char *dir; /* for scratch; on a tmpfs syncs cost nothing */
    int jobs;
    uint64_t first, last, every; /* which cases; last = 0: all */
    bool relaxed;
    bool verbose;
};

struct progress {
    int op;           /* of the script, that was begun last */
    int begun, acked; /* commits */
    struct script_work work;
    uint64_t dropped_blocks; /* by retention */
    struct disk_counts counts;
    char text[BREAK_TEXT_BYTES]; /* what went wrong; empty: nothing */
    uint64_t tally[16];          /* a case's own */
};

/* Runs the function in a child: 0, or the number of the signal that ended it, or 256 + its exit
 * status. */
typedef void break_body(const struct break_options *o, const char *dir, struct progress *p,
                        const void *ctx);
int break_child(const struct break_options *o, const char *dir, struct progress *p,
                break_body *body, const void *ctx);
struct progress *break_progress_new(void); /* shared with children */

/* The script from p->op to its end. Text in p->text when something fails. */
void break_live(const struct break_options *o, const char *dir, struct progress *p);
/* Every file is sound, and what the store holds is what p says. */
bool break_verify(const struct break_options *o, const char *dir, struct progress *p);
/* Body for a child: verify, live on, verify. */
break_body break_check;

/* A fresh, empty directory, and its end with all that is in it. */
void break_dir_make(const char *dir);
void break_dir_remove(const char *dir);

/* One case; answers false and says why in p->text. */
typedef bool break_case(const struct break_options *o, const char *dir, struct progress *p,
                        uint64_t number, const void *ctx);
struct break_result {
    uint64_t cases, findings;
    uint64_t tally[16];
};
/* Shares the cases o->first .. count among the workers, prints what they find. */
struct break_result break_share(const struct break_options *o, const char *what, uint64_t count,
                                break_case *run, const void *ctx);

void break_say(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

int break_kill(const struct break_options *o);
int break_power(const struct break_options *o);
int break_flip(const struct break_options *o);
int break_faults(const struct break_options *o);

#endif
