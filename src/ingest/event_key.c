#include "ingest/event_key.h"

#include "base/attr.h"

static struct str type_of(const struct event *e)
{
    return str_of(event_kind_name(e->kind));
}

static struct str breaker_of(const struct event *e)
{
    bool is_told = e->kind == EVENT_BREAKER || event_has(e, EVENT_BREAKER_NAME) ||
                   event_has(e, EVENT_NEW_STATE);

    return is_told ? event_breaker_name(e) : STR("");
}

static struct str outcome_of(const struct event *e)
{
    return e->outcome == EVENT_OUTCOME_UNKNOWN ? STR("") : str_of(event_outcome_name(e->outcome));
}

static struct str new_state_of(const struct event *e)
{
    return e->new_state == BREAKER_UNKNOWN ? STR("") : str_of(breaker_state_name(e->new_state));
}

/* Without a function it is the field's own text. */
static const struct {
    const char *name;
    enum event_field field;
    struct str (*text)(const struct event *e);
} rows[EVENT_KEY_COUNT] = {
    [EVENT_KEY_TYPE] = { "event_type", EVENT_TYPE, type_of },
    [EVENT_KEY_SERVICE] = { "service", EVENT_SERVICE, NULL },
    [EVENT_KEY_BREAKER] = { "breaker", EVENT_BREAKER_NAME, breaker_of },
    [EVENT_KEY_ENDPOINT] = { "endpoint", EVENT_ENDPOINT, NULL },
    [EVENT_KEY_CALLER] = { "caller", EVENT_CALLER, NULL },
    [EVENT_KEY_OUTCOME] = { "outcome", EVENT_OUTCOME, outcome_of },
    [EVENT_KEY_ERROR_TYPE] = { "error_type", EVENT_ERROR_TYPE, NULL },
    [EVENT_KEY_SEVERITY] = { "severity", EVENT_SEVERITY, NULL },
    [EVENT_KEY_NEW_STATE] = { "new_state", EVENT_NEW_STATE, new_state_of },
};

const char *event_key_name(enum event_key key)
{
    return rows[key].name;
}

bool event_key_find(struct str name, enum event_key *ret)
{
    for (int i = 0; i < EVENT_KEY_COUNT; i++)
        if (str_equals(str_of(rows[i].name), name)) {
            *ret = (enum event_key)i;
            return true;
        }
    return false;
}

struct str event_key_text(enum event_key key, const struct event *e)
{
    return rows[key].text ? rows[key].text(e) : event_text(e, rows[key].field);
}
