#include "catalog/edit.h"

#include <stdio.h>

/* --- conditions --- */

static bool has_revision(struct str tag, uint64_t revision)
{
    size_t at;
    int64_t number;

    if (str_has_prefix(tag, STR("W/")))
        tag = (struct str){ tag.ptr + 2, tag.len - 2 };
    if (tag.len < 4 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"')
        return false;
    for (at = tag.len - 2; at > 0 && tag.ptr[at] != 'r'; at--)
        ;
    return at > 0 && str_parse_i64((struct str){ tag.ptr + at + 1, tag.len - at - 2 }, &number) &&
           number >= 0 && (uint64_t)number == revision;
}

static bool is_listed(struct str list, const struct definition *d)
{
    struct str item;

    while (list.len) {
        list = str_cut(list, ',', &item);
        item = str_trim(item);
        if (str_equals(item, STR("*")) ? d != NULL : has_revision(item, d ? d->revision : 0))
            return true;
    }
    return false;
}

static enum err check_conditions(const struct edit *edit, const struct definition *d,
                                 struct diag *diag)
{
    if (edit->if_match.len && !is_listed(edit->if_match, d))
        return d ? diag_set(diag, ERR_PRECONDITION,
                            "the definition is at revision %llu now: read it again",
                            (unsigned long long)d->revision)
                 : diag_set(diag, ERR_PRECONDITION, "nothing is defined under that name any more");
    if (edit->if_none_match.len && is_listed(edit->if_none_match, d))
        return diag_set(diag, ERR_PRECONDITION, "there is such a definition already");
    return ERR_OK;
}

/* --- what stands in the way --- */

static enum err refuse(struct service_fault *fault, struct diag *diag, enum err err,
                       const char *message)
{
    if (fault)
        snprintf(fault->field, sizeof fault->field, "name");
    return diag_set(diag, err, "%s", message);
}

static enum err check_place(struct registry *r, const struct edit *edit,
                            const struct registry_entry *entry, struct service_fault *fault,
                            struct diag *diag)
{
    if (entry->origin == ORIGIN_FILE)
        return refuse(fault, diag, ERR_CONFLICT,
                      "the configuration file defines this service: it is changed there");
    if (edit->kind == EDIT_CREATE && entry->definition)
        return refuse(fault, diag, ERR_CONFLICT,
                      "a service of that name is defined already: PUT replaces it");
    if (edit->kind == EDIT_DELETE && !entry->definition && !edit->if_match.len)
        return refuse(fault, diag, ERR_NOT_FOUND,
                      "no service of that name was defined through the API");
    if (edit->kind != EDIT_DELETE && !entry->definition &&
        registry_count(r) >= r->definitions.max_count)
        return diag_set(diag, ERR_LIMIT,
                        "%zu services are defined: no more than catalog.max_services",
                        r->definitions.max_count);
    return check_conditions(edit, entry->definition, diag);
}

/* --- saving --- */

/* What went wrong in the store is not the request's fault. */
static enum err not_saved(enum err err, const struct diag *why, struct diag *diag)
{
    return diag_set(diag, err == ERR_NOMEM ? ERR_NOMEM : ERR_UNAVAILABLE,
                    "it was not saved: %.200s", why->message[0] ? why->message : err_text(err));
}

static enum err save(struct registry *r, struct store *store, const struct edit *edit,
                     const struct definition *before, struct definition *d, struct diag *diag)
{
    struct diag why = { 0 };
    struct store_service row;
    enum err err;

    d->changed_ms = edit->now_ms;
    d->created_ms = before ? before->created_ms : edit->now_ms;
    row = definition_row(d);
    err = store_save_service(store, &row, &d->revision, &why);
    if (err)
        return not_saved(err, &why, diag);
    err = registry_put(r, d);
    return err ? diag_set(diag, ERR_NOMEM, "no memory to take it over: try again") : ERR_OK;
}

static enum err forget(struct registry *r, struct store *store, struct definition *d,
                       struct diag *diag)
{
    struct diag why = { 0 };
    enum err err = store_delete_service(store, d->service->name, &why);

    if (err && err != ERR_NOT_FOUND) /* after a commit with an unknown end it is gone already */
        return not_saved(err, &why, diag);
    registry_remove(r, d->service->name);
    return ERR_OK;
}

static enum err read_body(struct registry *r, const struct edit *edit, struct definition **ret,
                          struct service_fault *fault, struct diag *diag)
{
    struct config *base = registry_config(r);
    enum err err = definition_read(edit->body, edit->kind == EDIT_CREATE ? STR_NONE : edit->name,
                                   base, ret, fault, diag);

    config_unref(base);
    return err;
}

enum err edit_apply(struct registry *r, struct store *store, const struct edit *edit,
                    struct edit_result *ret, struct service_fault *fault, struct diag *diag)
{
    struct registry_entry entry = { .definition = NULL };
    struct definition *d = NULL;
    struct str name = edit->name;
    enum err err = ERR_OK;

    if (edit->kind != EDIT_DELETE)
        err = read_body(r, edit, &d, fault, diag);
    if (err)
        return err;
    if (edit->kind == EDIT_CREATE)
        name = d->service->name;
    registry_look(r, name, &entry);
    err = check_place(r, edit, &entry, fault, diag);
    if (!err && edit->kind == EDIT_DELETE)
        err = forget(r, store, entry.definition, diag);
    else if (!err)
        err = save(r, store, edit, entry.definition, d, diag);
    if (err) {
        definition_unref(d);
        definition_unref(entry.definition);
        return err;
    }
    *ret = (struct edit_result){ .definition = d ? d : entry.definition,
                                 .created = !entry.definition };
    if (d)
        definition_unref(entry.definition);
    return ERR_OK;
}

/* --- at the start --- */

struct loading {
    struct registry *r;
    struct config *base;
    edit_on_unreadable *on_unreadable;
    void *ctx;
};

static enum err load_one(void *ctx, const struct store_service *row)
{
    struct loading *l = ctx;
    struct definition *d = NULL;
    struct diag diag = { 0 };
    enum err err = definition_read(row->definition, row->name, l->base, &d, NULL, &diag);

    if (!err) {
        d->revision = row->revision;
        d->created_ms = row->created_ms;
        d->changed_ms = row->changed_ms;
        err = registry_put(l->r, d);
        definition_unref(d);
    }
    if (!err || err == ERR_NOMEM)
        return err;
    diag_set(&diag, err, "%s", err_text(err));
    l->on_unreadable(l->ctx, row->name, &diag);
    return ERR_OK;
}

enum err edit_load(struct registry *r, struct store *store, edit_on_unreadable *on_unreadable,
                   void *ctx, struct diag *diag)
{
    struct loading l = { r, registry_config(r), on_unreadable, ctx };
    enum err err = store_for_each_service(store, load_one, &l, diag);

    config_unref(l.base);
    return err;
}
