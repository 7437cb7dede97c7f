#include "cli/version.h"

#include "daemon/libraries.h"

void version_print(FILE *out)
{
    struct library libraries[LIBRARIES_COUNT];

    libraries_list(libraries);
    fprintf(out, "fusebox %s\n", FUSEBOX_VERSION);
    for (size_t i = 0; i < LIBRARIES_COUNT; i++) {
        fprintf(out, "  %-14s %s\n", libraries[i].name, libraries[i].version);
        if (libraries[i].known_defect)
            fprintf(out, "  %-14s note: %s\n", "", libraries[i].known_defect);
    }
}
