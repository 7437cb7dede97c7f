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
