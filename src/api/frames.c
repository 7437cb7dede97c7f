#include "api/frames.h"

#include "api/map_json.h"
#include "api/row_figures.h"
#include "api/view_json.h"
#include "base/hash.h"
#include "base/mem.h"

enum {
    FRAMES_ARENA_MAX_BYTES = 8 << 20,
    FRAMES_TOPICS_MAX = 4096,
    HISTORY_EVERY_MS = 1000,
    MAP_EVERY_MS = 1000,
    MAP_RESYNC_EVERY_MS = 10000, /* of a map that is larger than a frame */
    FRAME_ROWS_MAX_BYTES = SSE_FRAME_MAX_BYTES / 2,
    SPARK_NEVER_SENT = -2, /* -1 is a spark without a step */
};

/* What was sent last of one service. */
struct sent_row {
    struct str name; /* behind the struct */
    uint64_t state_hash, figures_hash;
    uint64_t news;
    int64_t spark_end_ms;
    uint64_t seen_seq;
};

/* An array that a frame gathers beside the others. */
struct part {
    struct buf text;
    struct json json;
};

struct frames {
    struct api *api;
    struct map rows;
    uint64_t order_hash;
    size_t next_row;  /* where the next figures begin */
    size_t rows_left; /* of the round of figures that is on its way */
    struct buf row, frame;
    struct part whole, figures, steps; /* of the overview's frame: rows, or what moved of them */
    int64_t history_sent_ms;
    int64_t map_sent_ms;
};

struct frames *frames_new(struct api *api)
{
    struct frames *f = mem_alloc_zero(1, sizeof *f);

    if (!f)
        return NULL;
    f->api = api;
    f->rows = map_limited(1 << 20);
    f->row = buf_limited(API_BODY_MAX_BYTES);
    f->frame = buf_limited(SSE_FRAME_MAX_BYTES);
    f->whole.text = buf_limited(SSE_FRAME_MAX_BYTES);
    f->figures.text = buf_limited(SSE_FRAME_MAX_BYTES);
    f->steps.text = buf_limited(SSE_FRAME_MAX_BYTES);
    return f;
}

static void forget(struct frames *f)
{
    struct map_entry *entry;
    size_t cursor = 0;

    while ((entry = map_next(&f->rows, &cursor)))
        mem_free(entry->value);
    map_release(&f->rows);
    f->order_hash = 0;
    f->next_row = f->rows_left = 0;
}

void frames_free(struct frames *f)
{
    if (!f)
        return;
    forget(f);
    buf_release(&f->row);
    buf_release(&f->frame);
    buf_release(&f->whole.text);
    buf_release(&f->figures.text);
    buf_release(&f->steps.text);
    mem_free(f);
}

/* The memory of one row, made when new; NULL: no memory (the row is then sent each time). */
static struct sent_row *sent_row_of(struct frames *f, struct str name)
{
    struct sent_row *row = map_find(&f->rows, name);

    if (row)
        return row;
    row = mem_alloc(sizeof *row + name.len);
    if (!row)
        return NULL;
    *row = (struct sent_row){ .name = { (char *)(row + 1), name.len },
                              .spark_end_ms = SPARK_NEVER_SENT };
    memcpy(row + 1, name.ptr, name.len);
    if (map_put(&f->rows, row->name, row)) {
        mem_free(row);
        return NULL;
    }
    return row;
}

static void open_part(struct part *part)
{
    buf_clear(&part->text);
    part->json = json_to(&part->text);
    json_open_array(&part->json);
}

static void add_whole(struct frames *f, const struct service_view *s, bool with_sparks)
{
    struct json *j = &f->whole.json;

    json_open_object(j);
    view_json_row_members(j, s, with_sparks ? ROW_SPARKS : ROW_PLAIN);
    json_close_object(j);
}

static uint64_t render_figures(struct frames *f, const struct service_view *s)
{
    struct json j;

    buf_clear(&f->row);
    j = json_to(&f->row);
    row_figures(&j, s);
    return hash_str(buf_str(&f->row));
}

/* What people hear of at once: it changes when more than a figure does. */
static uint64_t news_of(const struct service_view *s)
{
    uint64_t parts[5 + BREAKER_STATE_COUNT + BREAKER_CONDITION_COUNT] = {
        s->health, s->severity, s->evidence, s->budget.risk, s->revision
    };

    for (int i = 0; i < BREAKER_STATE_COUNT; i++)
        parts[5 + i] = s->breakers.in_state[i];
    for (int i = 0; i < BREAKER_CONDITION_COUNT; i++)
        parts[5 + BREAKER_STATE_COUNT + i] = s->conditions[i].breakers;
    return hash_bytes(parts, sizeof parts);
}

/* The whole row when its state is another; else its figures when they moved, and the one step that
 * closed. */
static void add_row_if_changed(struct frames *f, const struct service_view *s, struct sent_row *row)
{
    const struct sent_row none = { .spark_end_ms = SPARK_NEVER_SENT }, was = row ? *row : none;
    uint64_t state_hash = row_state_hash(s, &f->row), figures_hash = render_figures(f, s);
    bool moved = s->calls.end_ms != was.spark_end_ms;
    bool one_step = was.spark_end_ms >= 0 &&
                    s->calls.end_ms == was.spark_end_ms + SPARK_STEP_S * 1000;

    if (buf_error(&f->row))
        f->frame.failed = buf_error(&f->row); /* no half frame */
    if (state_hash != was.state_hash || (moved && !one_step)) {
        add_whole(f, s, moved);
    } else {
        if (figures_hash != was.figures_hash)
            json_raw(&f->figures.json, buf_str(&f->row));
        if (one_step)
            row_steps(&f->steps.json, s);
    }
    if (row) {
        row->state_hash = state_hash;
        row->figures_hash = figures_hash;
        row->news = news_of(s);
        row->spark_end_ms = s->calls.end_ms;
    }
}

static void add_order_if_changed(struct frames *f, struct json *j, const struct monitor_view *view)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < view->service_count; i++)
        hash = hash * 31 + hash_str(view->services[i].name);
    if (f->order_hash == hash)
        return;
    f->order_hash = hash;
    json_key(j, "order");
    json_open_array(j);
    for (size_t i = 0; i < view->service_count; i++)
        json_string(j, view->services[i].name);
    json_close_array(j);
}

static bool has_room(const struct frames *f)
{
    return f->whole.text.len + f->figures.text.len + f->steps.text.len < FRAME_ROWS_MAX_BYTES;
}

/* Rows with news, as many as the frame may hold; the others keep theirs for the next one. */
static void add_news(struct frames *f, const struct monitor_view *view)
{
    for (size_t i = 0; i < view->service_count; i++) {
        struct sent_row *row = sent_row_of(f, view->services[i].name);

        if (row)
            row->seen_seq = view->seq;
        if (has_room(f) && (!row || row->news != news_of(&view->services[i])))
            add_row_if_changed(f, &view->services[i], row);
    }
}

/* A round of figures, as much of it as the frame may hold; the next one goes on behind it. */
static void add_figures(struct frames *f, const struct monitor_view *view)
{
    size_t count = view->service_count;

    if (f->rows_left > count)
        f->rows_left = count;
    for (; f->rows_left && has_room(f); f->rows_left--) {
        const struct service_view *s = &view->services[f->next_row % count];

        add_row_if_changed(f, s, map_find(&f->rows, s->name));
        f->next_row = (f->next_row + 1) % count;
    }
}

/* {"columns": […], "rows": […]} */
static void add_table(struct frames *f, struct json *j, const char *key,
                      void (*columns)(struct json *), const struct part *part)
{
    if (buf_error(&part->text))
        f->frame.failed = buf_error(&part->text);
    if (part->text.len == strlen("[]"))
        return;
    json_key(j, key);
    json_open_object(j);
    json_key(j, "columns");
    columns(j);
    json_key(j, "rows");
    json_raw(j, buf_str(&part->text));
    json_close_object(j);
}

static void add_changed_rows(struct frames *f, struct json *j, const struct monitor_view *view,
                             bool with_figures)
{
    open_part(&f->whole);
    open_part(&f->figures);
    open_part(&f->steps);
    if (with_figures && !f->rows_left)
        f->rows_left = view->service_count;
    add_news(f, view);
    add_figures(f, view);
    json_close_array(&f->whole.json);
    json_close_array(&f->figures.json);
    json_close_array(&f->steps.json);
    json_key(j, "services");
    json_raw(j, buf_str(&f->whole.text));
    if (buf_error(&f->whole.text))
        f->frame.failed = buf_error(&f->whole.text);
    add_table(f, j, "figures", row_figures_columns, &f->figures);
    add_table(f, j, "steps", row_steps_columns, &f->steps);
}

static void drop_unseen_rows(struct frames *f, uint64_t seq, size_t service_count)
{
    struct map_entry *entry;
    size_t cursor = 0;

    if (f->rows.count <= service_count)
        return;
    while ((entry = map_next(&f->rows, &cursor))) {
        struct sent_row *row = entry->value;

        if (row->seen_seq == seq)
            continue;
        map_remove(&f->rows, row->name);
        mem_free(row);
        cursor = 0; /* removal moves entries: begin again */
    }
}

static void send_overview(struct frames *f, const struct monitor_view *view, bool with_figures)
{
    struct json j;

    if (!sse_topic_clients(f->api->hub, f->api->overview_topic)) {
        forget(f);
        return;
    }
    buf_clear(&f->frame);
    j = json_to(&f->frame);
    view_json_head_of(&j, VIEW_OVERVIEW, view,
                      &(struct view_origin){ f->api->epoch, f->api->notices });
    view_json_sentence(&j, &view->sentence);
    view_json_totals(&j, &view->totals);
    add_order_if_changed(f, &j, view);
    add_changed_rows(f, &j, view, with_figures);
    json_close_object(&j);
    drop_unseen_rows(f, view->seq, view->service_count);
    if (buf_error(&f->frame) ||
        sse_publish(f->api->hub, f->api->overview_topic, "update", view->seq, buf_str(&f->frame)))
        forget(f); /* the next frame brings everything */
    else
        atomic_fetch_add(&f->api->own.frames, 1);
}

/* Topics with clients, gathered first: the hub is not called back while it walks. */
struct active {
    uint32_t topic;
    struct str service; /* in the arena */
};

struct gathering {
    struct arena arena;
    struct vec active;
    uint32_t map_topic; /* 0: nobody looks at the map */
};

static void gather(void *ctx, uint32_t topic, struct str name)
{
    struct gathering *g = ctx;
    struct active *active;
    struct str service;

    if (str_equals(name, STR(VIEW_MAP)))
        g->map_topic = topic;
    if (!view_json_names_service(&g->arena, name, &service))
        return;
    active = vec_push(&g->active);
    if (active)
        *active = (struct active){ topic, service };
}

static void send_service(struct frames *f, struct arena *arena, const struct active *to,
                         const struct monitor *monitor, const struct monitor_view *view)
{
    bool with_history = view->now_ms - f->history_sent_ms >= HISTORY_EVERY_MS;
    const struct service_view *s = view_find_service(view, to->service);
    const struct history_ask ask = { .period_s = API_PERIOD_DEFAULT_S,
                                     .end_ms = view->now_ms,
                                     .now_ms = view->now_ms };
    struct service_history history;

    if (!s)
        return;
    if (with_history)
        with_history = monitor_history(monitor, to->service, &ask, &history);
    buf_clear(&f->frame);
    view_json_service(&f->frame, arena, view, s, with_history ? &history : NULL,
                      &(struct view_origin){ f->api->epoch, f->api->notices });
    if (!buf_error(&f->frame) &&
        !sse_publish(f->api->hub, to->topic, "update", view->seq, buf_str(&f->frame)))
        atomic_fetch_add(&f->api->own.frames, 1);
}

/* The whole map once a second, its head alone in between. One that is larger than a frame is left
 * to the client to fetch. */
static void send_map(struct frames *f, uint32_t topic, const struct monitor_view *view)
{
    const struct view_origin origin = { f->api->epoch, f->api->notices };
    const char *event = "update";

    buf_clear(&f->frame);
    if (view->now_ms - f->map_sent_ms >= MAP_EVERY_MS) {
        f->map_sent_ms = view->now_ms;
        map_json(&f->frame, view, &origin);
    } else {
        map_json_head(&f->frame, view, &origin);
    }
    if (buf_error(&f->frame)) {
        event = "resync";
        f->map_sent_ms = view->now_ms + MAP_RESYNC_EVERY_MS - MAP_EVERY_MS;
        buf_clear(&f->frame);
        map_json_head(&f->frame, view, &origin);
    }
    if (!buf_error(&f->frame) &&
        !sse_publish(f->api->hub, topic, event, view->seq, buf_str(&f->frame)))
        atomic_fetch_add(&f->api->own.frames, 1);
}

void frames_send(struct frames *f, const struct monitor *monitor, const struct monitor_view *view,
                 bool with_figures)
{
    struct gathering g = {
        .arena = arena_limited(FRAMES_ARENA_MAX_BYTES),
        .active = vec_of(sizeof(struct active), FRAMES_TOPICS_MAX),
    };

    send_overview(f, view, with_figures);
    sse_for_each_active_topic(f->api->hub, gather, &g);
    for (size_t i = 0; i < g.active.count; i++)
        send_service(f, &g.arena, vec_at(&g.active, i), monitor, view);
    if (g.map_topic)
        send_map(f, g.map_topic, view);
    if (view->now_ms - f->history_sent_ms >= HISTORY_EVERY_MS)
        f->history_sent_ms = view->now_ms;
    vec_release(&g.active);
    arena_release(&g.arena);
}
