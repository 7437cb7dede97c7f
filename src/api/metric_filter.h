/*
 * Lets through the metrics that a request asks for (reference S3): by name, by
 * service, and by when their service was last heard of.
 *
 *   metric_filter_init(&f, &inner, view) -> set name, service, since_ms -> metric_filter_out(&f)
 *
 * A family is told only when one of its samples passes.
 *
 * Threads   Value.
 */
#ifndef FUSEBOX_API_METRIC_FILTER_H
#define FUSEBOX_API_METRIC_FILTER_H

#include "monitor/view.h"
#include "telemetry/metric.h"

struct metric_filter {
    struct str name;    /* of a family, or of a sample with its suffix; empty: all */
    struct str service; /* empty: all, and what is about no service */
    int64_t since_ms;   /* 0: all. What is about no service is of the view's moment */

    const struct metric_out *inner;
    const struct monitor_view *view;
    const char *family, *help;
    enum metric_kind kind;
    bool told;     /* this family, to inner */
    size_t cursor; /* the service found last: samples come in the view's order */
};

void metric_filter_init(struct metric_filter *f, const struct metric_out *inner,
                        const struct monitor_view *view);
struct metric_out metric_filter_out(struct metric_filter *f);

#endif
