#include <math.h>

#include "base/buf.h"
#include "monitor/map_view.h"

enum { SENTENCE_MAX_BYTES = 4096, NAME_SHOWN_BYTES = 64, PATH_SHOWN = 6 };

static void append_name(struct buf *out, struct str name)
{
    size_t len = name.len < NAME_SHOWN_BYTES ? name.len : NAME_SHOWN_BYTES;

    while (len < name.len && len > 0 && ((unsigned char)name.ptr[len] & 0xc0) == 0x80)
        len--; /* not within a character */
    buf_append_str(out, (struct str){ name.ptr, len });
}

static const char *finish(struct arena *arena, struct buf *text)
{
    const char *copy = buf_error(text) ? NULL : arena_copy(arena, buf_str(text));

    buf_release(text);
    return copy ? copy : "";
}

static uint32_t entry_of(const struct graph *g, uint32_t node)
{
    while (g->nodes[node].worst_edge != GRAPH_NONE)
        node = g->edges[g->nodes[node].worst_edge].caller;
    return node;
}

/* "one call at checkout becomes 2.40 attempts at payments-db" */
static void append_becomes(struct buf *out, const struct map_view *map, uint32_t node)
{
    const struct graph_node *n = &map->graph.nodes[node];

    buf_append_cstr(out, "one call at ");
    append_name(out, map->nodes[entry_of(&map->graph, node)].name);
    buf_printf(out, " becomes %s%s%.2f attempts at ", n->at_least ? "at least " : "",
               n->modelled ? "≈ " : "", n->worst);
    append_name(out, map->nodes[node].name);
}

static void append_path(struct buf *out, const struct map_view *map, uint32_t node)
{
    uint32_t path[PATH_SHOWN], count = graph_worst_path(&map->graph, node, path, PATH_SHOWN);

    buf_append_cstr(out, "Retries multiply along ");
    if (map->graph.nodes[path[0]].worst_edge != GRAPH_NONE)
        buf_append_cstr(out, "… → ");
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            buf_append_cstr(out, " → ");
        append_name(out, map->nodes[path[i]].name);
    }
}

/* The names that the sentence may link to: those of the path that are services. */
static void set_links(struct arena *arena, const struct map_view *map, uint32_t node,
                      struct sentence *sentence)
{
    uint32_t path[PATH_SHOWN], count = graph_worst_path(&map->graph, node, path, PATH_SHOWN);
    struct str *links = arena_alloc(arena, PATH_SHOWN * sizeof *links);

    if (!links)
        return;
    for (uint32_t i = count; i-- > 0;)
        if (map->nodes[path[i]].service)
            links[sentence->link_count++] = map->nodes[path[i]].name;
    sentence->links = links;
}

static void append_storm_facts(struct buf *out, const struct map_view *map,
                               const struct map_storm *storm)
{
    const struct graph_edge *by = &map->graph.edges[storm->retried_by];
    double retries_per_s = map->edges[storm->retried_by].figures.retries_per_s;

    append_path(out, map, storm->source);
    buf_append_cstr(out, " · source of the storm: ");
    append_name(out, map->nodes[storm->source].name);
    buf_append_cstr(out, ", retried by ");
    append_name(out, map->nodes[by->caller].name);
    if (!isnan(retries_per_s))
        buf_printf(out, " (%.*f retries/s)", retries_per_s < 10 ? 1 : 0, retries_per_s);
    if (storm->member_count > 1)
        buf_printf(out, " · %u services in it", storm->member_count);
    if (map->storm_count > 1)
        buf_printf(out, " · %u storms in all", map->storm_count);
}

static struct sentence say_storm(struct monitor_view *view)
{
    const struct map_view *map = view->map;
    const struct map_storm *storm = &map->storms[0];
    const struct service_view *service = map->nodes[storm->source].service;
    struct buf text = buf_limited(SENTENCE_MAX_BYTES), detail = buf_limited(SENTENCE_MAX_BYTES);
    struct sentence sentence = { .severity = SEVERITY_CRITICAL, .since_ms = service->since_ms };

    buf_append_cstr(&text, "Retry storm: ");
    append_becomes(&text, map, storm->source);
    append_storm_facts(&detail, map, storm);
    sentence.text = finish(&view->arena, &text);
    sentence.detail = finish(&view->arena, &detail);
    set_links(&view->arena, map, storm->source, &sentence);
    return sentence;
}

static struct sentence say_worst(struct monitor_view *view)
{
    const struct map_view *map = view->map;
    struct buf text = buf_limited(SENTENCE_MAX_BYTES), detail = buf_limited(SENTENCE_MAX_BYTES);
    struct sentence sentence = { .severity = SEVERITY_INFO, .since_ms = -1 };

    append_becomes(&text, map, map->worst);
    if (text.len)
        text.data[0] = 'O';
    append_path(&detail, map, map->worst);
    sentence.text = finish(&view->arena, &text);
    sentence.detail = finish(&view->arena, &detail);
    set_links(&view->arena, map, map->worst, &sentence);
    return sentence;
}

static uint32_t count_told(const struct graph *g)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < g->edge_count; i++)
        if (!isnan(g->edges[i].attempts_per_call))
            count++;
    return count;
}

static struct sentence say_quiet(struct monitor_view *view)
{
    const struct graph *g = &view->map->graph;
    uint32_t told = count_told(g);
    struct buf text = buf_limited(SENTENCE_MAX_BYTES);
    struct sentence sentence = { .detail = "", .since_ms = -1 };

    sentence.severity = told ? SEVERITY_OK : SEVERITY_UNKNOWN;
    if (!g->edge_count) {
        buf_append_cstr(&text, "Nobody has told yet which service calls which");
        sentence.detail = "Name dependencies in the configuration (services[].dependencies), or "
                          "scrape a source that tells who calls";
    } else if (told == g->edge_count) {
        buf_append_cstr(&text, "Retries multiply nowhere");
    } else if (told) {
        buf_printf(&text, "Retries multiply nowhere on the %u of %u dependencies that tell them",
                   told, g->edge_count);
    } else {
        buf_append_cstr(&text, "No dependency tells its retries");
    }
    sentence.text = finish(&view->arena, &text);
    return sentence;
}

/* The storm comes first on the overview too; what would have stood there is kept behind it. */
static void put_before_overview(struct monitor_view *view)
{
    struct buf detail = buf_limited(2 * SENTENCE_MAX_BYTES);
    struct sentence sentence = view->map->sentence;

    buf_printf(&detail, "%s · %s", sentence.detail, view->sentence.text);
    sentence.detail = finish(&view->arena, &detail);
    view->sentence = sentence;
}

void map_sentence_set(struct monitor_view *view)
{
    struct map_view *map = view->map;

    if (map->storm_count) {
        map->sentence = say_storm(view);
        put_before_overview(view);
    } else if (map->worst != GRAPH_NONE) {
        map->sentence = say_worst(view);
    } else {
        map->sentence = say_quiet(view);
    }
}
