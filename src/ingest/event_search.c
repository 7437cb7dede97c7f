#include "ingest/event_search.h"

#include "base/vec.h"

enum { ARENA_BYTES = 16 << 20, ROW_EVENTS_MAX = 1 << 20 };

static bool is_wanted(const struct event_filter *f, const struct event *e)
{
    if (e->at_ms < f->since_ms || e->at_ms > f->until_ms)
        return false;
    for (int i = 0; i < EVENT_KEY_COUNT; i++)
        if (f->wanted[i].len && !str_equals(event_key_text((enum event_key)i, e), f->wanted[i]))
            return false;
    return true;
}

static struct tsdb_events_range range_of(const struct event_filter *f)
{
    return (struct tsdb_events_range){ .before_seq = f->before_seq,
                                       .since_ms = f->since_ms,
                                       .until_ms = f->until_ms };
}

/* --- the events of one row --- */

struct row_reader {
    const struct tsdb_events *row;
    struct event_reader reader;
    struct arena *arena;
    int64_t next_seq;
};

static struct row_reader read_row(const struct tsdb_events *row, struct str text,
                                  struct arena *arena)
{
    struct row_reader r = { .row = row, .arena = arena, .next_seq = row->first_seq };

    event_reader_init(&r.reader, text, &(struct event_options){ .now_ms = row->received_ms },
                      arena);
    return r;
}

/* What was taken once is taken again, but for memory: then the event is left out. */
static bool next_event(struct row_reader *r, struct event *e, int64_t *ret_seq)
{
    struct event_fault fault;
    enum event_found found;

    do {
        arena_reset(r->arena);
        found = event_reader_next(&r->reader, e, &fault);
        *ret_seq = r->next_seq++;
    } while (found == EVENT_REJECTED);
    return found == EVENT_FOUND;
}

/* --- walking --- */

struct walk {
    const struct event_filter *filter;
    event_on_hit *visit;
    void *ctx;
    struct arena arena;
    enum err failed;
};

static enum err ask_to_go_on(const struct event_filter *f)
{
    return f->go_on ? f->go_on(f->go_on_ctx) : ERR_OK;
}

static bool walk_row(void *ctx, const struct tsdb_events *row)
{
    struct walk *w = ctx;
    struct row_reader r = read_row(row, row->text, &w->arena);
    struct event event;
    int64_t seq;

    w->failed = ask_to_go_on(w->filter);
    while (!w->failed && next_event(&r, &event, &seq)) {
        struct event_hit hit = { seq, row->received_ms, &event };

        if (seq < w->filter->before_seq && is_wanted(w->filter, &event) && !w->visit(w->ctx, &hit))
            return false;
    }
    return !w->failed;
}

enum err event_walk(struct tsdb *db, const struct event_filter *filter, event_on_hit *visit,
                    void *ctx)
{
    struct tsdb_events_range range = range_of(filter);
    struct walk w = {
        .filter = filter, .visit = visit, .ctx = ctx, .arena = arena_limited(ARENA_BYTES)
    };
    enum err err = tsdb_read_events(db, &range, walk_row, &w);

    arena_release(&w.arena);
    return err ? err : w.failed;
}

/* --- searching --- */

/* An event that is wanted, by its place in its row. */
struct place {
    int64_t seq;
    struct str text;
};

struct search {
    const struct event_filter *filter;
    size_t limit;
    uint64_t scan_left;
    event_on_hit *visit;
    void *ctx;
    struct arena arena;
    struct vec places;
    int64_t next; /* what was looked at reaches down to it */
    bool stopped;
    enum err failed;
};

static bool find_places(struct search *s, const struct tsdb_events *row)
{
    struct row_reader r = read_row(row, row->text, &s->arena);
    struct event event;
    int64_t seq;

    vec_clear(&s->places);
    while (next_event(&r, &event, &seq)) {
        struct place *place;

        if (seq >= s->filter->before_seq || !is_wanted(s->filter, &event))
            continue;
        place = vec_push(&s->places);
        if (!place) {
            s->failed = vec_error(&s->places);
            return false;
        }
        *place = (struct place){ seq, event.text };
    }
    return true;
}

static bool visit_place(struct search *s, const struct tsdb_events *row, const struct place *place)
{
    struct row_reader r = read_row(row, place->text, &s->arena);
    struct event event;
    int64_t unused;

    s->next = place->seq;
    if (!next_event(&r, &event, &unused))
        return true;
    s->limit--;
    return s->visit(s->ctx, &(struct event_hit){ place->seq, row->received_ms, &event }) &&
           s->limit > 0;
}

static bool search_row(void *ctx, const struct tsdb_events *row)
{
    struct search *s = ctx;

    s->failed = ask_to_go_on(s->filter);
    if (s->failed || row->count > s->scan_left || !find_places(s, row)) {
        s->stopped = true;
        return false;
    }
    s->scan_left -= row->count;
    for (size_t i = s->places.count; i > 0; i--)
        if (!visit_place(s, row, vec_at(&s->places, i - 1))) {
            s->stopped = true;
            return false;
        }
    s->next = row->first_seq;
    return true;
}

enum err event_search(struct tsdb *db, const struct event_filter *filter,
                      const struct event_page *page, event_on_hit *visit, void *ctx,
                      int64_t *ret_next)
{
    struct tsdb_events_range range = range_of(filter);
    struct search s = { .filter = filter,
                        .limit = page->limit,
                        .scan_left = page->scan_max,
                        .visit = visit,
                        .ctx = ctx,
                        .arena = arena_limited(ARENA_BYTES),
                        .places = vec_of(sizeof(struct place), ROW_EVENTS_MAX),
                        .next = filter->before_seq };
    enum err err = tsdb_read_events(db, &range, search_row, &s);

    arena_release(&s.arena);
    vec_release(&s.places);
    if (!err && s.failed)
        err = s.failed;
    if (!err)
        *ret_next = s.stopped && s.next > 1 ? s.next : 0;
    return err;
}
