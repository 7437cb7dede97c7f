#include "api/promql_select.h"

enum err promql_select(struct tsdb *db, const struct promql_node *selector, int64_t start_ms,
                       int64_t end_ms, tsdb_visit *visit, void *ctx, struct diag *diag)
{
    struct matcher matchers[PROMQL_MATCHERS_MAX] = { 0 };
    size_t count = selector ? selector->selector.matcher_count : 0, compiled = 0;
    enum err err = ERR_OK;

    for (; compiled < count && !err; compiled++) {
        struct regex *regex = NULL;

        matchers[compiled] = selector->selector.matchers[compiled];
        if (matchers[compiled].kind == MATCH_REGEX || matchers[compiled].kind == MATCH_NOT_REGEX)
            err = regex_new(matchers[compiled].value, &regex, diag);
        matchers[compiled].regex = regex;
    }
    if (!err)
        err = tsdb_select(db, matchers, count, start_ms, end_ms, SIZE_MAX, visit, ctx);
    for (size_t i = 0; i < compiled; i++)
        regex_free((struct regex *)(uintptr_t)matchers[i].regex);
    return err;
}
