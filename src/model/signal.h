/*
 * Signals: what any source says about a service, in one form. Budgets, breakers
 * and SLOs read signals alone, so a new source is a new mapping row.
 *
 * A subject is what a signal is about: a service, or one breaker of it. The
 * mapping asks the sink for the subject's id once, when it first sees a series,
 * and then only sends numbers, until the sink's epoch changes.
 *
 * Amounts   Counters arrive as the increase since the sample before, already
 *           free of resets; an increase of 0 is sent too, since it says that the
 *           source was heard. States arrive as enum breaker_state.
 * Time      at_ms is the time of the sample (a counter's increase is booked when
 *           it was scraped).
 * Threads   Owned by the evaluate thread.
 */
#ifndef FUSEBOX_MODEL_SIGNAL_H
#define FUSEBOX_MODEL_SIGNAL_H

#include <stdint.h>

#include "base/str.h"

enum signal_kind {
    SIGNAL_CALLS,           /* calls: first attempts with all their retries, counted once */
    SIGNAL_ERRORS,          /* calls whose final result was a failure */
    SIGNAL_RETRIES,         /* attempts after the first */
    SIGNAL_RETRIES_DENIED,  /* retries that a limiter refused */
    SIGNAL_TIMED_CALLS,     /* calls whose duration was measured */
    SIGNAL_TIMED_SECONDS,   /* the sum of those durations, a fraction too */
    SIGNAL_TIMED_BUCKET,    /* calls that lasted longer than from_s, and up to bound_s */
    SIGNAL_FIRST_CALLS,     /* calls of whose first attempt the result is told */
    SIGNAL_FIRST_ERRORS,    /* first attempts that failed among them */
    SIGNAL_BREAKER_STATE,   /* amount is an enum breaker_state */
    SIGNAL_BREAKER_CALLS,   /* what went through one breaker, with any result */
    SIGNAL_BREAKER_ERRORS,  /* failures among them */
    SIGNAL_BREAKER_BLOCKED, /* calls that the breaker refused */
    /* Levels, not increases; NaN: no longer told. */
    SIGNAL_BREAKER_CONSECUTIVE,  /* failures in a row up to now */
    SIGNAL_BREAKER_FAILURE_RATE, /* as the source reckons it, 0..1: where it tells no counts */
    SIGNAL_BREAKER_LAST_FAILURE, /* when the newest failure was, Unix seconds */
    SIGNAL_BREAKER_FORCED,       /* 1: it is open because somebody forced it open, else 0 */
    SIGNAL_GONE,                 /* the source of this subject stopped (stale marker); no amount */
    SIGNAL_KIND_COUNT,
};

enum {
    SIGNAL_LEVEL_FIRST = SIGNAL_BREAKER_CONSECUTIVE,
    SIGNAL_LEVEL_COUNT = SIGNAL_GONE - SIGNAL_LEVEL_FIRST,
};

/* Numbers as metrics show them (requirements, section 1); the two behind are no states of a
 * circuit. */
enum breaker_state {
    BREAKER_CLOSED = 0,
    BREAKER_HALF_OPEN = 1,
    BREAKER_OPEN = 2,
    BREAKER_DISABLED = 3, /* taken out by an operator: MAINT, DRAIN, forced off */
    BREAKER_UNKNOWN = 4,  /* never told, or no longer told */
    BREAKER_STATE_COUNT,
};

const char *
breaker_state_name(enum breaker_state state); /* closed, half_open, open, disabled, unknown */

struct signal_subject {
    struct str service;  /* the callee */
    struct str breaker;  /* its name; empty: the subject is the service */
    struct str endpoint; /* may be empty */
    struct str caller;   /* who calls or guards; may be empty */
    const char *source;  /* the mapping's name, static: "haproxy", "fusebox" */
    int64_t interval_ms; /* how often this source is heard; 0 when not known */
};

struct signal {
    uint32_t subject; /* what sink->subject gave */
    enum signal_kind kind;
    int64_t at_ms;
    double amount;
    double from_s, bound_s; /* of SIGNAL_TIMED_BUCKET, +Inf too; else not looked at */
};

/* What one instance of a service told, or what is told of it. */
enum instance_word {
    INSTANCE_HEALTHY,
    INSTANCE_DEGRADED,
    INSTANCE_UNHEALTHY,
    INSTANCE_FAILED, /* until it is heard again */
    INSTANCE_LIVES,  /* a heartbeat, a registration: no word on its health */
};

struct instance_told {
    struct str service, instance; /* instance may be empty: it speaks for the service */
    struct str text;              /* why; may be empty */
    const char *source;           /* static */
    enum instance_word word;
    int64_t at_ms;
};

struct signal_sink {
    /* The subject's id, new or known; 0 when a limit refuses it (the mapping then sends nothing).
     */
    uint32_t (*subject)(void *ctx, const struct signal_subject *subject);
    void (*on_signal)(void *ctx, const struct signal *signal);
    void *ctx;
    /* Ids hold as long as this number stays: subjects that nobody spoke of for long give theirs
     * back. Whoever keeps ids asks again when it has changed. NULL: they hold for ever. */
    const uint64_t *epoch;
    void (*on_instance)(void *ctx, const struct instance_told *told); /* NULL: not wanted */
};

#endif
