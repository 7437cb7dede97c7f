#include "daemon/replay.h"

#include "base/mem.h"
#include "ingest/mapping_table.h"
#include "resilience/window.h"

static void on_batch(void *ctx, const struct sample_batch *batch)
{
    mapping_apply(ctx, batch);
}

static bool has_name(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equals(names[i], name))
            return true;
    return false;
}

enum err replay_windows(struct tsdb *db, struct mapping *mapping, int64_t now_ms)
{
    size_t row_count, count = 0;
    const struct mapping_row *rows = mapping_rows(&row_count);
    struct str *names = mem_alloc_zero(row_count, sizeof *names);
    enum err err;

    if (!names)
        return ERR_NOMEM;
    for (size_t i = 0; i < row_count; i++)
        if (!has_name(names, count, str_of(rows[i].metric)))
            names[count++] = str_of(rows[i].metric);
    err = tsdb_replay(db, names, count, now_ms - WINDOW_LENGTH_MAX_S * INT64_C(1000), now_ms,
                      on_batch, mapping);
    mem_free(names);
    return err;
}
