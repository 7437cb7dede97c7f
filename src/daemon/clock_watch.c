#include "daemon/clock_watch.h"

#include <stdio.h>

#include "base/attr.h"

int64_t clock_watch_look(struct clock_watch *c, int64_t wall_ms, int64_t mono_ns)
{
    int64_t step_ms = wall_ms - c->wall_ms - (mono_ns - c->mono_ns) / 1000000;
    bool stepped = c->started && (step_ms > CLOCK_STEP_MS || step_ms < -CLOCK_STEP_MS);

    c->started = true;
    c->wall_ms = wall_ms;
    c->mono_ns = mono_ns;
    if (!stepped)
        return 0;
    c->stepped = true;
    c->stepped_mono_ns = mono_ns;
    return step_ms;
}

bool clock_watch_is_recent(const struct clock_watch *c, int64_t mono_ns)
{
    return c->stepped && (mono_ns - c->stepped_mono_ns) / 1000000 < CLOCK_STEP_TOLD_MS;
}

char *clock_step_text(int64_t step_ms, char out[CLOCK_STEP_TEXT_BYTES])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {
        { INT64_C(365) * 86400000, "y" }, { 86400000, "d" }, { 3600000, "h" }, { 60000, "min" }
    };
    int64_t size_ms = step_ms < 0 ? -step_ms : step_ms;
    size_t unit = 0;

    while (unit + 1 < ARRAY_LEN(units) && size_ms < units[unit].ms)
        unit++;
    snprintf(out, CLOCK_STEP_TEXT_BYTES, "%lld %s", (long long)(size_ms / units[unit].ms),
             units[unit].name);
    return out;
}
