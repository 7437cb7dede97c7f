/*
 * Breaks a store in every way that a machine can, and says what it finds.
 *
 *   break_store kill|power|flip|faults [--dir DIR] [--jobs N] [--case N] [--first N] [--cases N]
 *               [--every N] [--relaxed] [--verbose]
 *
 * Prints "finding: WAY CASE: what" for each defect; --case repeats that one. Exit 0: none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "break.h"

static const struct {
    const char *name;
    int (*run)(const struct break_options *o);
} ways[] = { { "kill", break_kill },
             { "power", break_power },
             { "flip", break_flip },
             { "faults", break_faults } };

static int usage(void)
{
    fputs(
        "usage: break_store kill|power|flip|faults [--dir DIR] [--jobs N] [--case N] [--first N]\n"
        "                   [--cases N] [--every N] [--relaxed] [--verbose]\n",
        stderr);
    return 2;
}

/* Takes an option and its number; answers how many words it has, 0: it is none. */
static int take_option(struct break_options *o, char **words, int count)
{
    uint64_t number = count > 1 ? strtoull(words[1], NULL, 10) : 0;

    if (strcmp(words[0], "--relaxed") == 0)
        return o->relaxed = true;
    if (strcmp(words[0], "--verbose") == 0)
        return o->verbose = true;
    if (count < 2)
        return 0;
    if (strcmp(words[0], "--dir") == 0)
        o->dir = words[1];
    else if (strcmp(words[0], "--jobs") == 0)
        o->jobs = (int)number;
    else if (strcmp(words[0], "--case") == 0)
        o->first = o->last = number, o->jobs = 1;
    else if (strcmp(words[0], "--first") == 0)
        o->first = number;
    else if (strcmp(words[0], "--cases") == 0)
        o->last = number;
    else if (strcmp(words[0], "--every") == 0)
        o->every = number;
    else
        return 0;
    return 2;
}

int main(int argc, char **argv)
{
    struct break_options o = { .jobs = 2 };
    char dir[] = "/dev/shm/break-XXXXXX";
    bool own_dir;
    int took;
    int status = -1;

    for (int i = 2; i < argc; i += took) {
        took = take_option(&o, argv + i, argc - i);
        if (!took)
            return usage();
    }
    own_dir = !o.dir;
    if (own_dir)
        o.dir = mkdtemp(dir);
    if (!o.dir || o.jobs < 1)
        return usage();
    script_init();
    for (size_t i = 0; argc > 1 && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            status = ways[i].run(&o);
    if (own_dir)
        break_dir_remove(o.dir);
    return status < 0 ? usage() : status;
}
