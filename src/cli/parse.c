/* Words of the command line to a row of the table and its flags. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "cli/colour.h"
#include "cli/commands.h"
#include "model/duration.h"

static const int EXIT_USAGE = 2;

void cli_print_overview(bool mistake)
{
    FILE *out = mistake ? stderr : stdout;

    fprintf(out, "Fusebox shows retries, circuit breakers and error budgets before they hurt.\n\n"
                 "usage: fusebox COMMAND [FLAGS]\n\n");
    for (size_t i = 0; i < cli_command_count; i++)
        fprintf(out, "  %s%-15s%s %s\n", colour_on(out, COLOUR_STRONG), cli_commands[i].name,
                colour_off(out), cli_commands[i].summary);
    fprintf(out, "\nfusebox COMMAND --help shows a command's flags.\n");
}

/* The name of the word that the command needs; or NULL. */
static const char *argument_of(const struct cli_command *command)
{
    for (size_t i = 0; i < CLI_FLAGS_PER_COMMAND && command->flags[i].name; i++)
        if (command->flags[i].name[0] != '-')
            return command->flags[i].name;
    return NULL;
}

void cli_print_command(const struct cli_command *command, bool mistake)
{
    FILE *out = mistake ? stderr : stdout;

    fprintf(out, "usage: %sfusebox %s%s", colour_on(out, COLOUR_STRONG), command->name,
            colour_off(out));
    if (argument_of(command))
        fprintf(out, " %s", argument_of(command));
    fprintf(out, "%s\n\n%s.\n", command->flags[0].name ? " [FLAGS]" : "", command->summary);
    if (command->details)
        fprintf(out, "%s\n", command->details);
    if (command->flags[0].name)
        fprintf(out, "\n");
    for (size_t i = 0; i < CLI_FLAGS_PER_COMMAND && command->flags[i].name; i++) {
        char left[64];

        snprintf(left, sizeof left, "%s %s", command->flags[i].name,
                 command->flags[i].value ? command->flags[i].value : "");
        fprintf(out, "  %-20s %s\n", left, command->flags[i].help);
    }
}

/* The command that the first words name; *ret_words says how many they are. */
static const struct cli_command *find_command(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < cli_command_count; i++) {
        struct str first, second = str_cut(str_of(cli_commands[i].name), ' ', &first);

        if (argc < 2 || !str_equals(first, str_of(argv[1])))
            continue;
        *ret_words = second.len ? 2 : 1;
        if (!second.len || (argc > 2 && str_equals(second, str_of(argv[2]))))
            return &cli_commands[i];
    }
    return NULL;
}

static const struct cli_flag *find_flag(const struct cli_command *command, struct str name)
{
    for (size_t i = 0; i < CLI_FLAGS_PER_COMMAND && command->flags[i].name; i++)
        if (command->flags[i].name[0] == '-' && str_equals(str_of(command->flags[i].name), name))
            return &command->flags[i];
    return NULL;
}

static bool set_setting(struct cli_flags *flags, const char *text)
{
    struct str key, value = str_cut(str_of(text), '=', &key);

    if (!key.len || key.len == strlen(text) || flags->setting_count >= CLI_SETTINGS_MAX - 3)
        return false;
    flags->settings[flags->setting_count++] = (struct config_setting){ key, value };
    return true;
}

static bool set_number(const char *text, int *ret)
{
    int64_t number;

    if (!str_parse_i64(str_of(text), &number) || number < 1 || number > 1000000)
        return false;
    *ret = (int)number;
    return true;
}

/* The names between the bars of "table|json|csv", of which the value must be one. */
static bool set_output(const struct cli_flag *flag, const char *value, enum cli_output *ret)
{
    static const struct {
        const char *name;
        enum cli_output output;
    } outputs[] = { { "table", CLI_OUTPUT_TABLE },
                    { "json", CLI_OUTPUT_JSON },
                    { "csv", CLI_OUTPUT_CSV } };
    struct str name, rest = str_of(flag->value);

    while (rest.len) {
        rest = str_cut(rest, '|', &name);
        for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
            if (str_equals(name, str_of(value)) && str_equals(name, str_of(outputs[i].name))) {
                *ret = outputs[i].output;
                return true;
            }
    }
    return false;
}

/* Where a flag's text goes, for flags that are kept as they are; else NULL. */
static const char **text_of(struct cli_flags *flags, struct str name)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        { "--config", &flags->config }, { "--data", &flags->data }, { "--listen", &flags->listen },
        { "--url", &flags->url },       { "--name", &flags->name }, { "--from", &flags->from },
        { "--to", &flags->to },         { "--time", &flags->time }, { "--start", &flags->start },
        { "--end", &flags->end },       { "--step", &flags->step },
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (str_equals(name, str_of(texts[i].name)))
            return texts[i].text;
    return NULL;
}

/* False: the value does not fit the flag. */
static bool apply(struct cli_flags *flags, const struct cli_flag *flag, const char *value)
{
    struct str name = str_of(flag->name);
    const char **text = text_of(flags, name);

    if (text)
        *text = value;
    else if (str_equals(name, STR("--set")))
        return set_setting(flags, value);
    else if (str_equals(name, STR("--rate")))
        return set_number(value, &flags->rate_per_s);
    else if (str_equals(name, STR("--duration")))
        return duration_parse(str_of(value), &flags->duration_ms);
    else if (str_equals(name, STR("-o")))
        return set_output(flag, value, &flags->output);
    else if (str_equals(name, STR("--insecure-listen")))
        flags->insecure_listen = true;
    else if (str_equals(name, STR("--only-scene")))
        flags->only_scene = true;
    else
        flags->reference = true;
    return true;
}

static int complain(const struct cli_command *command, const char *what, const char *word)
{
    fprintf(stderr, "%sfusebox %s: %s \"%s\"%s\n\n", colour_on(stderr, COLOUR_BAD), command->name,
            what, word, colour_off(stderr));
    cli_print_command(command, true);
    return EXIT_USAGE;
}

/* "-x" may begin an expression; "--x" is always meant as a flag. */
static bool take_argument(const struct cli_command *command, struct cli_flags *flags,
                          const char *word)
{
    if (!argument_of(command) || flags->argument || str_has_prefix(str_of(word), STR("--")))
        return false;
    flags->argument = word;
    return true;
}

/* "--flag value" and "--flag=value". 0, or the exit code after a complaint. */
static int parse_flags(const struct cli_command *command, int argc, char **argv, int first,
                       struct cli_flags *flags)
{
    for (int i = first; i < argc; i++) {
        struct str name, inside = str_cut(str_of(argv[i]), '=', &name);
        bool has_inside = name.len < strlen(argv[i]);
        const struct cli_flag *flag = find_flag(command, name);
        const char *value = has_inside ? inside.ptr : NULL;

        if (!flag && take_argument(command, flags, argv[i]))
            continue;
        if (!flag || (!flag->value && has_inside))
            return complain(command, "does not take", argv[i]);
        if (flag->value && !value && ++i < argc)
            value = argv[i];
        if (flag->value && !value)
            return complain(command, "needs a value behind", flag->name);
        if (!apply(flags, flag, value))
            return complain(command, "cannot read the value", value);
    }
    if (argument_of(command) && !flags->argument)
        return complain(command, "needs the word", argument_of(command));
    return 0;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (str_equals(str_of(argv[i]), STR("--help")) || str_equals(str_of(argv[i]), STR("-h")))
            return true;
    return false;
}

/* Of "check config" the first word alone is near too. */
static size_t distance_to(const char *name, struct str word)
{
    struct str first;
    size_t whole = str_distance(str_of(name), word), of_first;

    (void)str_cut(str_of(name), ' ', &first);
    of_first = str_distance(first, word);
    return of_first < whole ? of_first : whole;
}

static int no_such_command(const char *word)
{
    struct str nearest = STR_NONE;
    size_t best = 4;

    for (size_t i = 0; i < cli_command_count; i++) {
        size_t distance = distance_to(cli_commands[i].name, str_of(word));

        if (distance < best) {
            best = distance;
            nearest = str_of(cli_commands[i].name);
        }
    }
    fprintf(stderr, "%sfusebox: there is no command \"%s\"%s", colour_on(stderr, COLOUR_BAD), word,
            colour_off(stderr));
    if (nearest.len)
        fprintf(stderr, "; did you mean \"%.*s\"?", STR_ARG(nearest));
    fprintf(stderr, "\n\n");
    cli_print_overview(true);
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv)
{
    static struct cli_flags flags;
    const struct cli_command *command;
    int words = 0, failed;

    umask(077); /* what we write is nobody else's to read */
    if (argc < 2) {
        cli_print_overview(true);
        return EXIT_USAGE;
    }
    command = find_command(argc, argv, &words);
    if (wants_help(argc, argv)) {
        if (command)
            cli_print_command(command, false);
        else
            cli_print_overview(false);
        return 0;
    }
    if (str_equals(str_of(argv[1]), STR("--version")))
        return cli_main(2, (char *[]){ argv[0], (char *)"version" });
    if (!command)
        return no_such_command(argv[1]);
    failed = parse_flags(command, argc, argv, 1 + words, &flags);
    return failed ? failed : command->run(&flags);
}
