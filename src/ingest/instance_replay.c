#include "ingest/instance_replay.h"

#include "ingest/event_signals.h"
#include "ingest/event_tally.h"

struct replay {
    struct tsdb *db;
    const struct signal_sink *sink;
};

/* False: it is another metric. */
static bool find_word(struct str metric, double value, enum instance_word *ret)
{
    if (str_equals(metric, STR(EVENT_SERIES_HEALTH)))
        *ret = value >= 1 ? INSTANCE_HEALTHY : value > 0 ? INSTANCE_DEGRADED : INSTANCE_UNHEALTHY;
    else if (str_equals(metric, STR(EVENT_SERIES_INSTANCE_UP)))
        *ret = value > 0 ? INSTANCE_LIVES : INSTANCE_FAILED;
    else if (str_equals(metric, STR(EVENT_SERIES_HEARTBEAT)))
        *ret = INSTANCE_LIVES;
    else
        return false;
    return true;
}

static void on_batch(void *ctx, const struct sample_batch *batch)
{
    const struct replay *r = ctx;
    struct label space[LABELS_MAX];

    for (size_t i = 0; i < batch->count; i++) {
        const struct series_sample *sample = &batch->items[i];
        struct labels labels = tsdb_labels(r->db, sample->series, space);
        struct instance_told told = { .service = labels_value(labels, STR("service")),
                                      .instance = labels_value(labels, STR("instance")),
                                      .text = STR(""),
                                      .source = EVENT_SOURCE,
                                      .at_ms = sample->ts_ms };

        if (str_equals(labels_value(labels, STR("job")), STR("events")) && told.service.len &&
            find_word(labels_value(labels, LABEL_METRIC_NAME), sample->value, &told.word))
            r->sink->on_instance(r->sink->ctx, &told);
    }
}

enum err instance_replay(struct tsdb *db, const struct signal_sink *sink, int64_t start_ms,
                         int64_t end_ms)
{
    static const struct str names[] = {
        { EVENT_SERIES_HEALTH, sizeof EVENT_SERIES_HEALTH - 1 },
        { EVENT_SERIES_INSTANCE_UP, sizeof EVENT_SERIES_INSTANCE_UP - 1 },
        { EVENT_SERIES_HEARTBEAT, sizeof EVENT_SERIES_HEARTBEAT - 1 }
    };
    struct replay r = { db, sink };

    return tsdb_replay(db, names, ARRAY_LEN(names), start_ms, end_ms, on_batch, &r);
}
