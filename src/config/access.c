/*
 * Credentials, TLS and files of targets of a job: what may stand beside what is
 * Prometheus 2.42's rule (config.HTTPClientConfig.Validate, file.SDConfig).
 */
#include "config/scrape_draft.h"
#include "config/sections.h"

enum { PATTERNS_MAX = 256, FILE_SDS_MAX = 64 };

struct str section_resolve_path(struct section *s, struct str path)
{
    char *joined;

    if (!path.len || path.ptr[0] == '/' || !s->dir.len)
        return path;
    joined = arena_printf(s->arena, "%.*s/%.*s", STR_ARG(s->dir), STR_ARG(path));
    if (!joined) {
        report_fatal(s->report, arena_error(s->arena));
        return path;
    }
    return str_of(joined);
}

/* --- credentials --- */

static void only_one(struct section *s, const struct node *at, struct str a, struct str b,
                     const char *name)
{
    if (a.len && b.len)
        report_error(s->report, at, "write either %s or %s_file, not both", name, name);
}

static bool is_given(const struct node *map)
{
    return map && map->kind == NODE_MAP;
}

static void check_kinds(struct section *s, const struct node *at, const struct scrape_draft *draft)
{
    int kinds = is_given(draft->basic_auth) + is_given(draft->authorization) +
                (draft->bearer_token.len || draft->bearer_token_file.len);

    if (kinds > 1)
        report_error(s->report, at,
                     "write only one of basic_auth, authorization and bearer_token in a job");
}

static void read_basic_auth(struct section *s, const struct node *map, struct config_access *access)
{
    (void)bind_map(s->report, &basic_auth_table, map, access);
    only_one(s, map, access->password, access->password_file, "password");
    access->basic_auth = true;
}

/* The type becomes part of a header's value: a token of RFC 9110, section 11.1. */
static void check_type(struct section *s, const struct node *map, struct str type)
{
    char shown[SHOWN_BYTES];

    if (str_equals_nocase(type, STR("basic"))) {
        report_error(s->report, map, "the type of authorization is basic: write basic_auth");
        return;
    }
    for (size_t i = 0; i < type.len; i++) {
        if ((unsigned char)type.ptr[i] > ' ' && (unsigned char)type.ptr[i] < 0x7F)
            continue;
        report_error(s->report, map, "the type of authorization, \"%s\", is not one word",
                     report_shown(type, shown));
        return;
    }
}

static void read_authorization(struct section *s, const struct node *map,
                               struct config_access *access)
{
    (void)bind_map(s->report, &authorization_table, map, access);
    only_one(s, map, access->credentials, access->credentials_file, "credentials");
    check_type(s, map, access->auth_type);
}

static void check_line(struct section *s, const struct node *at, struct str credentials)
{
    for (size_t i = 0; i < credentials.len; i++) {
        if ((unsigned char)credentials.ptr[i] >= ' ' && credentials.ptr[i] != 0x7F)
            continue;
        report_error(s->report, at, "the credentials hold a line break or a control character");
        return;
    }
}

static void read_credentials(struct section *s, const struct node *at, struct scrape_draft *draft)
{
    struct config_access *access = &draft->out.access;

    check_kinds(s, at, draft);
    if (is_given(draft->basic_auth))
        read_basic_auth(s, draft->basic_auth, access);
    if (is_given(draft->authorization))
        read_authorization(s, draft->authorization, access);
    only_one(s, at, draft->bearer_token, draft->bearer_token_file, "bearer_token");
    if (draft->bearer_token.len)
        access->credentials = draft->bearer_token;
    if (draft->bearer_token_file.len)
        access->credentials_file = draft->bearer_token_file;
    if (!access->auth_type.len)
        access->auth_type = STR("Bearer");
    check_line(s, at, access->credentials);
    access->password_file = section_resolve_path(s, access->password_file);
    access->credentials_file = section_resolve_path(s, access->credentials_file);
}

/* --- TLS and proxy --- */

static void read_tls(struct section *s, const struct node *map, struct config_access *access)
{
    (void)bind_map(s->report, &tls_config_table, map, access);
    if (access->cert_file.len && !access->key_file.len)
        report_error(s->report, map, "cert_file without key_file");
    if (access->key_file.len && !access->cert_file.len)
        report_error(s->report, map, "key_file without cert_file");
    if (access->max_version.len && str_compare(access->min_version, access->max_version) > 0)
        report_error(s->report, map, "min_version (%.*s) is above max_version (%.*s)",
                     STR_ARG(access->min_version), STR_ARG(access->max_version));
    access->ca_file = section_resolve_path(s, access->ca_file);
    access->cert_file = section_resolve_path(s, access->cert_file);
    access->key_file = section_resolve_path(s, access->key_file);
}

/* A proxy's URL may hold a password, so it is not shown. */
static void check_proxy(struct section *s, const struct node *at, struct str url)
{
    if (url.len && (!str_has_prefix(url, STR("http://")) || url.len == strlen("http://")))
        report_error(s->report, at, "proxy_url must be http://HOST:PORT");
}

void section_read_access(struct section *s, const struct node *at, struct scrape_draft *draft)
{
    read_credentials(s, at, draft);
    if (is_given(draft->tls_config))
        read_tls(s, draft->tls_config, &draft->out.access);
    check_proxy(s, at, draft->out.access.proxy_url);
}

/* --- files of targets --- */

static bool has_target_suffix(struct str name)
{
    return str_has_suffix(name, STR(".json")) || str_has_suffix(name, STR(".yml")) ||
           str_has_suffix(name, STR(".yaml")) || str_has_suffix(name, STR(".JSON")) ||
           str_has_suffix(name, STR(".YML")) || str_has_suffix(name, STR(".YAML"));
}

/* As Prometheus: * only in the last part of the name, and an end that says the format. */
static bool is_pattern(struct str name)
{
    size_t star = str_find(name, '*');

    return has_target_suffix(name) && !memchr(name.ptr + star, '/', name.len - star);
}

static void read_patterns(struct section *s, const struct node *files, struct str *patterns,
                          size_t *count)
{
    char shown[SHOWN_BYTES];

    for (const struct node *item = files->first; item; item = item->next) {
        struct str name;

        if (!bind_text(s->report, "a name of a file", item, 1, 4096, &name))
            continue;
        if (!is_pattern(name)) {
            report_error(s->report, item,
                         "\"%s\": a name of a file of targets ends with .json, .yml or .yaml and "
                         "has a * only in its last part",
                         report_shown(name, shown));
            continue;
        }
        patterns[(*count)++] = section_resolve_path(s, name);
    }
}

static void read_file_sd(struct section *s, const struct node *item, struct config_file_sd *ret)
{
    struct file_sd_draft draft = { 0 };
    struct str *patterns;

    if (!bind_map(s->report, &file_sd_table, item, &draft))
        return;
    if (!draft.files || !draft.files->count || draft.files->count > PATTERNS_MAX) {
        report_error(s->report, item, "a file_sd_configs item names 1 to %d files", PATTERNS_MAX);
        return;
    }
    patterns = arena_alloc_zero(s->arena, draft.files->count, sizeof *patterns);
    if (!patterns) {
        report_fatal(s->report, arena_error(s->arena));
        return;
    }
    ret->patterns = patterns;
    ret->refresh_interval_ms = draft.refresh_interval_ms ? draft.refresh_interval_ms
                                                         : FILE_SD_REFRESH_DEFAULT_MS;
    read_patterns(s, draft.files, patterns, &ret->pattern_count);
}

void section_read_file_sds(struct section *s, const struct node *list, struct config_scrape *ret)
{
    struct config_file_sd *items;

    if (list->count > FILE_SDS_MAX) {
        report_error(s->report, list, "file_sd_configs has %zu items, at most %d", list->count,
                     FILE_SDS_MAX);
        return;
    }
    items = arena_alloc_zero(s->arena, list->count + 1, sizeof *items);
    if (!items) {
        report_fatal(s->report, arena_error(s->arena));
        return;
    }
    ret->file_sds = items;
    for (const struct node *item = list->first; item; item = item->next)
        read_file_sd(s, item, &items[ret->file_sd_count++]);
}
