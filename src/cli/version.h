/* Versions of Fusebox and of the libraries as they are at run time, with what is known against
 * them. */
#ifndef FUSEBOX_CLI_VERSION_H
#define FUSEBOX_CLI_VERSION_H

#include <stdio.h>

void version_print(FILE *out);

#endif
