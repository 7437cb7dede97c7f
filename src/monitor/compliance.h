/*
 * Whether a service keeps to its targets: success rate and response time, as far as the window of
 * its row tells. -1 where it does not.
 */
#ifndef FUSEBOX_MONITOR_COMPLIANCE_H
#define FUSEBOX_MONITOR_COMPLIANCE_H

#include "catalog/catalog.h"
#include "monitor/latency.h"

/* Fills the targets and the verdicts; after evidence, ratios and response time of the row. */
void compliance_judge(const struct catalog_service *known, const struct latency_figures *latency,
                      struct service_view *view);

#endif
