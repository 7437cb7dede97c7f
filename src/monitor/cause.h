/*
 * Whose trouble explains whose: where a service and one that it calls both fail,
 * the called one is the cause, and so on along the calls to the last that fails.
 *
 *   gateway ──► checkout ──► payments ──► db (fails)      the cause of all three is db
 *
 * A service can be a victim when it has trouble and its attempts fail, or nobody
 * tells whether they do; a called one explains it when that has trouble, too, and the
 * attempts of this caller at it fail. Of several the one that fails most counts.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_MONITOR_CAUSE_H
#define FUSEBOX_MONITOR_CAUSE_H

#include "base/attr.h"
#include "monitor/view.h"

/*
 * Fills caused_by and victims of the rows and moves each cause in front of its first
 * victim; view->map is complete but for its sentence, the rows stand worst first.
 * ERR_NOMEM, ERR_LIMIT.
 */
enum err causes_find(struct monitor_view *view) MUST_CHECK;

#endif
