#include "config/sections.h"

#include <stdio.h>

#include "config/address.h"
#include "config/scrape_draft.h"

enum { TREE_MAX_BYTES = 128 << 20 };

/* A target without a port gets the protocol's, as in Prometheus. */
static bool read_target(struct section *s, const struct node *node, int default_port,
                        struct str *ret)
{
    char shown[SHOWN_BYTES];
    struct diag diag = { 0 };
    struct address address;
    struct str text;
    char *longer;

    if (!bind_text(s->report, "a target", node, 1, HOST_MAX_BYTES + 8, &text))
        return false;
    if (!address_parse(text, &address, &diag)) {
        report_error(s->report, node, "target \"%s\": %s", report_shown(text, shown),
                     diag_text(&diag));
        return false;
    }
    *ret = text;
    if (address.port >= 0 || !default_port)
        return true;
    longer = arena_printf(s->arena, "%.*s:%d", STR_ARG(address.host), default_port);
    if (!longer) {
        report_fatal(s->report, arena_error(s->arena));
        return false;
    }
    *ret = str_of(longer);
    return true;
}

static void read_group(struct section *s, const struct node *node, int default_port,
                       struct config_target *targets, size_t *count)
{
    struct group_draft group = { 0 };
    struct labels labels = { 0 };

    if (!bind_map(s->report, &static_config_table, node, &group))
        return;
    if (group.labels && !section_read_labels(s, group.labels, &labels))
        return;
    if (!group.targets)
        return;
    for (const struct node *item = group.targets->first; item; item = item->next) {
        struct config_target *target = &targets[*count];

        if (!read_target(s, item, default_port, &target->address))
            continue;
        target->labels = labels;
        (*count)++;
    }
}

/* Targets of all groups, before anything is known about their shape. */
static size_t count_targets(const struct node *groups)
{
    size_t count = 0;

    for (const struct node *group = groups->first; group; group = group->next)
        for (const struct node *item = group->first; item; item = item->next)
            if (group->kind == NODE_MAP && str_equals(item->key->text, STR("targets")))
                count += item->count;
    return count;
}

bool section_read_targets(struct section *s, const struct node *groups, int default_port,
                          const struct config_target **ret, size_t *ret_count)
{
    size_t room = count_targets(groups), count = 0;
    struct config_target *targets;

    if (room > CONFIG_TARGETS_MAX) {
        report_error(s->report, groups, "more than %d targets in the file", CONFIG_TARGETS_MAX);
        return false;
    }
    targets = arena_alloc_zero(s->arena, room + 1, sizeof *targets);
    if (!targets) {
        report_fatal(s->report, arena_error(s->arena));
        return false;
    }
    for (const struct node *group = groups->first; group; group = group->next)
        read_group(s, group, default_port, targets, &count);
    *ret = targets;
    *ret_count = count;
    return true;
}

/* --- a file of targets --- */

static void read_file(struct section *s, const struct node *root, const struct config_target **ret,
                      size_t *ret_count)
{
    section_check_duplicates(s->report, root);
    if (!bind_is_list(s->report, "a file of targets", root))
        return;
    for (const struct node *group = root->first; group; group = group->next)
        if (group->kind == NODE_NULL)
            report_error(s->report, group, "a group of targets is empty");
    (void)section_read_targets(s, root, 0, ret, ret_count);
}

static void tell_first(const struct config_errors *errors, struct diag *diag)
{
    const struct config_error *first = errors->items.count ? vec_at(&errors->items, 0) : NULL;

    if (first)
        diag_set_at(diag, ERR_INVALID, first->line, first->column, "%s", first->message);
}

enum err config_read_targets(struct str text, const char *path, struct arena *arena,
                             const struct config_target **ret, size_t *ret_count, struct diag *diag)
{
    struct arena scratch = arena_limited(TREE_MAX_BYTES);
    const struct config_target *targets = NULL;
    struct config_errors errors;
    struct report report;
    struct section section = { .arena = arena, .report = &report };
    struct node *root;
    size_t count = 0;
    enum err err = yaml_parse(text, &scratch, arena, &root, diag);

    config_errors_init(&errors);
    report_init(&report, str_of(path), &errors);
    if (!err) {
        read_file(&section, root, &targets, &count);
        err = report_finish(&report);
        tell_first(&errors, diag);
    }
    if (!err) {
        *ret = targets;
        *ret_count = count;
    }
    report_release(&report);
    config_errors_release(&errors);
    arena_release(&scratch);
    return err ? diag_set(diag, err, "%s", err_text(err)) : ERR_OK;
}
