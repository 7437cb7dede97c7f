/*
 * `mappings`: metrics of a person's own that are signals. Each item names one
 * metric, the labels that a series of it must have, and what its growth (or, of a
 * breaker's state, its value) means for which service.
 */
#include "config/sections.h"

struct mapping_draft {
    struct config_mapping out;
    struct str signal;
    const struct node *when;
};

/* The signals' names in the file, with a blank between, as enum signal_kind has them. */
#define SIGNAL_CHOICES                                                                             \
    "calls errors retries retries_denied timed_calls timed_seconds timed_bucket first_calls "      \
    "first_errors "                                                                                \
    "breaker_state breaker_calls breaker_errors breaker_blocked "                                  \
    "breaker_consecutive breaker_failure_rate breaker_last_failure breaker_forced"

/* Orders of numbers, then states that hold while the gauge is 1. */
#define ENCODING_CHOICES                                                                           \
    "closed-halfopen-open closed-open-halfopen open-closed-halfopen closed-open "                  \
    "closed half_open open disabled"

static const struct field mapping_fields[] = {
    { .is = { .name = "metric", .type = OPTION_STRING, .help = "The metric's whole name." },
      .offset = offsetof(struct mapping_draft, out.metric),
      .required = true },
    { .kind = FIELD_NODE,
      .shape = NODE_MAP,
      .is = { .name = "when",
              .help = "Labels that a series must have, at most 4: `label: value`, or a list of "
                      "values. A value that ends in `*` is the beginning of it; an empty one is a "
                      "label that is absent." },
      .offset = offsetof(struct mapping_draft, when) },
    { .is = { .name = "signal",
              .type = OPTION_ENUM,
              .choices = SIGNAL_CHOICES,
              .help =
                  "What the counter counts; of `breaker_state`, `breaker_consecutive` (failures "
                  "in a row), `breaker_failure_rate` (0 to 1), `breaker_last_failure` (Unix "
                  "seconds) and `breaker_forced` (1: open by hand), what the gauge shows." },
      .offset = offsetof(struct mapping_draft, signal),
      .required = true },
    { .is = { .name = "service", .type = OPTION_STRING, .help = "The service that is called." },
      .offset = offsetof(struct mapping_draft, out.service) },
    { .is = { .name = "service_label",
              .type = OPTION_STRING,
              .help = "Or the label that has its name." },
      .offset = offsetof(struct mapping_draft, out.service_label) },
    { .is = { .name = "breaker_label",
              .type = OPTION_STRING,
              .help = "The label that has the breaker's name; without it, or where it is absent, "
                      "the breaker is called as its service." },
      .offset = offsetof(struct mapping_draft, out.breaker_label) },
    { .is = { .name = "endpoint_label",
              .type = OPTION_STRING,
              .help = "The label that has the endpoint which the breaker guards." },
      .offset = offsetof(struct mapping_draft, out.endpoint_label) },
    { .is = { .name = "caller", .type = OPTION_STRING, .help = "Who calls." },
      .offset = offsetof(struct mapping_draft, out.caller) },
    { .is = { .name = "caller_label",
              .type = OPTION_STRING,
              .help = "Or the label that has its name, as `job`." },
      .offset = offsetof(struct mapping_draft, out.caller_label) },
    { .is = { .name = "unit",
              .type = OPTION_ENUM,
              .preset = "seconds",
              .choices = "seconds milliseconds microseconds nanoseconds percent",
              .help = "Of `timed_seconds`: what the counter counts in. Of `timed_bucket`: what its "
                      "label `le` counts in. Of `breaker_failure_rate`: `percent` for a gauge from "
                      "0 to 100." },
      .offset = offsetof(struct mapping_draft, out.unit) },
    { .is = { .name = "encoding",
              .type = OPTION_ENUM,
              .preset = "metrics.breaker_state_encoding",
              .choices = ENCODING_CHOICES,
              .help = "Of `breaker_state`: what the numbers 0, 1, 2 mean, or the one state that "
                      "holds while the gauge is 1." },
      .offset = offsetof(struct mapping_draft, out.encoding) },
};

const struct field_table mapping_field_table = { "a mappings item", mapping_fields,
                                                 ARRAY_LEN(mapping_fields), false };

/* --- conditions --- */

static bool read_value(struct section *s, const struct node *item, struct str *ret)
{
    return bind_text(s->report, "a value of when", item, 0, LABEL_VALUE_MAX_BYTES, ret);
}

static void read_values(struct section *s, const struct node *node,
                        struct config_mapping_condition *c)
{
    size_t count = node->kind == NODE_LIST ? node->count : 1;
    struct str *values;

    if (count == 0 || count > CONFIG_MAPPING_VALUES_MAX) {
        report_error(s->report, node, "a label of when has %zu values; 1 to %d are allowed", count,
                     CONFIG_MAPPING_VALUES_MAX);
        return;
    }
    values = arena_alloc_zero(s->arena, count, sizeof *values);
    if (!values) {
        report_fatal(s->report, arena_error(s->arena));
        return;
    }
    c->values = values;
    if (node->kind != NODE_LIST) {
        c->value_count = read_value(s, node, values);
        return;
    }
    for (const struct node *item = node->first; item; item = item->next)
        c->value_count += read_value(s, item, &values[c->value_count]);
}

static void check_label(struct section *s, const struct node *at, const char *key, struct str label)
{
    char shown[SHOWN_BYTES];

    if (label.len && !label_name_is_valid(label))
        report_error(s->report, at, "%s: \"%s\" is no label name", key, report_shown(label, shown));
}

static void read_when(struct section *s, const struct node *map, struct config_mapping *ret)
{
    if (map->count > CONFIG_MAPPING_CONDITIONS_MAX) {
        report_error(s->report, map, "when has %zu labels, at most %d", map->count,
                     CONFIG_MAPPING_CONDITIONS_MAX);
        return;
    }
    for (const struct node *item = map->first; item; item = item->next) {
        struct config_mapping_condition *c = &ret->conditions[ret->condition_count++];

        c->label = item->key->text;
        if (!label_name_is_valid(c->label))
            check_label(s, item->key, "when", c->label);
        read_values(s, item, c);
    }
}

/* --- what several keys say together --- */

static enum signal_kind signal_of(struct str name)
{
    struct str rest = STR(SIGNAL_CHOICES), choice;
    int kind = SIGNAL_CALLS;

    for (; rest.len; kind++) {
        rest = str_cut(rest, ' ', &choice);
        if (str_equals(choice, name))
            break;
    }
    return (enum signal_kind)kind;
}

static void check_names(struct section *s, const struct node *at, const struct config_mapping *m)
{
    char shown[SHOWN_BYTES];

    if (m->metric.ptr && !metric_name_is_valid(m->metric))
        report_error(s->report, at, "metric: \"%s\" is no name of a metric",
                     report_shown(m->metric, shown));
    check_label(s, at, "service_label", m->service_label);
    check_label(s, at, "breaker_label", m->breaker_label);
    check_label(s, at, "endpoint_label", m->endpoint_label);
    check_label(s, at, "caller_label", m->caller_label);
    if (m->service.len > SERVICE_NAME_MAX_BYTES || m->caller.len > SERVICE_NAME_MAX_BYTES)
        report_error(s->report, at, "a name of a service has at most %d bytes",
                     SERVICE_NAME_MAX_BYTES);
}

static void check_unit(struct section *s, const struct node *at, const struct config_mapping *m)
{
    bool is_percent = str_equals(m->unit, STR("percent"));

    if (is_percent && m->signal != SIGNAL_BREAKER_FAILURE_RATE)
        report_error(s->report, at, "the unit percent belongs to the signal breaker_failure_rate");
    else if (m->unit.len && !is_percent && m->signal != SIGNAL_TIMED_SECONDS &&
             m->signal != SIGNAL_TIMED_BUCKET)
        report_error(s->report, at,
                     "a unit of time belongs to the signals timed_seconds and timed_bucket");
}

static void check_mapping(struct section *s, const struct node *at, const struct config_mapping *m)
{
    bool about_breaker = m->signal >= SIGNAL_BREAKER_STATE;

    check_names(s, at, m);
    if (!m->service.len == !m->service_label.len)
        report_error(s->report, at, "a mappings item needs either service or service_label");
    if (m->caller.len && m->caller_label.len)
        report_error(s->report, at, "write caller or caller_label, not both");
    if (!about_breaker && (m->breaker_label.len || m->endpoint_label.len))
        report_error(s->report, at,
                     "breaker_label and endpoint_label belong to signals of a breaker");
    if (m->signal != SIGNAL_BREAKER_STATE && m->encoding.len)
        report_error(s->report, at, "encoding belongs to the signal breaker_state");
    check_unit(s, at, m);
}

static void read_mapping(struct section *s, const struct node *node, struct config_mapping *ret)
{
    struct mapping_draft draft = { .out.line = node->line };

    if (!bind_map(s->report, &mapping_field_table, node, &draft))
        return;
    draft.out.signal = signal_of(draft.signal);
    if (draft.when)
        read_when(s, draft.when, &draft.out);
    if (draft.signal.len)
        check_mapping(s, node, &draft.out);
    *ret = draft.out;
}

void section_read_mappings(struct section *s, const struct node *list)
{
    struct config_mapping *mappings;
    size_t count = 0;

    if (!bind_is_list(s->report, "mappings", list))
        return;
    if (list->count > CONFIG_MAPPINGS_MAX) {
        report_error(s->report, list, "mappings has %zu items, at most %d", list->count,
                     CONFIG_MAPPINGS_MAX);
        return;
    }
    mappings = arena_alloc_zero(&s->cfg->arena, list->count + 1, sizeof *mappings);
    if (!mappings) {
        report_fatal(s->report, arena_error(&s->cfg->arena));
        return;
    }
    for (const struct node *item = list->first; item; item = item->next)
        read_mapping(s, item, &mappings[count++]);
    s->cfg->mappings = mappings;
    s->cfg->mapping_count = count;
}

/* --- comparison --- */

static bool same_condition(const struct config_mapping_condition *a,
                           const struct config_mapping_condition *b)
{
    if (!str_equals(a->label, b->label) || a->value_count != b->value_count)
        return false;
    for (size_t i = 0; i < a->value_count; i++)
        if (!str_equals(a->values[i], b->values[i]))
            return false;
    return true;
}

static bool same_mapping(const struct config_mapping *a, const struct config_mapping *b)
{
    if (a->signal != b->signal || a->condition_count != b->condition_count)
        return false;
    for (size_t i = 0; i < a->condition_count; i++)
        if (!same_condition(&a->conditions[i], &b->conditions[i]))
            return false;
    return str_equals(a->metric, b->metric) && str_equals(a->service, b->service) &&
           str_equals(a->service_label, b->service_label) &&
           str_equals(a->breaker_label, b->breaker_label) &&
           str_equals(a->endpoint_label, b->endpoint_label) && str_equals(a->caller, b->caller) &&
           str_equals(a->caller_label, b->caller_label) && str_equals(a->unit, b->unit) &&
           str_equals(a->encoding, b->encoding);
}

bool config_mappings_equal(const struct config *a, const struct config *b)
{
    if (a->mapping_count != b->mapping_count)
        return false;
    for (size_t i = 0; i < a->mapping_count; i++)
        if (!same_mapping(&a->mappings[i], &b->mappings[i]))
            return false;
    return true;
}
