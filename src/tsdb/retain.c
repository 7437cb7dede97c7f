#include "tsdb/retain.h"

#include "base/clock.h"

static const int64_t STEP_NS = INT64_C(3600) * 1000000000;

static void judge(struct retain *r, int64_t expected_ms, int64_t now_ms, int64_t mono_ns)
{
    if (now_ms <= clock_add_ms(expected_ms, RETAIN_JUMP_MS)) {
        r->trusted_ms = now_ms;
        r->behind = false;
        return;
    }
    r->trusted_ms = expected_ms;
    if (!r->behind)
        r->step_mono_ns = mono_ns + STEP_NS;
    r->behind = true;
}

void retain_init(struct retain *r, int64_t stored_ms, int64_t now_ms, int64_t mono_ns)
{
    *r = (struct retain){ .trusted_ms = now_ms, .mono_ns = mono_ns };
    if (stored_ms != INT64_MIN)
        judge(r, stored_ms, now_ms, mono_ns);
}

int64_t retain_advance(struct retain *r, int64_t now_ms, int64_t mono_ns)
{
    int64_t passed_ms = (mono_ns - r->mono_ns) / 1000000;

    r->mono_ns += passed_ms * 1000000; /* the rest counts next time */
    judge(r, clock_add_ms(r->trusted_ms, passed_ms), now_ms, mono_ns);
    return r->trusted_ms;
}

bool retain_may_step(const struct retain *r, int64_t mono_ns)
{
    return r->behind && mono_ns >= r->step_mono_ns;
}

void retain_stepped(struct retain *r, int64_t mono_ns)
{
    r->step_mono_ns = mono_ns + STEP_NS;
}

void retain_caught_up(struct retain *r, int64_t now_ms)
{
    r->trusted_ms = now_ms;
    r->behind = false;
}
