/*
 * The order in which services are shown: worst first, as docs/formats/views.md has it.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_MONITOR_ORDER_H
#define FUSEBOX_MONITOR_ORDER_H

#include "monitor/view.h"

/* Sorts the rows of a view whose verdicts are complete. */
void order_services(struct monitor_view *view);

#endif
