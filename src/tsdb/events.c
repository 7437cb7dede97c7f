/* Reading the events of an open store: a slice under the lock, then the visitor without it. */
#include <stdio.h>

#include "tsdb/internal.h"

struct reading {
    struct tsdb *db;
    struct event_slice slice;
    struct event_unpacker unpacker;
    tsdb_on_events *on_events;
    void *ctx;
    bool stopped;
};

static void note_row(struct reading *r, int64_t seq, const struct diag *why)
{
    char words[200];

    snprintf(words, sizeof words, "table event, row %lld: %.120s", (long long)seq, diag_text(why));
    tsdb_note_damage(r->db, r->db->log.path, (uint64_t)seq, words);
}

static enum err visit_row(struct reading *r, const struct event_slice_row *row)
{
    struct tsdb_events events = row->columns;
    struct diag why = { 0 };
    enum err err;

    if (!row->body_len)
        return ERR_OK;
    err = event_row_unpack(&r->unpacker, event_slice_body(&r->slice, row), &events, &why);
    if (err == ERR_CORRUPT) {
        note_row(r, events.first_seq, &why);
        return ERR_OK;
    }
    r->stopped = err || !r->on_events(r->ctx, &events);
    return err;
}

static enum err visit_slice(struct reading *r, int64_t *before_seq)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < r->slice.rows.count && !err && !r->stopped; i++) {
        const struct event_slice_row *row = vec_at(&r->slice.rows, i);

        err = visit_row(r, row);
        *before_seq = row->columns.first_seq;
    }
    return err;
}

enum err tsdb_read_events(struct tsdb *db, const struct tsdb_events_range *range,
                          tsdb_on_events *on_events, void *ctx)
{
    struct reading r = { .db = db, .slice = event_slice_new(), .on_events = on_events, .ctx = ctx };
    int64_t before_seq = range->before_seq;
    enum err err = event_unpacker_init(&r.unpacker);

    while (!err && !r.stopped) {
        struct diag why = { 0 };

        err = event_slice_read(&r.slice, &db->events, before_seq, range, &why);
        if (err == ERR_CORRUPT)
            note_row(&r, before_seq, &why);
        if (!err && !r.slice.rows.count)
            break;
        if (!err)
            err = visit_slice(&r, &before_seq);
    }
    event_unpacker_release(&r.unpacker);
    event_slice_release(&r.slice);
    return err;
}
