/*
 * The command line: one table of commands, from which help, parsing and dispatch
 * come.
 *
 * Exit codes are those of base/err.h: 0 success, 2 a malformed call or
 * configuration, and so on.
 */
#ifndef FUSEBOX_CLI_COMMANDS_H
#define FUSEBOX_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

enum { CLI_SETTINGS_MAX = 128 };

enum cli_output { CLI_OUTPUT_TABLE, CLI_OUTPUT_JSON, CLI_OUTPUT_CSV };

/* What all commands' flags amount to. A command's row says which of them it takes. */
struct cli_flags {
    const char *config;
    const char *data;
    const char *listen;
    struct config_setting settings[CLI_SETTINGS_MAX];
    size_t setting_count;
    int rate_per_s;
    int64_t duration_ms;
    bool insecure_listen;
    bool only_scene;
    bool reference;
    enum cli_output output;
    const char *argument; /* the word that is no flag */
    const char *time, *start, *end, *step;
    const char *url;  /* of the daemon */
    const char *name; /* of a backup */
    const char *from, *to;
};

/*
 * One flag: takes a value unless `value` is NULL, of -o one of those between the bars. A name
 * without a dash, as "EXPR", is a word that the command needs beside its flags.
 */
struct cli_flag {
    const char *name;  /* "--config" */
    const char *value; /* "FILE" */
    const char *help;
};

enum { CLI_FLAGS_PER_COMMAND = 7 };

struct cli_command {
    const char *name;    /* "check config" */
    const char *summary; /* one sentence */
    const char *details; /* further lines, or NULL */
    struct cli_flag flags[CLI_FLAGS_PER_COMMAND];
    int (*run)(struct cli_flags *flags);
};

extern const struct cli_command cli_commands[];
extern const size_t cli_command_count;

/* Parses argv and runs the command; returns the exit code. */
int cli_main(int argc, char **argv);

/* Prints the list of commands, or one command's page, to stdout (or stderr after a mistake). */
void cli_print_overview(bool mistake);
void cli_print_command(const struct cli_command *command, bool mistake);

#endif
