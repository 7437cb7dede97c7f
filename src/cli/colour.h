/* Colours for a terminal: none when the stream is no terminal or NO_COLOR is set. */
#ifndef FUSEBOX_CLI_COLOUR_H
#define FUSEBOX_CLI_COLOUR_H

#include <stdio.h>

enum colour { COLOUR_GOOD, COLOUR_BAD, COLOUR_STRONG };

const char *colour_on(FILE *out, enum colour colour); /* an escape sequence, or "" */
const char *colour_off(FILE *out);

#endif
