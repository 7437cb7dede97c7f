/*
 * What the series of one breaker say about its state, weighed.
 *
 *   gauges     one series per state, 1 while it holds (one-hot)
 *   numbers    one series whose number is the state, by an encoding
 *   counters   one per state: how often it was entered, or how long it was held
 *
 * Gauges go before numbers, for no two sources number states alike, and both go
 * before counters. A number that the traffic contradicts over
 * STATE_DOUBT_READINGS readings in a row (everything refused while the breaker is
 * said to let calls through, or successes while it is said to be open) has another
 * encoding: the state is unknown until traffic and number agree again.
 *
 *   { state_evidence_on_* }*  state_evidence_settle      per reading
 *   -> state_evidence_state
 *
 * Counters  One that grew alone since the reading before is the state. Several that
 *           grew together say it where only one end of the way fits their counts
 *           (closed -> open -> half-open -> closed or open). Else it is unknown until
 *           one grows again, or traffic without any change tells: everything refused
 *           is open, successes alone are closed. Before the first reading a breaker
 *           is closed, as it is when its process begins. Where entries of half-open
 *           were never counted, nobody tells that state: the breaker stays open.
 *
 * Threads   Value; all-zero is a good beginning.
 */
#ifndef FUSEBOX_INGEST_STATE_EVIDENCE_H
#define FUSEBOX_INGEST_STATE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/signal.h"

enum { STATE_DOUBT_READINGS = 3 };

/* What one series can say. */
enum state_word {
    STATE_NOTHING,
    STATE_CLOSED,
    STATE_HALF_OPEN,
    STATE_OPEN,
    STATE_DISABLED,
    STATE_CHECK_PASSES, /* an open breaker is half-open */
    STATE_WORD_COUNT,
};

enum state_kind { STATE_GAUGE, STATE_NUMBER, STATE_ENTERED, STATE_HELD, STATE_KIND_COUNT };

enum state_encoding {
    ENCODING_DEFAULT, /* metrics.breaker_state_encoding */
    ENCODING_CLOSED_HALFOPEN_OPEN,
    ENCODING_CLOSED_OPEN_HALFOPEN,
    ENCODING_OPEN_CLOSED_HALFOPEN,
    ENCODING_CLOSED_OPEN,
    ENCODING_COUNT,
};

struct state_evidence {
    uint32_t live[STATE_KIND_COUNT];                   /* series without a stale marker */
    uint32_t said[STATE_NUMBER + 1][STATE_WORD_COUNT]; /* gauges and numbers that say it now */
    double grown[STATE_WORD_COUNT];                    /* counters, in this reading */
    enum state_word counted;                           /* by the counters; NOTHING: unknown */
    bool half_open_counted;                            /* there is a counter of it */
    bool has_counted;
    double through, failed, blocked; /* traffic in this reading */
    bool through_told;               /* somebody counts what goes through */
    enum breaker_state number_before;
    int doubt; /* readings in a row that contradict the number */
};

/* The word of a number; STATE_NOTHING when the encoding has none for it. */
enum state_word state_word_of(double value, enum state_encoding encoding);

void state_evidence_on_live(struct state_evidence *e, enum state_kind kind, bool live);
/* A gauge or number that said `from` says `to`. */
void state_evidence_on_change(struct state_evidence *e, enum state_kind kind, enum state_word from,
                              enum state_word to);
void state_evidence_on_growth(struct state_evidence *e, enum state_word word, double grown);
/* The counters began again in a new process, whose breakers are closed. */
void state_evidence_on_restart(struct state_evidence *e);
/* Counters that were forgotten are back: what happened meanwhile is not known. */
void state_evidence_on_return(struct state_evidence *e);
void state_evidence_on_traffic(struct state_evidence *e, enum signal_kind kind, double grown);

/* Ends a reading. */
void state_evidence_settle(struct state_evidence *e);

enum breaker_state state_evidence_state(const struct state_evidence *e);

/*
 * Where a breaker is that was in `start` and then went so many times into open,
 * half-open and closed; NOTHING when the counts do not tell, or no way fits them.
 */
enum state_word state_after(enum state_word start, double opened, double half_opened,
                            double closed);
/* The same where half-open is not counted, and open as long as it lasts. */
enum state_word state_after_unseen(enum state_word start, double opened, double closed);

#endif
