#include "config/scrape_draft.h"
#include "config/sections.h"

#include <stdio.h>

#include "base/map.h"
#include "model/duration.h"

enum { PARAMS_MAX_BYTES = 8192 };

static const struct config_scrape scrape_defaults = {
    .scheme = { "http", 4 },
    .metrics_path = { "/metrics", 8 },
    .honor_timestamps = true,
    .access = { .min_version = { "TLS12", 5 } },
};

/* --- times --- */

/* Prometheus' rule: a time-out above the interval is an error when given, and cut when not. */
static void settle_times(struct report *report, const struct node *at, int64_t above_interval_ms,
                         int64_t above_timeout_ms, int64_t *interval_ms, int64_t *timeout_ms)
{
    char interval[DURATION_TEXT_BYTES], timeout[DURATION_TEXT_BYTES];

    if (!*interval_ms)
        *interval_ms = above_interval_ms;
    if (*timeout_ms > *interval_ms)
        report_error(report, at, "scrape_timeout (%s) is greater than scrape_interval (%s)",
                     duration_format(*timeout_ms, timeout),
                     duration_format(*interval_ms, interval));
    if (!*timeout_ms)
        *timeout_ms = above_timeout_ms < *interval_ms ? above_timeout_ms : *interval_ms;
}

void section_read_global(struct section *s, const struct node *node, struct global *ret)
{
    static const struct node nothing = { .line = 1, .column = 1 };
    struct global global = { 0 };

    if (!node)
        node = &nothing;
    (void)bind_map(s->report, &global_table, node, &global);
    settle_times(s->report, node, SCRAPE_INTERVAL_DEFAULT_MS, SCRAPE_TIMEOUT_DEFAULT_MS,
                 &global.scrape_interval_ms, &global.scrape_timeout_ms);
    if (global.external_labels)
        (void)section_read_labels(s, global.external_labels, &s->cfg->external_labels);
    *ret = global;
}

/* --- labels --- */

static bool is_label(struct section *s, const struct node *item)
{
    char shown[SHOWN_BYTES];
    struct str name = item->key->text;

    if (!label_name_is_valid(name)) {
        report_error(s->report, item->key, "\"%s\" is not a label name (letters, digits and _)",
                     report_shown(name, shown));
        return false;
    }
    if (str_has_prefix(name, STR("__"))) {
        report_unused(s->report, item->key);
        return false;
    }
    if (item->kind == NODE_TEXT || item->kind == NODE_NULL)
        return true;
    report_error(s->report, item, "the value of label %.*s must be a text, not %s", STR_ARG(name),
                 node_kind_name(item->kind));
    return false;
}

bool section_read_labels(struct section *s, const struct node *map, struct labels *ret)
{
    struct labels_builder builder;
    struct diag diag = { 0 };
    enum err err;

    labels_builder_init(&builder, s->arena);
    for (const struct node *item = map->first; item; item = item->next)
        if (is_label(s, item) && item->kind == NODE_TEXT)
            labels_builder_add(&builder, item->key->text, item->text);
    err = labels_builder_finish(&builder, ret, &diag);
    if (err == ERR_NOMEM)
        report_fatal(s->report, err);
    else if (err)
        report_error(s->report, map, "labels: %s", diag_text(&diag));
    return !err;
}

/* --- params --- */

static void append_encoded(struct str text, struct buf *out)
{
    static const char unreserved[] = "-._~";

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
            (c && strchr(unreserved, c)))
            buf_append_byte(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static void append_param(struct section *s, const struct node *values, struct buf *out)
{
    if (!bind_is_list(s->report, "the value of a parameter", values))
        return;
    for (const struct node *value = values->first; value; value = value->next) {
        struct str text;

        if (!bind_text(s->report, "a parameter", value, 0, PARAMS_MAX_BYTES, &text))
            continue;
        if (out->len)
            buf_append_byte(out, '&');
        append_encoded(values->key->text, out);
        buf_append_byte(out, '=');
        append_encoded(text, out);
    }
}

static void read_params(struct section *s, const struct node *map, struct str *ret)
{
    struct buf query = buf_limited(PARAMS_MAX_BYTES);
    enum err err;

    for (const struct node *item = map->first; item; item = item->next)
        append_param(s, item, &query);
    err = buf_error(&query);
    if (err == ERR_LIMIT)
        report_error(s->report, map, "params: longer than %d bytes", PARAMS_MAX_BYTES);
    else if (err)
        report_fatal(s->report, err);
    else if (!arena_copy_str(s->arena, buf_str(&query), ret))
        report_fatal(s->report, arena_error(s->arena));
    buf_release(&query);
}

/* --- jobs --- */

static void check_path(struct section *s, const struct node *at, struct str path)
{
    if (!path.len || path.ptr[0] != '/')
        report_error(s->report, at, "metrics_path must begin with /");
    for (size_t i = 0; i < path.len; i++) {
        if ((unsigned char)path.ptr[i] > 0x20 && path.ptr[i] != 0x7F && path.ptr[i] != '#')
            continue;
        report_error(s->report, at, "metrics_path holds a blank, a # or a control character");
        return;
    }
}

static void check_job_name(struct section *s, const struct node *node, struct str name,
                           struct map *names)
{
    const struct node *before;
    char shown[SHOWN_BYTES];

    if (!name.ptr)
        return; /* its absence was reported */
    if (!name.len || name.len > JOB_NAME_MAX_BYTES) {
        report_error(s->report, node, "job_name has %zu bytes; 1 to %d are allowed", name.len,
                     JOB_NAME_MAX_BYTES);
        return;
    }
    before = map_find(names, name);
    if (before)
        report_error(s->report, node, "job_name %s is already used in line %d",
                     report_shown(name, shown), before->line);
    else if (map_put(names, name, (void *)(uintptr_t)node))
        report_fatal(s->report, ERR_NOMEM);
}

static void read_targets(struct section *s, const struct node *groups, struct config_scrape *scrape,
                         size_t *total)
{
    int port = str_equals(scrape->scheme, STR("https")) ? 443 : 80;

    if (!section_read_targets(s, groups, port, &scrape->targets, &scrape->target_count))
        return;
    *total += scrape->target_count;
    if (*total > CONFIG_TARGETS_MAX)
        report_error(s->report, groups, "more than %d targets in the file", CONFIG_TARGETS_MAX);
}

static void read_scrape(struct section *s, const struct node *node, const struct global *global,
                        struct config_scrape *ret, size_t *total_targets)
{
    struct scrape_draft draft = { .out = scrape_defaults };

    if (!bind_map(s->report, &scrape_table, node, &draft))
        return;
    settle_times(s->report, node, global->scrape_interval_ms, global->scrape_timeout_ms,
                 &draft.out.interval_ms, &draft.out.timeout_ms);
    check_path(s, node, draft.out.metrics_path);
    if (draft.params)
        read_params(s, draft.params, &draft.out.query);
    if (draft.static_configs)
        read_targets(s, draft.static_configs, &draft.out, total_targets);
    section_read_access(s, node, &draft);
    if (draft.file_sd_configs)
        section_read_file_sds(s, draft.file_sd_configs, &draft.out);
    draft.out.line = node->line;
    draft.out.column = node->column;
    *ret = draft.out;
}

void section_read_scrapes(struct section *s, const struct node *list, const struct global *global)
{
    struct map names = map_limited(CONFIG_SCRAPES_MAX);
    size_t total_targets = 0, count = 0;
    struct config_scrape *scrapes;

    if (!bind_is_list(s->report, "scrape_configs", list))
        return;
    if (list->count > CONFIG_SCRAPES_MAX) {
        report_error(s->report, list, "scrape_configs has %zu items, at most %d", list->count,
                     CONFIG_SCRAPES_MAX);
        return;
    }
    scrapes = arena_alloc_zero(s->arena, list->count, sizeof *scrapes);
    if (!scrapes) {
        report_fatal(s->report, arena_error(s->arena));
        return;
    }
    for (const struct node *item = list->first; item; item = item->next) {
        read_scrape(s, item, global, &scrapes[count], &total_targets);
        check_job_name(s, item, scrapes[count].job_name, &names);
        count++;
    }
    map_release(&names);
    s->cfg->scrapes = scrapes;
    s->cfg->scrape_count = count;
}
