/*
 * The sentence that leads a page: what is wrong, for whom, since when. Made here,
 * so that page, terminal, mail and chat say the same.
 */
#ifndef FUSEBOX_MONITOR_SENTENCE_H
#define FUSEBOX_MONITOR_SENTENCE_H

#include "monitor/view.h"

/* The overview's sentence from a complete, sorted view; texts go into the view's arena. */
void sentence_for_overview(struct monitor_view *view);

#endif
