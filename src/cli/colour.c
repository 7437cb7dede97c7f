#include "cli/colour.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_wanted(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");

    return isatty(fileno(out)) && !(no_colour && no_colour[0]);
}

const char *colour_on(FILE *out, enum colour colour)
{
    static const char *const sequences[] = { "\033[32m", "\033[31m", "\033[1m" };

    return is_wanted(out) ? sequences[colour] : "";
}

const char *colour_off(FILE *out)
{
    return is_wanted(out) ? "\033[0m" : "";
}
