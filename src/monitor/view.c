#include "monitor/view.h"

#include <math.h>

#include "base/attr.h"
#include "base/mem.h"

static const char *const health_names[] = { "healthy", "degraded", "unhealthy", "unknown" };
static const char *const severity_names[] = { "ok",       "info",      "warning",
                                              "critical", "emergency", "unknown" };
static const char *const evidence_names[] = { "ok", "unknown", "no_data", "stale", "too_little" };
static const char *const risk_names[] = { "low", "medium", "high", "critical", "unknown" };
static const char *const kind_names[] = { "absolute",       "ratio", "concurrency",
                                          "failure_tokens", "quota", "unknown" };

const char *health_name(enum health h)
{
    return health_names[h];
}

const char *severity_name(enum severity s)
{
    return severity_names[s];
}

const char *evidence_name(enum evidence e)
{
    return evidence_names[e];
}

const char *risk_name(enum risk r)
{
    return risk_names[r];
}

const char *budget_kind_name(enum budget_kind k)
{
    return kind_names[k];
}

struct monitor_view *view_ref(struct monitor_view *view)
{
    atomic_fetch_add_explicit(&view->references, 1, memory_order_relaxed);
    return view;
}

void view_unref(struct monitor_view *view)
{
    if (!view || atomic_fetch_sub_explicit(&view->references, 1, memory_order_acq_rel) != 1)
        return;
    arena_release(&view->arena);
    mem_free(view);
}

double spark_at(const struct spark *spark, int64_t end_ms)
{
    int64_t back = (spark->end_ms - end_ms) / (SPARK_STEP_S * 1000);

    if (spark->end_ms < 0 || back < 0 || back >= spark->count)
        return NAN;
    return (double)spark->points[spark->count - 1 - back];
}

const struct service_view *view_find_service(const struct monitor_view *view, struct str name)
{
    for (size_t i = 0; i < view->service_count; i++)
        if (str_equals(view->services[i].name, name))
            return &view->services[i];
    return NULL;
}
