#include "daemon/store_state.h"

static const int64_t TRY_AFTER_NS = 1000000000;
static const int64_t GIVE_UP_AFTER_NS = 4000000000; /* the fifth try in a row */

enum store_mode store_state_mode(const struct store_state *s)
{
    if (s->lost)
        return STORE_LOST;
    if (s->space_low || s->gave_up)
        return STORE_DEGRADED;
    return s->failing ? STORE_TRYING : STORE_HEALTHY;
}

enum store_trouble store_state_trouble(const struct store_state *s)
{
    if (s->lost)
        return TROUBLE_IO;
    if (s->space_low)
        return TROUBLE_DISK_FULL;
    return s->failing ? s->trouble : TROUBLE_NONE;
}

const char *store_trouble_name(enum store_trouble trouble)
{
    static const char *const names[] = { "none", "disk full", "read-only file system",
                                         "input/output error" };

    return names[trouble];
}

bool store_state_may_commit(const struct store_state *s, int64_t mono_ns)
{
    if (s->lost || s->space_low)
        return false;
    return !s->failing || mono_ns >= s->try_mono_ns;
}

void store_state_on_success(struct store_state *s)
{
    s->failing = s->gave_up = false;
    s->trouble = TROUBLE_NONE;
}

void store_state_on_failure(struct store_state *s, enum store_trouble trouble, int64_t mono_ns)
{
    if (!s->failing)
        s->failing_mono_ns = mono_ns;
    s->failing = true;
    s->trouble = trouble;
    s->try_mono_ns = mono_ns + TRY_AFTER_NS;
    if (mono_ns - s->failing_mono_ns >= GIVE_UP_AFTER_NS)
        s->gave_up = true;
}

void store_state_on_space(struct store_state *s, bool low)
{
    s->space_low = low;
}

void store_state_on_sync_failure(struct store_state *s)
{
    s->lost = true;
}

void store_state_give_up(struct store_state *s)
{
    s->gave_up = s->gave_up || s->failing;
    s->try_mono_ns = INT64_MIN;
}
