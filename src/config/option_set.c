#include "config/option_set.h"

#include <assert.h>
#include <stdio.h>

#include "base/file.h"
#include "config/suggest.h"

enum { PATH_MAX_BYTES = 256 };

#define FILE_SUFFIX STR("_file")

void option_set_init(struct option_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        bool good = option_value_parse(&set->rows[i], str_of(set->rows[i].preset), &set->values[i],
                                       NULL);

        assert(good);
        (void)good;
        set->places[i] = (struct option_place){ 0 };
    }
}

/* --- names --- */

/* Index of the row, or count. A name with _file behind it finds the secret. */
static size_t find_row(const struct option_set *set, struct str name, bool *ret_is_file_form)
{
    for (size_t i = 0; i < set->count; i++) {
        struct str row = str_of(set->rows[i].name);

        *ret_is_file_form = false;
        if (str_equals(row, name))
            return i;
        *ret_is_file_form = true;
        if (set->rows[i].type == OPTION_SECRET && name.len == row.len + FILE_SUFFIX.len &&
            str_has_prefix(name, row) && str_has_suffix(name, FILE_SUFFIX))
            return i;
    }
    return set->count;
}

/* True when options stand below this path. */
static bool is_map_path(const struct option_set *set, struct str path)
{
    for (size_t i = 0; i < set->count; i++) {
        struct str row = str_of(set->rows[i].name);

        if (row.len > path.len && row.ptr[path.len] == '.' && str_has_prefix(row, path))
            return true;
    }
    return false;
}

static bool is_unused_path(const struct option_set *set, struct str path)
{
    for (const char *const *p = set->unused_paths; p && *p; p++)
        if (str_equals(str_of(*p), path))
            return true;
    return false;
}

/* Offers the part of `name` that stands directly below `parent`. */
static void suggest_below(struct suggestion *s, struct str parent, struct str name)
{
    struct str part;

    if (parent.len &&
        (!str_has_prefix(name, parent) || name.len <= parent.len || name.ptr[parent.len] != '.'))
        return;
    if (parent.len)
        name = (struct str){ name.ptr + parent.len + 1, name.len - parent.len - 1 };
    (void)str_cut(name, '.', &part);
    suggestion_offer(s, part);
}

static void suggest_all_below(const struct option_set *set, struct str parent, struct suggestion *s)
{
    for (size_t i = 0; i < set->count; i++)
        suggest_below(s, parent, str_of(set->rows[i].name));
    for (const char *const *p = set->unused_paths; p && *p; p++)
        suggest_below(s, parent, str_of(*p));
}

void option_set_suggest_top(const struct option_set *set, struct suggestion *s)
{
    suggest_all_below(set, STR(""), s);
}

/* --- secrets in files --- */

static bool read_secret(struct option_set *set, struct str path, struct str dir, struct str *ret,
                        struct diag *diag)
{
    bool relative = dir.len && path.len && path.ptr[0] != '/';
    char *full = arena_printf(set->arena, "%.*s%s%.*s", relative ? (int)dir.len : 0,
                              dir.ptr ? dir.ptr : "", relative ? "/" : "", STR_ARG(path));
    enum err err;

    if (!full) {
        report_fatal(set->report, arena_error(set->arena));
        return false;
    }
    err = file_read(set->arena, full, SECRET_FILE_MAX_BYTES, ret, diag);
    if (err == ERR_NOMEM)
        report_fatal(set->report, err);
    if (err)
        return false;
    while (ret->len && (ret->ptr[ret->len - 1] == '\n' || ret->ptr[ret->len - 1] == '\r'))
        ret->len--;
    return true;
}

/* Sets row `idx` from a text; false: diag says why. */
static bool set_value(struct option_set *set, size_t idx, bool is_file_form, struct str text,
                      struct str dir, struct diag *diag)
{
    struct str secret;

    if (!is_file_form)
        return option_value_parse(&set->rows[idx], text, &set->values[idx], diag);
    return read_secret(set, text, dir, &secret, diag) &&
           option_value_parse(&set->rows[idx], secret, &set->values[idx], diag);
}

/* --- the file --- */

static void read_option(struct option_set *set, size_t idx, bool is_file_form,
                        const struct node *value)
{
    struct option_place *place = &set->places[idx];
    struct diag diag = { 0 };

    if (place->key && place->is_file_form != is_file_form) {
        report_error(set->report, value->key,
                     "%s is also given in line %d; write either the secret or its file",
                     set->rows[idx].name, place->key->line);
        return;
    }
    *place = (struct option_place){ value->key, is_file_form };
    if (value->kind == NODE_NULL)
        report_error(set->report, value, "%s has no value; leave the line out for the default",
                     set->rows[idx].name);
    else if (value->kind != NODE_TEXT)
        report_error(set->report, value, "%s must be a single value (%s), not %s",
                     set->rows[idx].name, option_type_name(set->rows[idx].type),
                     node_kind_name(value->kind));
    else if (!set_value(set, idx, is_file_form, value->text, set->secret_dir, &diag))
        report_error(set->report, value, "%s: %s", set->rows[idx].name, diag_text(&diag));
}

static void report_unknown(struct option_set *set, const struct node *value, struct str parent)
{
    struct suggestion s = suggestion_for(value->key->text);
    char shown[SHOWN_BYTES], near[SUGGESTION_BYTES];

    suggest_all_below(set, parent, &s);
    report_error(set->report, value->key, "unknown key \"%s\" in %.*s%s",
                 report_shown(value->key->text, shown), STR_ARG(parent), suggestion_text(&s, near));
}

/* One item of the map `parent`; false when nothing has that name. */
static bool read_item(struct option_set *set, const struct node *value, struct str parent)
{
    char bytes[PATH_MAX_BYTES];
    int len = snprintf(bytes, sizeof bytes, "%.*s%s%.*s", STR_ARG(parent), parent.len ? "." : "",
                       STR_ARG(value->key->text));
    struct str path = { bytes, (size_t)len };
    bool is_file_form, dotted = str_find(value->key->text, '.') < value->key->text.len;
    size_t idx;

    if (len >= (int)sizeof bytes || dotted)
        return false;
    idx = find_row(set, path, &is_file_form);
    if (idx < set->count) {
        read_option(set, idx, is_file_form, value);
        return true;
    }
    if (is_unused_path(set, path)) {
        report_unused(set->report, value->key);
        return true;
    }
    if (!is_map_path(set, path))
        return false;
    if (value->kind != NODE_MAP && value->kind != NODE_NULL)
        report_error(set->report, value, "%.*s must be a map (key: value), not %s", STR_ARG(path),
                     node_kind_name(value->kind));
    if (value->kind != NODE_MAP)
        return true;
    for (const struct node *item = value->first; item; item = item->next)
        if (!read_item(set, item, path))
            report_unknown(set, item, path);
    return true;
}

bool option_set_read_key(struct option_set *set, const struct node *value)
{
    return read_item(set, value, STR(""));
}

/* --- the environment --- */

static bool find_variable(char *const *environment, struct str name, struct str *ret)
{
    for (char *const *e = environment; e && *e; e++) {
        struct str key, value = str_cut(str_of(*e), '=', &key);

        if (str_equals(key, name) && value.len) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static void set_from_variable(struct option_set *set, size_t idx, bool is_file_form,
                              struct str name, struct str value)
{
    struct diag diag = { 0 };
    struct str kept;

    if (!arena_copy_str(set->arena, value, &kept))
        report_fatal(set->report, arena_error(set->arena));
    else if (!set_value(set, idx, is_file_form, kept, STR(""), &diag))
        report_error(set->report, NULL, "environment variable %.*s: %s", STR_ARG(name),
                     diag_text(&diag));
}

/* The second name belongs to other programs too, so a value that we cannot use is no error. */
static void set_from_foreign_variable(struct option_set *set, size_t idx, struct str value)
{
    const struct option_row *row = &set->rows[idx];
    struct option_value parsed;
    struct diag diag = { 0 };

    if (!option_value_parse(row, value, &parsed, &diag))
        report_warning(set->report, "environment variable %s is ignored: %s", row->environment_also,
                       diag_text(&diag));
    else
        set_from_variable(set, idx, false, str_of(row->environment_also), value);
}

static void read_row_environment(struct option_set *set, size_t idx, char *const *environment)
{
    const struct option_row *row = &set->rows[idx];
    char file_name[PATH_MAX_BYTES];
    struct str name = str_of(row->environment), value, file;
    bool has_value = find_variable(environment, name, &value);
    bool has_file = false;

    snprintf(file_name, sizeof file_name, "%s_FILE", row->environment);
    if (row->type == OPTION_SECRET)
        has_file = find_variable(environment, str_of(file_name), &file);
    if (has_value && has_file)
        report_error(set->report, NULL,
                     "environment variables %s and %s are both set; one is enough",
                     row->environment, file_name);
    else if (has_value)
        set_from_variable(set, idx, false, name, value);
    else if (has_file)
        set_from_variable(set, idx, true, str_of(file_name), file);
    else if (row->environment_also &&
             find_variable(environment, str_of(row->environment_also), &value))
        set_from_foreign_variable(set, idx, value);
}

static bool is_variable(const struct option_set *set, struct str name)
{
    struct str base = name;

    if (str_has_suffix(name, STR("_FILE")))
        base.len -= 5;
    for (size_t i = 0; i < set->count; i++) {
        struct str known = str_of(set->rows[i].environment);

        if (str_equals(known, name) ||
            (set->rows[i].type == OPTION_SECRET && str_equals(known, base)))
            return true;
    }
    return false;
}

/* A misspelt variable would be silently without effect; one that resembles nothing is somebody
 * else's. */
static void warn_near_names(struct option_set *set, char *const *environment)
{
    for (char *const *e = environment; e && *e; e++) {
        char near[SUGGESTION_BYTES];
        struct suggestion s;
        struct str name;

        (void)str_cut(str_of(*e), '=', &name);
        if (!str_has_prefix(name, STR("FUSEBOX_")) || is_variable(set, name))
            continue;
        s = suggestion_for(name);
        for (size_t i = 0; i < set->count; i++)
            suggestion_offer(&s, str_of(set->rows[i].environment));
        if (s.distance <= 2)
            report_warning(set->report, "environment variable %.*s has no effect%s", STR_ARG(name),
                           suggestion_text(&s, near));
    }
}

void option_set_read_environment(struct option_set *set, char *const *environment)
{
    for (size_t i = 0; i < set->count; i++)
        read_row_environment(set, i, environment);
    warn_near_names(set, environment);
}

/* --- settings --- */

static void report_unknown_setting(struct option_set *set, struct str key)
{
    struct suggestion s = suggestion_for(key);
    char shown[SHOWN_BYTES], near[SUGGESTION_BYTES];

    for (size_t i = 0; i < set->count; i++)
        suggestion_offer(&s, str_of(set->rows[i].name));
    report_error(set->report, NULL, "--set %s: no such option%s", report_shown(key, shown),
                 suggestion_text(&s, near));
}

void option_set_read_settings(struct option_set *set, const struct config_setting *settings,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct diag diag = { 0 };
        struct str kept;
        bool is_file_form;
        size_t idx = find_row(set, settings[i].key, &is_file_form);

        if (idx == set->count)
            report_unknown_setting(set, settings[i].key);
        else if (!arena_copy_str(set->arena, settings[i].value, &kept))
            report_fatal(set->report, arena_error(set->arena));
        else if (!set_value(set, idx, is_file_form, kept, STR(""), &diag))
            report_error(set->report, NULL, "--set %s: %s", set->rows[idx].name, diag_text(&diag));
    }
}
