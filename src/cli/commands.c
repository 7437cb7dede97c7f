#include "cli/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"
#include "cli/ask.h"
#include "cli/colour.h"
#include "cli/demo.h"
#include "cli/query.h"
#include "cli/storage.h"
#include "cli/version.h"
#include "daemon/daemon.h"
#include "daemon/listen_auth.h"

enum { OUTPUT_MAX_BYTES = 4 << 20 };

/* Flags that are short for a setting become one, in front of the others: --set wins over them. */
static void sources_of(struct cli_flags *flags, struct config_sources *ret)
{
    struct config_setting front[3];
    size_t count = 0;

    if (flags->data)
        front[count++] = (struct config_setting){ STR("data"), str_of(flags->data) };
    if (flags->listen)
        front[count++] = (struct config_setting){ STR("listen"), str_of(flags->listen) };
    if (flags->insecure_listen)
        front[count++] = (struct config_setting){ STR("http.insecure_listen"), STR("true") };
    memmove(flags->settings + count, flags->settings, flags->setting_count * sizeof front[0]);
    memcpy(flags->settings, front, count * sizeof front[0]);
    flags->setting_count += count;
    *ret = (struct config_sources){
        .file = flags->config,
        .settings = flags->settings,
        .setting_count = flags->setting_count,
        .environment = environ,
    };
}

static int command_run(struct cli_flags *flags)
{
    struct config_sources sources;

    sources_of(flags, &sources);
    return daemon_run(&sources, stdout, stderr);
}

static void print_buf(FILE *out, struct buf *text)
{
    fwrite(text->data ? text->data : "", 1, text->len, out);
    buf_release(text);
}

/* What the daemon would refuse when it starts to listen. */
static enum err check_access(const struct config *cfg)
{
    struct listen_address address;
    struct diag diag = { 0 };
    struct auth auth;
    enum err err = listen_address_parse(config_text(cfg, OPT_LISTEN), &address, &diag);

    if (!err)
        err = listen_auth_init(&auth, cfg, &address, &diag);
    if (err)
        fprintf(stderr, "%s\n", diag_text(&diag));
    return err;
}

static int command_check_config(struct cli_flags *flags)
{
    struct config_sources sources;
    struct config_errors errors;
    struct config *cfg = NULL;
    struct buf text = buf_limited(OUTPUT_MAX_BYTES);
    size_t scrapes = 0, services = 0;
    enum err err;

    sources_of(flags, &sources);
    config_errors_init(&errors);
    err = config_load(&sources, &cfg, &errors);
    if (!err)
        err = config_check_files(cfg, sources.file, &errors);
    config_errors_print(&errors, &text);
    print_buf(stderr, &text);
    if (!err)
        err = check_access(cfg);
    if (err) {
        fprintf(stderr, "%s%s is not valid%s\n", colour_on(stderr, COLOUR_BAD),
                flags->config ? flags->config : "the configuration", colour_off(stderr));
    } else {
        (void)config_scrapes(cfg, &scrapes);
        (void)config_services(cfg, &services);
        printf("%s%s is valid%s: %zu scrape_configs, %zu services\n",
               colour_on(stdout, COLOUR_GOOD), flags->config ? flags->config : "the configuration",
               colour_off(stdout), scrapes, services);
    }
    config_errors_release(&errors);
    config_unref(cfg);
    return err_exit_code(err);
}

static int command_config(struct cli_flags *flags)
{
    struct buf text = buf_limited(OUTPUT_MAX_BYTES);
    enum err err;

    if (flags->reference)
        config_print_reference(&text);
    else
        config_print_example(&text);
    err = buf_error(&text);
    print_buf(stdout, &text);
    return err_exit_code(err);
}

static int command_version(struct cli_flags *flags)
{
    (void)flags;
    version_print(stdout);
    return 0;
}

static int command_demo(struct cli_flags *flags)
{
    struct demo_options options = {
        .data_dir = flags->data,
        .listen = flags->listen,
        .rate_per_s = flags->rate_per_s,
        .duration_ms = flags->duration_ms,
        .only_scene = flags->only_scene,
    };

    return demo_run(&options);
}

static int command_help(struct cli_flags *flags)
{
    (void)flags;
    cli_print_overview(false);
    return 0;
}

/* clang-format off */
#define FLAG_CONFIG { "--config", "FILE", "configuration file (YAML); an existing prometheus.yml does" }
#define FLAG_DATA { "--data", "DIR", "directory of the data (default ./fusebox-data)" }
#define FLAG_LISTEN { "--listen", "ADDR:PORT", "where to listen (default 127.0.0.1:8080); port 0 takes a free one" }
#define FLAG_INSECURE { "--insecure-listen", NULL, "others may reach it without token or password" }
#define FLAG_URL { "--url", "URL", "of the daemon (default " ASK_URL_DEFAULT ")" }
#define FLAG_STORE { "--data", "DIR", "directory of the data" }
#define FLAG_SET { "--set", "KEY=VALUE", "sets one option of `fusebox config`; may be repeated, wins over all else" }

const struct cli_command cli_commands[] = {
    { "run", "Runs the daemon in the foreground",
      "Prints one line with its URL when it is ready. SIGHUP reloads the configuration,\n"
      "SIGTERM and Ctrl-C end it cleanly. Without --config it watches itself.",
      { FLAG_CONFIG, FLAG_DATA, FLAG_LISTEN, FLAG_INSECURE, FLAG_SET }, command_run },
    { "demo", "Shows a real system that fails and recovers, watched by Fusebox",
      "HAProxy in front of three services on nginx, with scenes of failure. Ctrl-C ends it all.",
      { FLAG_DATA, FLAG_LISTEN,
        { "--rate", "N", "calls a second to each service (default 60)" },
        { "--duration", "TIME", "ends by itself after this time, as 5m" },
        { "--only-scene", NULL, "without Fusebox: bring your own Prometheus" } },
      command_demo },
    { "check config", "Checks a configuration and names every error with its place",
      NULL, { FLAG_CONFIG, FLAG_DATA, FLAG_LISTEN, FLAG_INSECURE, FLAG_SET }, command_check_config },
    { "config", "Prints a commented example configuration with every option",
      "Keep it as your own: fusebox config > fusebox.yml",
      { { "--reference", NULL, "prints the reference page (Markdown) instead" } }, command_config },
    { "query", "Asks the daemon in PromQL: a table, or charts with --start, --end or --step",
      "A moment is RFC 3339, Unix seconds, or how long ago, as -1h. Without --start the range is an\n"
      "hour, without --end it ends now, without --step it has some 240 points.",
      { { "EXPR", NULL, "the expression, as 'rate(http_requests_total[5m])'" },
        { "--time", "MOMENT", "of the value (default now)" },
        { "--start", "MOMENT", "of a range" }, { "--end", "MOMENT", "of a range" },
        { "--step", "TIME", "between the points of a range, as 15s" }, FLAG_URL,
        { "-o", "table|json|csv", "a table or charts, the document of the API, or CSV" } },
      query_command },
    { "storage info", "Shows what is stored where, how large, since when, and what is wrong with it",
      NULL, { FLAG_URL, { "-o", "json", "prints the document of the API instead" } }, storage_info },
    { "storage verify", "Checks every file of a store, or of a backup, that no daemon has open",
      "Each damaged place is a line: path: offset N: what. Exit code 0, or 8 when there is one.\n"
      "Nothing is changed.",
      { FLAG_STORE }, storage_verify },
    { "storage seal", "Seals into blocks what is in memory and log alone",
      "The daemon does it by itself every half hour.", { FLAG_URL }, storage_seal },
    { "storage backup", "Copies the store while the daemon runs, or without one",
      "The daemon seals and copies to DATA/backups/NAME; --to copies that on and verifies the copy.\n"
      "Without a daemon: --data DIR --to DIR.",
      { FLAG_URL, { "--name", "NAME", "of the backup (default the time)" },
        { "--to", "DIR", "where a verified copy goes; made, must not exist" },
        { "--data", "DIR", "the store of a daemon that does not run; needs --to" } },
      storage_backup },
    { "storage restore", "Makes a store of a backup, and verifies it",
      "The directory must not hold a store; nothing is ever overwritten.",
      { { "--from", "BACKUP", "directory of the backup" }, FLAG_STORE }, storage_restore },
    { "version", "Prints the versions of Fusebox and of the libraries it runs with", NULL,
      { { NULL } }, command_version },
    { "help", "Prints this list; `fusebox COMMAND --help` tells more", NULL, { { NULL } },
      command_help },
};
/* clang-format on */

const size_t cli_command_count = ARRAY_LEN(cli_commands);
