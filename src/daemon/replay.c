#include "daemon/replay.h"

#include "ingest/event_replay.h"
#include "ingest/instance_replay.h"
#include "resilience/window.h"

static void on_batch(void *ctx, const struct sample_batch *batch)
{
    mapping_apply(ctx, batch);
}

enum err replay_windows(struct tsdb *db, struct mapping *mapping, int64_t now_ms)
{
    size_t count;
    const struct str *names = mapping_metrics(mapping, &count);

    return tsdb_replay(db, names, count, now_ms - WINDOW_LENGTH_MAX_S * INT64_C(1000), now_ms,
                       on_batch, mapping);
}

enum err replay_events(struct tsdb *db, const struct signal_sink *sink, int64_t now_ms)
{
    int64_t start_ms = now_ms - WINDOW_LENGTH_MAX_S * INT64_C(1000);
    enum err err = event_replay(db, sink, start_ms, now_ms);

    return err ? err : instance_replay(db, sink, start_ms, now_ms);
}
