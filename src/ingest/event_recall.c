#include "ingest/event_recall.h"

#include "base/vec.h"
#include "wire/event.h"

enum { ARENA_BYTES = 16 << 20 };

struct recalled {
    struct hash_128 hash;
    int64_t at_ms;
};

struct recall {
    int64_t oldest_ms;
    struct vec items; /* struct recalled: newest first by rows, within a row as told */
    struct arena arena;
    enum err failed;
};

static bool take_id(struct recall *r, const struct event *e, int64_t received_ms)
{
    struct str id = event_text(e, EVENT_ID);
    struct recalled *item;

    if (!id.len)
        return true;
    item = vec_push(&r->items);
    if (!item) {
        r->failed = vec_error(&r->items) == ERR_LIMIT ? ERR_OK : ERR_NOMEM;
        return false;
    }
    *item = (struct recalled){ event_id_hash(event_text(e, EVENT_SERVICE), id), received_ms };
    return true;
}

static bool on_row(void *ctx, const struct tsdb_events *row)
{
    struct recall *r = ctx;
    struct event_options options = { .now_ms = row->received_ms };
    struct event_reader reader;
    struct event_fault fault;
    struct event event;
    enum event_found found;

    if (row->received_ms < r->oldest_ms)
        return false;
    event_reader_init(&reader, row->text, &options, &r->arena);
    while ((found = event_reader_next(&reader, &event, &fault)) != EVENT_END) {
        if (found == EVENT_FOUND && !take_id(r, &event, row->received_ms))
            return false;
        arena_reset(&r->arena);
    }
    return true;
}

/* The oldest first, for the newest ones drive out the oldest. */
static enum err add_all(const struct recall *r, struct event_ids *ids)
{
    bool is_new;
    enum err err = r->failed;

    for (size_t i = r->items.count; i > 0 && !err; i--) {
        const struct recalled *item = vec_at(&r->items, i - 1);

        err = event_ids_add(ids, item->hash, item->at_ms, &is_new);
    }
    return err;
}

enum err event_recall(struct event_ids *ids, struct tsdb *db, int64_t now_ms)
{
    static const struct tsdb_events_range range = {
        .before_seq = INT64_MAX, .since_ms = INT64_MIN, .until_ms = INT64_MAX, .identified = true
    };
    struct recall r = { .oldest_ms = now_ms - EVENT_IDS_MS,
                        .items = vec_of(sizeof(struct recalled), EVENT_IDS_MAX),
                        .arena = arena_limited(ARENA_BYTES) };
    enum err err = tsdb_read_events(db, &range, on_row, &r);

    if (!err || err == ERR_CORRUPT) /* it is told where; what could be read is known */
        err = add_all(&r, ids);
    vec_release(&r.items);
    arena_release(&r.arena);
    return err;
}
