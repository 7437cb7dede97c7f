/*
 * GET /api/v1/storage as a page for people in a terminal.
 *
 * Source    docs/formats/storage.md; what the document leaves out is left out here.
 */
#ifndef FUSEBOX_CLI_STORAGE_INFO_H
#define FUSEBOX_CLI_STORAGE_INFO_H

#include <stdio.h>

#include "base/json_read.h"

void storage_info_print(FILE *out, struct json_value doc);

#endif
