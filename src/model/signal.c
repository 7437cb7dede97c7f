#include "model/signal.h"

#include "base/attr.h"

static const char *const state_names[] = { "closed", "half_open", "open", "disabled", "unknown" };

const char *breaker_state_name(enum breaker_state state)
{
    return (unsigned)state < ARRAY_LEN(state_names) ? state_names[state] : "unknown";
}
