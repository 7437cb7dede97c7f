#include "monitor/order.h"

#include <math.h>
#include <stdlib.h>

static int risk_rank(const struct service_view *s)
{
    return s->budget.risk == RISK_UNKNOWN ? -1 : (int)s->budget.risk;
}

static double error_rank(const struct service_view *s)
{
    return isnan(s->success_ratio) ? -1 : 1 - s->success_ratio;
}

/* Unhealthy, degraded, unknown, healthy; inside by risk, error ratio and name, healthy ones by name
 * alone. */
static int compare_services(const void *a, const void *b)
{
    static const int rank[] = {
        [HEALTH_UNHEALTHY] = 0, [HEALTH_DEGRADED] = 1, [HEALTH_UNKNOWN] = 2, [HEALTH_HEALTHY] = 3
    };
    const struct service_view *x = a, *y = b;

    if (rank[x->health] != rank[y->health])
        return rank[x->health] - rank[y->health];
    if (x->health != HEALTH_HEALTHY && risk_rank(x) != risk_rank(y))
        return risk_rank(y) - risk_rank(x);
    if (x->health != HEALTH_HEALTHY && fabs(error_rank(x) - error_rank(y)) > 0)
        return error_rank(x) < error_rank(y) ? 1 : -1;
    return str_compare(x->name, y->name);
}

void order_services(struct monitor_view *view)
{
    if (view->service_count)
        qsort(view->services, view->service_count, sizeof *view->services, compare_services);
}
