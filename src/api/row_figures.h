/*
 * The figures of a ROW that move from second to second, apart from the state that
 * seldom does: a frame tells the figures of a thousand services in a tenth of what
 * their whole rows take.
 *
 *   row_figures_columns(&j)           ["last_data_ms","calls_per_s",…]
 *   row_figures(&j, s)                ["orders",1795142466900,60.4,…]
 *   row_state_hash(s, &scratch)       changes when anything else of the row does
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_ROW_FIGURES_H
#define FUSEBOX_API_ROW_FIGURES_H

#include "base/json.h"
#include "monitor/view.h"

/* The names in the order of the figures, as an array; a dot leads into a member. */
void row_figures_columns(struct json *j);

/* One array: the service's name and its figures. */
void row_figures(struct json *j, const struct service_view *s);

/* Of the row without its figures and sparks; `scratch` is overwritten, and tells of lack of room.
 */
uint64_t row_state_hash(const struct service_view *s, struct buf *scratch);

/* The same for what the step that closed last added to the row's sparks. */
void row_steps_columns(struct json *j);
void row_steps(struct json *j, const struct service_view *s);

#endif
