/* How the tables of rows write the conditions of a row: { "label", ANY("one", "other") }. */
#ifndef FUSEBOX_INGEST_MAPPING_ROWS_H
#define FUSEBOX_INGEST_MAPPING_ROWS_H

#include "ingest/mapping_table.h"

#define MATCHES(how, ...)                                                                          \
    how, (const char *const[])                                                                     \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define ANY(...)  MATCHES(MATCH_ANY, __VA_ARGS__)
#define NONE(...) MATCHES(MATCH_NONE, __VA_ARGS__)
#define PART(...) MATCHES(MATCH_PART, __VA_ARGS__)

#endif
