/*
 * `budgets` of a service: a list of the models by which its callers limit their
 * retries, each kind at most once. The keys of an item depend on its `kind`.
 * Limits of the kinds absolute and ratio may also stand beside `budgets`, as in the
 * documents; giving one twice is an error.
 */
#include "config/sections.h"

#include <math.h>

struct budget_draft {
    struct str kind;
    struct config_service service; /* limits per minute and hour, share of calls */
    struct config_budgets models;
};

static const struct field absolute_fields[] = {
    { .is = { .name = "kind", .type = OPTION_STRING, .help = "absolute" },
      .offset = offsetof(struct budget_draft, kind),
      .required = true },
    { .is = { .name = "max_retries_per_minute",
              .type = OPTION_INT,
              .min = 1,
              .max = 1e12,
              .unit = "retries",
              .help = "Retries towards the service in any minute." },
      .offset = offsetof(struct budget_draft, service.max_retries_per_minute) },
    { .is = { .name = "max_retries_per_hour",
              .type = OPTION_INT,
              .min = 1,
              .max = 1e12,
              .unit = "retries",
              .help = "Retries towards the service in any hour." },
      .offset = offsetof(struct budget_draft, service.max_retries_per_hour) },
};

static const struct field ratio_fields[] = {
    { .is = { .name = "kind", .type = OPTION_STRING, .help = "ratio" },
      .offset = offsetof(struct budget_draft, kind),
      .required = true },
    { .is = { .name = "max_retry_rate_percent",
              .type = OPTION_DOUBLE,
              .min = 0,
              .max = 100,
              .unit = "percent of calls",
              .help = "Share of calls that may be retried." },
      .offset = offsetof(struct budget_draft, service.max_retry_rate_percent),
      .required = true },
    { .is = { .name = "reserve_per_second",
              .type = OPTION_DOUBLE,
              .preset = "of retry_budget",
              .min = 0,
              .max = 1e6,
              .unit = "retries a second",
              .help = "Retries that are allowed without any calls." },
      .offset = offsetof(struct budget_draft, models.reserve_per_s) },
};

static const struct field concurrency_fields[] = {
    { .is = { .name = "kind", .type = OPTION_STRING, .help = "concurrency" },
      .offset = offsetof(struct budget_draft, kind),
      .required = true },
    { .is = { .name = "budget_percent",
              .type = OPTION_DOUBLE,
              .preset = "20",
              .min = 0,
              .max = 100,
              .unit = "percent of active requests",
              .help = "Share of the requests that run now which may be retries. With a fixed "
                      "max_retries: 0." },
      .offset = offsetof(struct budget_draft, models.concurrency.share_percent) },
    { .is = { .name = "min_retry_concurrency",
              .type = OPTION_INT,
              .preset = "3",
              .min = 0,
              .max = 1e6,
              .unit = "retries",
              .help = "Retries that may always run at once." },
      .offset = offsetof(struct budget_draft, models.concurrency.min_retries) },
    { .is = { .name = "attempt_duration",
              .type = OPTION_DURATION,
              .preset = "as measured",
              .min = 1,
              .max = 3600000,
              .help = "Mean duration of one attempt, where no source tells it." },
      .offset = offsetof(struct budget_draft, models.concurrency.attempt_ms) },
};

static const struct field tokens_fields[] = {
    { .is = { .name = "kind", .type = OPTION_STRING, .help = "failure_tokens" },
      .offset = offsetof(struct budget_draft, kind),
      .required = true },
    { .is = { .name = "max_tokens",
              .type = OPTION_INT,
              .min = 1,
              .max = 1000,
              .unit = "tokens",
              .help = "Tokens of one client; a failed attempt takes one, retries stop at half." },
      .offset = offsetof(struct budget_draft, models.tokens.max_tokens),
      .required = true },
    { .is = { .name = "token_ratio",
              .type = OPTION_DOUBLE,
              .min = 0.001,
              .max = 1000,
              .unit = "tokens",
              .help = "What an attempt that succeeds gives back." },
      .offset = offsetof(struct budget_draft, models.tokens.token_ratio),
      .required = true },
    { .is = { .name = "clients",
              .type = OPTION_INT,
              .preset = "1",
              .min = 1,
              .max = 100000,
              .unit = "clients",
              .help = "Clients with an account each that are seen as one caller." },
      .offset = offsetof(struct budget_draft, models.tokens.clients) },
};

static const struct field quota_fields[] = {
    { .is = { .name = "kind", .type = OPTION_STRING, .help = "quota" },
      .offset = offsetof(struct budget_draft, kind),
      .required = true },
    { .is = { .name = "capacity",
              .type = OPTION_INT,
              .preset = "500",
              .min = 1,
              .max = 1e6,
              .unit = "units",
              .help = "What the purse of one client holds." },
      .offset = offsetof(struct budget_draft, models.quota.capacity) },
    { .is = { .name = "cost",
              .type = OPTION_INT,
              .preset = "5",
              .min = 1,
              .max = 1e6,
              .unit = "units",
              .help =
                  "What a retry takes, and gives back when it succeeds. At most the capacity." },
      .offset = offsetof(struct budget_draft, models.quota.cost) },
    { .is = { .name = "refund",
              .type = OPTION_INT,
              .preset = "1",
              .min = 0,
              .max = 1e6,
              .unit = "units",
              .help = "What a call that succeeds at once gives. At most the capacity." },
      .offset = offsetof(struct budget_draft, models.quota.refund) },
    { .is = { .name = "clients",
              .type = OPTION_INT,
              .preset = "1",
              .min = 1,
              .max = 100000,
              .unit = "clients",
              .help = "Clients with a purse each that are seen as one caller." },
      .offset = offsetof(struct budget_draft, models.quota.clients) },
};

enum { ABSOLUTE, RATIO, CONCURRENCY, TOKENS, QUOTA };

const struct field_table budget_tables[BUDGET_TABLES] = {
    [ABSOLUTE] = { "a budget of kind absolute", absolute_fields, ARRAY_LEN(absolute_fields), true },
    [RATIO] = { "a budget of kind ratio", ratio_fields, ARRAY_LEN(ratio_fields), true },
    [CONCURRENCY] = { "a budget of kind concurrency", concurrency_fields,
                      ARRAY_LEN(concurrency_fields), true },
    [TOKENS] = { "a budget of kind failure_tokens", tokens_fields, ARRAY_LEN(tokens_fields), true },
    [QUOTA] = { "a budget of kind quota", quota_fields, ARRAY_LEN(quota_fields), true },
};

static const struct option_row kind_row = {
    .name = "kind",
    .type = OPTION_ENUM,
    .choices = "absolute ratio concurrency failure_tokens quota",
};

static struct budget_draft draft_new(void)
{
    return (struct budget_draft){
        .service = { .max_retry_rate_percent = NAN },
        .models = { .reserve_per_s = NAN,
                    .concurrency = { .share_percent = 20, .min_retries = 3, .attempt_ms = 0 },
                    .tokens = { .clients = 1 },
                    .quota = { .capacity = 500, .cost = 5, .refund = 1, .clients = 1 } },
    };
}

/* The index of its table; BUDGET_TABLES when the kind is missing or none: reported. */
static int kind_of(struct section *s, const struct node *item)
{
    static const char *const kinds[BUDGET_TABLES] = { "absolute", "ratio", "concurrency",
                                                      "failure_tokens", "quota" };
    const struct node *at = item->kind == NODE_MAP ? item->first : NULL;
    struct option_value value;
    struct diag diag = { 0 };

    while (at && !str_equals(at->key->text, STR("kind")))
        at = at->next;
    if (!at || at->kind != NODE_TEXT) {
        report_error(s->report, at ? at : item,
                     "a budgets item must be a map with a kind: absolute, ratio, concurrency, "
                     "failure_tokens or quota");
        return BUDGET_TABLES;
    }
    if (!option_value_parse(&kind_row, at->text, &value, &diag)) {
        report_error(s->report, at, "kind: %s", diag_text(&diag));
        return BUDGET_TABLES;
    }
    for (int i = 0; i < BUDGET_TABLES; i++)
        if (str_equals(value.text, str_of(kinds[i])))
            return i;
    return BUDGET_TABLES; /* not reached: the kinds are the row's choices */
}

static void take_limit(struct section *s, const struct node *at, const char *name, int64_t given,
                       int64_t *target)
{
    if (!given)
        return;
    if (*target)
        report_error(s->report, at, "%s is also given beside budgets; write it once", name);
    *target = given;
}

static void take_absolute(struct section *s, const struct node *at,
                          const struct config_service *given, struct config_service *service)
{
    if (!given->max_retries_per_minute && !given->max_retries_per_hour)
        report_error(s->report, at,
                     "a budget of kind absolute needs max_retries_per_minute or "
                     "max_retries_per_hour");
    take_limit(s, at, "max_retries_per_minute", given->max_retries_per_minute,
               &service->max_retries_per_minute);
    take_limit(s, at, "max_retries_per_hour", given->max_retries_per_hour,
               &service->max_retries_per_hour);
}

static void take_ratio(struct section *s, const struct node *at, const struct budget_draft *draft,
                       struct config_service *service)
{
    if (!isnan(service->max_retry_rate_percent))
        report_error(s->report, at,
                     "max_retry_rate_percent is also given beside budgets; write it once");
    service->max_retry_rate_percent = draft->service.max_retry_rate_percent;
    service->budgets.reserve_given = !isnan(draft->models.reserve_per_s);
    service->budgets.reserve_per_s = draft->models.reserve_per_s;
}

static void take_quota(struct section *s, const struct node *at, const struct config_quota *quota,
                       struct config_service *service)
{
    if (quota->cost > quota->capacity || quota->refund > quota->capacity)
        report_error(s->report, at, "cost (%lld) and refund (%lld) must not exceed capacity (%lld)",
                     (long long)quota->cost, (long long)quota->refund, (long long)quota->capacity);
    service->budgets.quota = *quota;
    service->budgets.quota.given = true;
}

static void take(struct section *s, const struct node *at, int kind,
                 const struct budget_draft *draft, struct config_service *service)
{
    switch (kind) {
    case ABSOLUTE:
        take_absolute(s, at, &draft->service, service);
        break;
    case RATIO:
        take_ratio(s, at, draft, service);
        break;
    case CONCURRENCY:
        service->budgets.concurrency = draft->models.concurrency;
        service->budgets.concurrency.given = true;
        break;
    case TOKENS:
        service->budgets.tokens = draft->models.tokens;
        service->budgets.tokens.given = true;
        break;
    default:
        take_quota(s, at, &draft->models.quota, service);
        break;
    }
}

void section_read_budgets(struct section *s, const struct node *list,
                          struct config_service *service)
{
    bool seen[BUDGET_TABLES] = { false };

    for (const struct node *item = list->first; item; item = item->next) {
        struct budget_draft draft = draft_new();
        int kind = kind_of(s, item);

        if (kind == BUDGET_TABLES || !bind_map(s->report, &budget_tables[kind], item, &draft))
            continue;
        if (seen[kind]) {
            report_error(s->report, item, "%s is given twice", budget_tables[kind].what);
            continue;
        }
        seen[kind] = true;
        take(s, item, kind, &draft, service);
    }
}
