#include "config/load.h"

#include <stdio.h>

#include "base/file.h"
#include "base/map.h"
#include "config/address.h"
#include "config/option_set.h"
#include "config/sections.h"
#include "config/shown.h"
#include "config/suggest.h"

enum { TREE_MAX_BYTES = 128 << 20 }; /* of nodes; a file of 1 MiB needs less */

static const char *const unused_paths[] = {
    "alerting",
    "otlp",
    "remote_read",
    "remote_write",
    "rule_files",
    "runtime",
    "scrape_config_files",
    "storage.exemplars",
    "storage.tsdb",
    "tracing",
    NULL,
};

const char *const *config_unused_paths(void)
{
    return unused_paths;
}

/* --- the sections among the topmost keys --- */

struct sections {
    const struct node *global;
    const struct node *scrape_configs;
    const struct node *services;
    const struct node *mappings;
};

static const struct {
    const char *name;
    size_t offset;
} section_rows[] = {
    { "global", offsetof(struct sections, global) },
    { "scrape_configs", offsetof(struct sections, scrape_configs) },
    { "services", offsetof(struct sections, services) },
    { "mappings", offsetof(struct sections, mappings) },
};

static bool take_section(struct sections *sections, const struct node *value)
{
    for (size_t i = 0; i < ARRAY_LEN(section_rows); i++) {
        if (!str_equals(value->key->text, str_of(section_rows[i].name)))
            continue;
        memcpy((char *)sections + section_rows[i].offset, &value, sizeof value);
        return true;
    }
    return false;
}

static void report_unknown(struct option_set *set, const struct node *key)
{
    struct suggestion s = suggestion_for(key->text);
    char shown[SHOWN_BYTES], near[SUGGESTION_BYTES];
    struct str parent, child = str_cut(key->text, '.', &parent);

    if (option_find(key->text.ptr, key->text.len)) {
        report_error(set->report, key, "write %s as maps: %.*s: { %.*s: … }",
                     report_shown(key->text, shown), STR_ARG(parent), STR_ARG(child));
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(section_rows); i++)
        suggestion_offer(&s, str_of(section_rows[i].name));
    option_set_suggest_top(set, &s);
    report_error(set->report, key, "unknown key \"%s\"%s", report_shown(key->text, shown),
                 suggestion_text(&s, near));
}

static void read_root(struct option_set *set, const struct node *root, struct sections *sections)
{
    if (root->kind != NODE_MAP && root->kind != NODE_NULL)
        report_error(set->report, root, "the file must be a map (key: value), not %s",
                     node_kind_name(root->kind));
    if (root->kind != NODE_MAP)
        return;
    for (const struct node *item = root->first; item; item = item->next)
        if (!take_section(sections, item) && !option_set_read_key(set, item))
            report_unknown(set, item->key);
}

/* --- keys that are given twice, anywhere --- */

static void check_keys(struct report *report, const struct node *map)
{
    struct map keys = map_limited(map->count);

    for (const struct node *item = map->first; item; item = item->next) {
        const struct node *before = map_find(&keys, item->key->text);
        char shown[SHOWN_BYTES];

        if (before)
            report_error(report, item->key, "the key \"%s\" is already given in line %d",
                         report_shown(item->key->text, shown), before->line);
        else if (map_put(&keys, item->key->text, item->key))
            report_fatal(report, ERR_NOMEM);
    }
    map_release(&keys);
}

/* Recursion is bounded by YAML_DEPTH_MAX. */
void section_check_duplicates(struct report *report, const struct node *node)
{
    if (node->kind == NODE_MAP && node->count > 1)
        check_keys(report, node);
    for (const struct node *item = node->first; item; item = item->next)
        section_check_duplicates(report, item);
}

/* --- what several options say together --- */

static void check_options(const struct config *cfg, struct report *report,
                          const struct option_place *places)
{
    double warning = config_double(cfg, OPT_BUDGET_WARNING_PERCENT);
    double critical = config_double(cfg, OPT_BUDGET_CRITICAL_PERCENT);
    struct address listen;
    struct diag diag = { 0 };

    if (!(warning < critical))
        report_error(report, places[OPT_BUDGET_WARNING_PERCENT].key,
                     "retry_budget.warning_threshold_percent (%g) must be below "
                     "retry_budget.critical_threshold_percent (%g)",
                     warning, critical);
    if (!address_parse(config_text(cfg, OPT_LISTEN), &listen, &diag))
        report_error(report, places[OPT_LISTEN].key, "listen: %s", diag_text(&diag));
    else if (listen.port < 0)
        report_error(report, places[OPT_LISTEN].key,
                     "listen: the port is missing; write it like 127.0.0.1:8080");
    if (!config_text(cfg, OPT_DATA).len)
        report_error(report, places[OPT_DATA].key, "data: the name of a directory is missing");
}

/* --- the load --- */

static struct str dir_of(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    if (slash == path && path)
        return STR("/");
    return slash ? (struct str){ path, (size_t)(slash - path) } : STR("");
}

static void read_all(struct config *cfg, const struct config_sources *sources,
                     struct report *report, const struct node *root)
{
    struct option_place places[OPT_COUNT];
    struct option_set set = {
        .rows = option_rows(),
        .count = OPT_COUNT,
        .values = cfg->values,
        .places = places,
        .unused_paths = unused_paths,
        .secret_dir = dir_of(sources->file),
        .arena = &cfg->arena,
        .report = report,
    };
    struct section section = {
        .cfg = cfg, .arena = &cfg->arena, .dir = dir_of(sources->file), .report = report
    };
    struct sections sections = { 0 };
    struct global global;

    option_set_init(&set);
    section_check_duplicates(report, root);
    read_root(&set, root, &sections);
    option_set_read_environment(&set, sources->environment);
    option_set_read_settings(&set, sources->settings, sources->setting_count);
    check_options(cfg, report, places);
    section_read_global(&section, sections.global, &global);
    if (sections.scrape_configs)
        section_read_scrapes(&section, sections.scrape_configs, &global);
    if (sections.services)
        section_read_services(&section, sections.services);
    if (sections.mappings)
        section_read_mappings(&section, sections.mappings);
}

static void report_diag(struct report *report, const struct diag *diag)
{
    struct node at = { .line = diag->line, .column = diag->column };

    report_error(report, &at, "%s", diag_text(diag));
}

enum err config_load_text(struct str text, const struct config_sources *sources,
                          struct config **ret, struct config_errors *errors)
{
    struct arena scratch = arena_limited(TREE_MAX_BYTES);
    struct config *cfg = snapshot_new();
    struct diag diag = { 0 };
    struct report report;
    struct node *root;
    enum err err, finish;

    report_init(&report, str_of(sources->file), errors);
    err = cfg ? yaml_parse(text, &scratch, &cfg->arena, &root, &diag) : ERR_NOMEM;
    if (!err)
        read_all(cfg, sources, &report, root);
    else if (err != ERR_NOMEM)
        report_diag(&report, &diag);
    finish = report_finish(&report);
    if (!err)
        err = finish;
    if (!err)
        err = config_show(cfg, root);
    if (!err) {
        *ret = cfg;
        cfg = NULL;
    }
    report_release(&report);
    config_unref(cfg);
    arena_release(&scratch);
    return err;
}

enum err config_load(const struct config_sources *sources, struct config **ret,
                     struct config_errors *errors)
{
    struct arena file = arena_limited(CONFIG_FILE_MAX_BYTES + 4096);
    struct str text = STR("");
    struct diag diag = { 0 };
    struct report report;
    enum err err = ERR_OK;

    if (sources->file)
        err = file_read(&file, sources->file, CONFIG_FILE_MAX_BYTES, &text, &diag);
    if (err) {
        report_init(&report, STR(""), errors);
        report_error(&report, NULL, "%s", diag_text(&diag));
        report_release(&report);
    } else {
        err = config_load_text(text, sources, ret, errors);
    }
    arena_release(&file);
    return err;
}
