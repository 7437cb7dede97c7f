/*
 * Two texts made from the tables: the commented example that `fusebox config`
 * writes, and the reference page.
 *
 * In the example, prose stands behind "# " and what may be uncommented directly
 * behind "#" or behind "#" and two blanks or more.
 */
#include "config/load.h"
#include "config/sections.h"

#include <stdio.h>

#include "config/option_value.h"

enum { EXAMPLE_COLUMNS = 100, EXAMPLE_FACTS_BYTES = 1024 };

static const char example_head[] =
    "# Configuration of Fusebox. Each line that begins with #key states a default: take the # away "
    "to\n"
    "# change it. Durations are written like 1h30m (ms, s, m, h, d, w, y), sizes like 64MiB.\n"
    "#\n"
    "# A value comes from, in rising precedence: its default, this file, the environment variable "
    "that\n"
    "# stands beside it, --set KEY=VALUE. Keys of Prometheus (global, scrape_configs) keep its "
    "meaning.\n";

static const char example_tail[] =
    "\n"
    "# What is scraped, in Prometheus' words. Values here are examples.\n"
    "#global:\n"
    "#  scrape_interval: 60s\n"
    "#  scrape_timeout: 10s\n"
    "#  external_labels:\n"
    "#    site: home\n"
    "#scrape_configs:\n"
    "#  - job_name: haproxy\n"
    "#    scrape_interval: 1s\n"
    "#    scrape_timeout: 1s\n"
    "#    metrics_path: /metrics\n"
    "#    scheme: http\n"
    "#    params:\n"
    "#      scope: [frontend, backend, server]\n"
    "#    honor_labels: false\n"
    "#    honor_timestamps: true\n"
    "#    sample_limit: 0\n"
    "#    body_size_limit: 0\n"
    "#    label_limit: 0\n"
    "#    label_name_length_limit: 0\n"
    "#    label_value_length_limit: 0\n"
    "#    target_limit: 0\n"
    "#    follow_redirects: false\n"
    "#    static_configs:\n"
    "#      - targets: [\"127.0.0.1:8404\"]\n"
    "#        labels:\n"
    "#          proxy: edge\n"
    "#  - job_name: shop\n"
    "#    scheme: https\n"
    "#    basic_auth:\n"
    "#      username: fusebox\n"
    "#      password_file: shop.password\n"
    "#    tls_config:\n"
    "#      ca_file: ca.pem\n"
    "#      cert_file: fusebox.pem\n"
    "#      key_file: fusebox.key\n"
    "#      server_name: shop.internal\n"
    "#      min_version: TLS12\n"
    "#    file_sd_configs:\n"
    "#      - files: [\"shop/*.json\"]\n"
    "#        refresh_interval: 5m\n"
    "#  - job_name: cache\n"
    "#    authorization:\n"
    "#      credentials_file: cache.token\n"
    "#    static_configs:\n"
    "#      - targets: [\"127.0.0.1:9121\"]\n"
    "\n"
    "# Services with limits of their own. Every service that is not named here is found by itself "
    "and\n"
    "# has the retry budget of retry_budget above. camelCase is accepted too. Values are "
    "examples.\n"
    "#services:\n"
    "#  - name: user-service\n"
    "#    circuit_breaker_name: user-service-circuit\n"
    "#    max_retries_per_minute: 100\n"
    "#    max_retries_per_hour: 2000\n"
    "#    max_retry_rate_percent: 20\n"
    "#    warning_threshold_percent: 70\n"
    "#    critical_threshold_percent: 85\n"
    "#    slo_targets:\n"
    "#      availability: 99.9\n"
    "#      latency: 300\n"
    "#      error_rate: 0.05\n"
    "#    budgets:\n"
    "#      - kind: failure_tokens\n"
    "#        max_tokens: 10\n"
    "#        token_ratio: 0.1\n"
    "#    dependencies: [database-service, cache-service]\n"
    "#    team: backend-team\n"
    "#    environment: production\n"
    "\n"
    "# Metrics of your own that are signals; those of well-known exporters are found without. "
    "Values are\n"
    "# examples.\n"
    "#mappings:\n"
    "#  - metric: shop_circuit_state\n"
    "#    when:\n"
    "#      job: shop\n"
    "#    signal: breaker_state\n"
    "#    service_label: target\n"
    "#    breaker_label: circuit\n"
    "#    caller_label: job\n"
    "#    encoding: closed-open-halfopen\n";

/* --- the example --- */

static void indent(struct buf *out, size_t depth)
{
    while (depth--)
        buf_append_cstr(out, "  ");
}

/* Opens the maps of `name` that `before` had not opened; returns its depth and last part. */
static size_t print_maps(const char *before, const char *name, const char **ret_last,
                         struct buf *out)
{
    size_t common = option_common_len(before, name), depth = 0;
    const char *part = name, *dot;

    while ((dot = strchr(part, '.'))) {
        if (part >= name + common) {
            buf_append_byte(out, '\n');
            indent(out, depth);
            buf_printf(out, "%.*s:\n", (int)(dot - part), part);
        }
        depth++;
        part = dot + 1;
    }
    *ret_last = part;
    return depth;
}

/* Lines of prose behind "# ", broken at blanks. */
static void print_prose(size_t depth, struct str text, struct buf *out)
{
    while (text.len) {
        size_t len = text.len, room = EXAMPLE_COLUMNS - 2 - 2 * depth;

        if (len > room) {
            len = room;
            while (len > 1 && text.ptr[len] != ' ')
                len--;
        }
        indent(out, depth);
        buf_printf(out, "# %.*s\n", (int)len, text.ptr);
        len += len < text.len;
        text = (struct str){ text.ptr + len, text.len - len };
    }
}

static void print_facts(const struct option_row *row, struct buf *out)
{
    struct buf bounds = buf_limited(DIAG_MESSAGE_BYTES);

    option_bounds_print(row, &bounds);
    buf_append_byte(out, '(');
    buf_append_cstr(out, option_type_name(row->type));
    if (bounds.len)
        buf_printf(out, ", %.*s", STR_ARG(buf_str(&bounds)));
    if (row->unit && row->unit[0])
        buf_printf(out, " %s", row->unit);
    if (row->zero)
        buf_printf(out, "; 0: %s", row->zero);
    buf_printf(out, "; %s", row->environment);
    if (row->environment_also)
        buf_printf(out, " or %s", row->environment_also);
    if (row->reloadable)
        buf_append_cstr(out, "; reloadable");
    buf_append_byte(out, ')');
    if (buf_error(&bounds))
        out->failed = buf_error(&bounds);
    buf_release(&bounds);
}

static void print_option(const char *before, const struct option_row *row, struct buf *out)
{
    struct buf facts = buf_limited(EXAMPLE_FACTS_BYTES);
    const char *last;
    size_t depth = print_maps(before, row->name, &last, out);

    print_facts(row, &facts);
    print_prose(depth, str_of(row->help), out);
    print_prose(depth, buf_str(&facts), out);
    if (row->type == OPTION_SECRET) {
        indent(out, depth);
        buf_printf(out, "# From a file: %s_file, %s_FILE.\n", last, row->environment);
    }
    indent(out, depth);
    buf_printf(out, "#%s: %s\n", last, row->preset[0] ? row->preset : "\"\"");
    if (buf_error(&facts))
        out->failed = buf_error(&facts);
    buf_release(&facts);
}

void config_print_example(struct buf *out)
{
    const struct option_row *rows = option_rows();

    buf_append_cstr(out, example_head);
    buf_append_byte(out, '\n');
    for (size_t i = 0; i < OPT_COUNT; i++)
        print_option(i ? rows[i - 1].name : "", &rows[i], out);
    buf_append_cstr(out, example_tail);
}

/* --- the reference page --- */

static const char reference_head[] =
    "# Configuration\n"
    "\n"
    "<!-- Made from the tables in src/config; a test holds it fresh. -->\n"
    "\n"
    "Fusebox reads one YAML file (`--config FILE`; JSON is YAML). A value comes from, in rising "
    "precedence:\n"
    "its default, the file, its environment variable, `--set KEY=VALUE`. `fusebox config` writes a "
    "file with\n"
    "every option and its default. `fusebox check config` lists all errors of a file, each with "
    "its line and\n"
    "column. A faulty file never replaces a running configuration.\n"
    "\n"
    "* A dot in a key stands for a map: `storage.retention` is `storage:` with `retention:` below "
    "it.\n"
    "* Durations are written like `30s` or `1h30m`, with the units ms, s, m, h, d (24 h), w and y "
    "(365 d).\n"
    "* Sizes are written like `64MiB`, with the units B, KiB, MiB, GiB, TiB (powers of 1,024) and "
    "KB, MB, GB,\n"
    "  TB (powers of 1,000; in Prometheus' own keys powers of 1,024, as there).\n"
    "* A number without its unit is an error, except 0. Numbers may be quoted.\n"
    "* An unknown key is an error. Keys of Prometheus that are known and have no effect yet are "
    "named in one\n"
    "  warning.\n"
    "* Anchors, aliases, tags and a second document are not accepted; a file has at most 1 MiB.\n"
    "* An empty environment variable counts as not set.\n"
    "* A secret may be given as `x`, or as `x_file`, the name of a file that holds it "
    "(`FUSEBOX_X_FILE` in the\n"
    "  environment); it is never printed. In the file a relative name starts at the file's "
    "directory, "
    "else at\n"
    "  the working directory.\n"
    "* Reloadable options take effect on `SIGHUP` and `POST /-/reload`; the others after a "
    "restart.\n"
    "\n"
    "## Options\n"
    "\n"
    "| key | type | default | allowed | meaning | environment | reloadable |\n"
    "|---|---|---|---|---|---|---|\n";

static void print_cell_allowed(const struct option_row *row, struct buf *out)
{
    size_t before = out->len;

    option_bounds_print(row, out);
    if (row->unit && row->unit[0])
        buf_printf(out, "%s%s", out->len > before ? " " : "", row->unit);
}

static void print_cell_meaning(const struct option_row *row, struct buf *out)
{
    buf_append_cstr(out, row->help ? row->help : "");
    if (row->zero)
        buf_printf(out, " 0: %s.", row->zero);
}

static void print_cell_default(const struct option_row *row, struct buf *out)
{
    if (row->preset && !row->preset[0])
        buf_append_cstr(out, "empty");
    else if (row->preset)
        buf_printf(out, "`%s`", row->preset);
}

static void print_reference_row(const struct option_row *row, struct buf *out)
{
    buf_printf(out, "| `%s` | %s | ", row->name, option_type_name(row->type));
    print_cell_default(row, out);
    buf_append_cstr(out, " | ");
    print_cell_allowed(row, out);
    buf_append_cstr(out, " | ");
    print_cell_meaning(row, out);
    buf_printf(out, " | `%s`", row->environment);
    if (row->environment_also)
        buf_printf(out, ", `%s`", row->environment_also);
    buf_printf(out, " | %s |\n", row->reloadable ? "yes" : "");
}

static void print_field(const struct field *field, struct buf *out)
{
    buf_printf(out, "| `%s`", field->is.name);
    if (field->also)
        buf_printf(out, ", `%s`", field->also);
    buf_printf(out, " | %s | ",
               field->kind == FIELD_VALUE  ? option_type_name(field->is.type)
               : field->shape == NODE_LIST ? "list"
                                           : "map");
    if (field->required)
        buf_append_cstr(out, "required");
    else if (field->kind == FIELD_VALUE)
        print_cell_default(&field->is, out);
    buf_append_cstr(out, " | ");
    if (field->kind == FIELD_VALUE)
        print_cell_allowed(&field->is, out);
    buf_append_cstr(out, " | ");
    print_cell_meaning(&field->is, out);
    buf_append_cstr(out, " |\n");
}

static void print_unused_fields(const struct field_table *table, struct buf *out)
{
    const char *separator = "\nKnown, without effect yet: ";

    for (size_t i = 0; i < table->count; i++) {
        if (table->fields[i].kind != FIELD_UNUSED)
            continue;
        buf_printf(out, "%s`%s`", separator, table->fields[i].is.name);
        separator = ", ";
    }
    if (separator[0] == ',')
        buf_append_cstr(out, ".\n");
}

static void print_section(const char *title, const char *text, const struct field_table *table,
                          struct buf *out)
{
    buf_printf(out, "\n%s\n\n%s\n\n", title, text);
    buf_append_cstr(out, "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < table->count; i++)
        if (table->fields[i].kind != FIELD_UNUSED)
            print_field(&table->fields[i], out);
    print_unused_fields(table, out);
}

static void print_unused_paths(struct buf *out)
{
    buf_append_cstr(out, "\n## Other keys of Prometheus\n\nAccepted, without effect yet:");
    for (const char *const *path = config_unused_paths(); *path; path++)
        buf_printf(out, "%s `%s`", path == config_unused_paths() ? "" : ",", *path);
    buf_append_cstr(out, ".\n");
}

static void print_budget(const struct field_table *table, struct buf *out)
{
    char title[64];

    snprintf(title, sizeof title, "### budgets, kind %s", table->fields[0].is.help);
    print_section(title, "An item of `budgets`.", table, out);
}

void config_print_reference(struct buf *out)
{
    buf_append_cstr(out, reference_head);
    for (size_t i = 0; i < OPT_COUNT; i++)
        print_reference_row(&option_rows()[i], out);
    print_section("## global", "Prometheus' section of that name.", &global_table, out);
    print_section("## scrape_configs",
                  "A list of jobs in Prometheus' words; at most 1000, with 10000 targets together.",
                  &scrape_table, out);
    print_section("### static_configs", "A list of groups of targets.", &static_config_table, out);
    print_section("### file_sd_configs",
                  "Files of targets. A faulty file keeps its last good targets, is logged and "
                  "counted; relative names\nstart at the directory of the configuration file, here "
                  "and below.",
                  &file_sd_table, out);
    print_section("### basic_auth", "A name and a password, or `password_file`.", &basic_auth_table,
                  out);
    print_section("### authorization", "`credentials` or `credentials_file`.", &authorization_table,
                  out);
    print_section("### tls_config", "For the scheme https.", &tls_config_table, out);
    print_section("## services",
                  "A list of services, at most 10000. Keys are accepted in camelCase too "
                  "(`maxRetriesPerMinute`).\nAn SLO target is written in one of its two forms.",
                  &service_table, out);
    for (size_t i = 0; i < BUDGET_TABLES; i++)
        print_budget(&budget_tables[i], out);
    print_section("### slo_targets", "What the service promises.", &slo_targets_table, out);
    print_section(
        "## mappings",
        "A list of metrics that are signals, at most 1000. Each series that `when` accepts "
        "counts; of a counter\nits growth, of a gauge of `breaker_state` its value. Where "
        "an item accepts a series for a signal, the\nrows that are built in for the same "
        "signal do not. Takes effect after a restart.",
        &mapping_field_table, out);
    print_unused_paths(out);
}
