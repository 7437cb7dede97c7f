/*
 * Each transition of a breaker as one line of the log, with the fields that people
 * search for: @timestamp, event_type, component, service, name, endpoint, caller,
 * old_state, new_state, failure_count, success_count.
 *
 *   closed → open       circuit_opened (warning)    half_open → closed   circuit_closed
 *   open → half_open    circuit_half_open           half_open → open     circuit_reopened
 *   any other           circuit_state_change
 *
 * The counts are those of the state that ended, where the source tells them. The lines
 * are data: they are not collapsed before there are 6,000 of one kind in a minute.
 *
 * Source    Reference S1, structured logging.
 */
#ifndef FUSEBOX_DAEMON_BREAKER_LOG_H
#define FUSEBOX_DAEMON_BREAKER_LOG_H

#include "base/log.h"
#include "monitor/monitor.h"

const char *breaker_log_event_type(enum breaker_state from, enum breaker_state to);

/* A monitor_on_transition; ctx is the struct log. */
void breaker_log_write(void *ctx, const struct monitor_transition *t);

#endif
