#include "promql/source.h"

static enum err select_from_tsdb(void *ctx, const struct matcher *matchers, size_t matcher_count,
                                 int64_t start_ms, int64_t end_ms, size_t max_samples,
                                 tsdb_visit *visit, void *visit_ctx)
{
    return tsdb_select(ctx, matchers, matcher_count, start_ms, end_ms, max_samples, visit,
                       visit_ctx);
}

struct promql_source promql_source_of(struct tsdb *db)
{
    return (struct promql_source){ select_from_tsdb, db };
}

/* Regular expressions live as long as the call that uses them. */
struct compiled {
    struct matcher matchers[PROMQL_MATCHERS_MAX];
    size_t count;
};

static enum err compile(const struct promql_node *selector, struct compiled *c, struct diag *diag)
{
    enum err err = ERR_OK;

    for (; c->count < selector->selector.matcher_count && !err; c->count++) {
        struct matcher *m = &c->matchers[c->count];
        struct regex *regex = NULL;

        *m = selector->selector.matchers[c->count];
        if (m->kind == MATCH_REGEX || m->kind == MATCH_NOT_REGEX)
            err = regex_new(m->value, &regex, diag);
        m->regex = regex;
    }
    return err;
}

enum err promql_source_select(const struct promql_source *source,
                              const struct promql_wanted *wanted, tsdb_visit *visit, void *ctx,
                              struct diag *diag)
{
    struct compiled c = { .count = 0 };
    enum err err = wanted->selector ? compile(wanted->selector, &c, diag) : ERR_OK;

    if (!err)
        err = source->select(source->ctx, c.matchers, c.count, wanted->start_ms, wanted->end_ms,
                             wanted->max_samples, visit, ctx);
    for (size_t i = 0; i < c.count; i++)
        regex_free((struct regex *)(uintptr_t)c.matchers[i].regex);
    return err;
}
