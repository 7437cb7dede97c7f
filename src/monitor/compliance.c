#include "monitor/compliance.h"

#include <math.h>

/* Whether 95 of 100 calls keep to the target, or, where buckets do not tell it, the mean. A time
 * beyond the last bound is more than the bound: it may say no, but not yes. */
static int judge_response(const struct service_view *view, const struct latency_figures *latency)
{
    double p95_ms = latency->s[LATENCY_P95] * 1000;
    double judged_ms = isnan(p95_ms) ? view->response_ms : p95_ms;

    if (isnan(view->slo_response_ms) || isnan(judged_ms) || view->evidence != EVIDENCE_OK)
        return -1;
    if (latency->at_least[LATENCY_P95] && judged_ms <= view->slo_response_ms)
        return -1;
    return judged_ms <= view->slo_response_ms;
}

void compliance_judge(const struct catalog_service *known, const struct latency_figures *latency,
                      struct service_view *view)
{
    const struct config_service *cfg = known->config;

    view->slo_success_percent = cfg ? cfg->slo_success_rate_percent : NAN;
    view->slo_response_ms = cfg ? cfg->slo_response_time_ms : NAN;
    view->slo_success_compliant = -1;
    if (!isnan(view->slo_success_percent) && !isnan(view->success_ratio) &&
        view->evidence == EVIDENCE_OK)
        view->slo_success_compliant = view->success_ratio * 100 >= view->slo_success_percent;
    view->slo_response_compliant = judge_response(view, latency);
}
