/*
 * `services`: the retry budget configuration of its documents, in snake_case and
 * in camelCase. An SLO target may be given in either of the documents' two
 * forms: in slo_targets, or as slo_target_success_rate and
 * slo_target_response_time.
 */
#include "config/sections.h"

#include <math.h>

#include "base/map.h"

struct service_draft {
    struct config_service out;
    double flat_success_rate_percent; /* slo_target_success_rate */
    double flat_response_time_ms;     /* slo_target_response_time */
    const struct node *slo_targets;
    const struct node *dependencies;
    const struct node *budgets;
};

static const struct field service_fields[] = {
    { .is = { .name = "name",
              .type = OPTION_STRING,
              .help = "The service, once per file; 1 to 256 bytes." },
      .also = "service_name",
      .offset = offsetof(struct service_draft, out.name),
      .required = true },
    { .is = { .name = "circuit_breaker_name",
              .type = OPTION_STRING,
              .help = "The breaker that guards it." },
      .offset = offsetof(struct service_draft, out.circuit_breaker) },
    { .is = { .name = "max_retries_per_minute",
              .type = OPTION_INT,
              .preset = "0",
              .min = 0,
              .max = 1e12,
              .zero = "no such limit",
              .unit = "retries",
              .help = "Retries towards the service in any minute." },
      .offset = offsetof(struct service_draft, out.max_retries_per_minute) },
    { .is = { .name = "max_retries_per_hour",
              .type = OPTION_INT,
              .preset = "0",
              .min = 0,
              .max = 1e12,
              .zero = "no such limit",
              .unit = "retries",
              .help = "Retries towards the service in any hour." },
      .offset = offsetof(struct service_draft, out.max_retries_per_hour) },
    { .is = { .name = "max_retry_rate_percent",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 100,
              .unit = "percent of calls",
              .help = "Share of calls that may be retried. A service without any limit has that of "
                      "retry_budget.max_retry_rate_percent." },
      .offset = offsetof(struct service_draft, out.max_retry_rate_percent) },
    { .is = { .name = "warning_threshold_percent",
              .type = OPTION_DOUBLE,
              .preset = "of retry_budget",
              .min = 0,
              .max = 100,
              .unit = "percent of the budget",
              .help =
                  "From this utilisation on the risk is medium. Below the critical threshold." },
      .offset = offsetof(struct service_draft, out.warning_threshold_percent) },
    { .is = { .name = "critical_threshold_percent",
              .type = OPTION_DOUBLE,
              .preset = "of retry_budget",
              .min = 0,
              .max = 100,
              .unit = "percent of the budget",
              .help = "From this utilisation on the risk is high." },
      .offset = offsetof(struct service_draft, out.critical_threshold_percent) },
    { .kind = FIELD_NODE,
      .shape = NODE_MAP,
      .is = { .name = "slo_targets", .help = "availability, latency and error_rate, see below." },
      .offset = offsetof(struct service_draft, slo_targets) },
    { .is = { .name = "slo_target_success_rate",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 100,
              .unit = "percent",
              .help = "Another form of slo_targets.availability." },
      .offset = offsetof(struct service_draft, flat_success_rate_percent) },
    { .is = { .name = "slo_target_response_time",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 1e9,
              .unit = "milliseconds",
              .help = "Another form of slo_targets.latency." },
      .offset = offsetof(struct service_draft, flat_response_time_ms) },
    { .kind = FIELD_NODE,
      .shape = NODE_LIST,
      .is = { .name = "budgets",
              .help = "How its callers limit their retries: items with a kind, see below. The "
                      "utilisation is the largest of them." },
      .offset = offsetof(struct service_draft, budgets) },
    { .kind = FIELD_NODE,
      .shape = NODE_LIST,
      .is = { .name = "dependencies", .help = "Names of the services that it calls." },
      .offset = offsetof(struct service_draft, dependencies) },
    { .is = { .name = "team", .type = OPTION_STRING, .help = "Who owns it." },
      .offset = offsetof(struct service_draft, out.team) },
    { .is = { .name = "environment", .type = OPTION_STRING, .help = "Where it runs: production." },
      .offset = offsetof(struct service_draft, out.environment) },
    { .kind = FIELD_UNUSED, .is = { .name = "adaptive_budgeting", .type = OPTION_BOOL } },
    { .kind = FIELD_UNUSED,
      .is = { .name = "min_budget_retries", .type = OPTION_INT, .min = 0, .max = 1e12 } },
    { .kind = FIELD_UNUSED,
      .is = { .name = "max_budget_retries", .type = OPTION_INT, .min = 0, .max = 1e12 } },
};

const struct field_table service_table = { "a services item", service_fields,
                                           ARRAY_LEN(service_fields), true };

static const struct field slo_targets_fields[] = {
    { .is = { .name = "availability",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 100,
              .unit = "percent",
              .help = "Calls that succeed, as 99.9." },
      .offset = offsetof(struct config_service, slo_success_rate_percent) },
    { .is = { .name = "latency",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 1e9,
              .unit = "milliseconds",
              .help = "Response time, as 300." },
      .offset = offsetof(struct config_service, slo_response_time_ms) },
    { .is = { .name = "error_rate",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 1,
              .unit = "as a ratio",
              .help = "Calls that may fail, as 0.05." },
      .offset = offsetof(struct config_service, slo_error_rate) },
};

const struct field_table slo_targets_table = { "slo_targets", slo_targets_fields,
                                               ARRAY_LEN(slo_targets_fields), true };

/* --- checks --- */

/* One target from its two forms. */
static void merge(struct section *s, const struct node *at, const char *what, double flat,
                  double *target)
{
    if (isnan(flat))
        return;
    if (!isnan(*target))
        report_error(s->report, at, "%s is also given in slo_targets; write it once", what);
    *target = flat;
}

static void check_percentage(struct section *s, const struct node *at, double percent)
{
    if (percent > 0 && percent <= 1)
        report_error(s->report, at,
                     "a success rate is written in percent: 99.9, not 0.999 (it is %g)", percent);
}

static void check_thresholds(struct section *s, const struct node *at,
                             const struct config_service *service)
{
    if (!(service->warning_threshold_percent < service->critical_threshold_percent))
        report_error(s->report, at,
                     "warning_threshold_percent (%g) must be below critical_threshold_percent (%g)",
                     service->warning_threshold_percent, service->critical_threshold_percent);
}

static void check_text(struct section *s, const struct node *at, const char *name, struct str text)
{
    if (text.len > SERVICE_TEXT_MAX_BYTES)
        report_error(s->report, at, "%s has %zu bytes, at most %d", name, text.len,
                     SERVICE_TEXT_MAX_BYTES);
}

static void check_service(struct section *s, const struct node *at,
                          const struct config_service *service)
{
    if (service->name.ptr && (!service->name.len || service->name.len > SERVICE_NAME_MAX_BYTES))
        report_error(s->report, at, "name has %zu bytes; 1 to %d are allowed", service->name.len,
                     SERVICE_NAME_MAX_BYTES);
    check_text(s, at, "circuit_breaker_name", service->circuit_breaker);
    check_text(s, at, "team", service->team);
    check_text(s, at, "environment", service->environment);
    check_percentage(s, at, service->slo_success_rate_percent);
    check_thresholds(s, at, service);
}

/* --- reading --- */

static bool is_repeated(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equals(names[i], name))
            return true;
    return false;
}

static void read_dependency(struct section *s, const struct node *item,
                            struct config_service *service, struct str *names)
{
    char shown[SHOWN_BYTES];
    struct str name;

    if (!bind_text(s->report, "a dependency", item, 1, SERVICE_NAME_MAX_BYTES, &name))
        return;
    if (str_equals(name, service->name)) {
        report_error(s->report, item, "%s depends on itself", report_shown(name, shown));
        return;
    }
    if (is_repeated(names, service->dependency_count, name)) {
        report_error(s->report, item, "the dependency %s is given twice",
                     report_shown(name, shown));
        return;
    }
    names[service->dependency_count++] = name;
}

static void read_dependencies(struct section *s, const struct node *list,
                              struct config_service *service)
{
    struct str *names;

    if (list->count > CONFIG_DEPENDENCIES_MAX) {
        report_error(s->report, list, "dependencies has %zu items, at most %d", list->count,
                     CONFIG_DEPENDENCIES_MAX);
        return;
    }
    names = arena_alloc_zero(&s->cfg->arena, list->count, sizeof *names);
    if (!names) {
        report_fatal(s->report, arena_error(&s->cfg->arena));
        return;
    }
    service->dependencies = names;
    for (const struct node *item = list->first; item; item = item->next)
        read_dependency(s, item, service, names);
}

static struct config_service service_defaults(const struct section *s)
{
    return (struct config_service){
        .max_retry_rate_percent = NAN,
        .warning_threshold_percent = config_double(s->cfg, OPT_BUDGET_WARNING_PERCENT),
        .critical_threshold_percent = config_double(s->cfg, OPT_BUDGET_CRITICAL_PERCENT),
        .slo_success_rate_percent = NAN,
        .slo_response_time_ms = NAN,
        .slo_error_rate = NAN,
    };
}

void section_read_service(struct section *s, const struct node *node, struct config_service *ret)
{
    struct service_draft draft = { .out = service_defaults(s),
                                   .flat_success_rate_percent = NAN,
                                   .flat_response_time_ms = NAN };

    draft.out.line = node->line;
    *ret = draft.out;
    if (!bind_map(s->report, &service_table, node, &draft))
        return;
    if (draft.slo_targets)
        (void)bind_map(s->report, &slo_targets_table, draft.slo_targets, &draft.out);
    merge(s, node, "slo_target_success_rate", draft.flat_success_rate_percent,
          &draft.out.slo_success_rate_percent);
    merge(s, node, "slo_target_response_time", draft.flat_response_time_ms,
          &draft.out.slo_response_time_ms);
    check_service(s, node, &draft.out);
    if (draft.budgets)
        section_read_budgets(s, draft.budgets, &draft.out);
    if (draft.dependencies)
        read_dependencies(s, draft.dependencies, &draft.out);
    *ret = draft.out;
}

static void check_unique(struct section *s, const struct node *at, struct config_service *service,
                         struct map *names)
{
    const struct config_service *before;
    char shown[SHOWN_BYTES];

    if (!service->name.len)
        return;
    before = map_find(names, service->name);
    if (before)
        report_error(s->report, at, "the service %s is already defined in line %d",
                     report_shown(service->name, shown), before->line);
    else if (map_put(names, service->name, service))
        report_fatal(s->report, ERR_NOMEM);
}

void section_read_services(struct section *s, const struct node *list)
{
    struct map names = map_limited(CONFIG_SERVICES_MAX);
    struct config_service *services;
    size_t count = 0;

    if (!bind_is_list(s->report, "services", list))
        return;
    if (list->count > CONFIG_SERVICES_MAX) {
        report_error(s->report, list, "services has %zu items, at most %d", list->count,
                     CONFIG_SERVICES_MAX);
        return;
    }
    services = arena_alloc_zero(&s->cfg->arena, list->count, sizeof *services);
    if (!services) {
        report_fatal(s->report, arena_error(&s->cfg->arena));
        return;
    }
    for (const struct node *item = list->first; item; item = item->next) {
        section_read_service(s, item, &services[count]);
        check_unique(s, item, &services[count], &names);
        count++;
    }
    map_release(&names);
    s->cfg->services = services;
    s->cfg->service_count = count;
}
