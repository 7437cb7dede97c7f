/*
 * The documents of reference S3: /status and /performance. Response times are in
 * milliseconds; what no source tells is null.
 *
 * Threads   Value; from any thread.
 */
#ifndef FUSEBOX_API_PERFORMANCE_JSON_H
#define FUSEBOX_API_PERFORMANCE_JSON_H

#include "api/own.h"
#include "api/view_json.h"

/* What only the daemon knows. */
struct performance_self {
    const char *version;
    int64_t started_ms;
    uint64_t series_count, samples_count;
    struct own_summary summary;
};

void performance_json_status(struct buf *out, const struct monitor_view *view,
                             const struct performance_self *self, const struct view_origin *origin);

/* `service` is empty: all. */
void performance_json(struct buf *out, const struct monitor_view *view, struct str service,
                      const struct performance_self *self, const struct view_origin *origin);

#endif
