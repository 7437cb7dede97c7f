/*
 * Binds a map of the file to a struct, by a table of its keys.
 *
 * A field is an option row (name, type, bounds, help) with the offset of the
 * member that takes the value: int64_t for integers, durations and sizes,
 * double, bool, struct str. A NODE field stores `const struct node *` for the
 * caller to read further. An UNUSED field is a key that is known and has no
 * effect yet; with a type other than OPTION_SECRET its value is checked.
 *
 * In a table that says so, keys are also accepted in camelCase. `also` is another
 * name of the same key; giving both is an error, as giving one twice.
 *
 * Threads   Value. Memory: texts are borrowed from the tree.
 */
#ifndef FUSEBOX_CONFIG_BIND_H
#define FUSEBOX_CONFIG_BIND_H

#include <stdbool.h>
#include <stddef.h>

#include "config/options.h"
#include "config/report.h"

enum { FIELDS_MAX = 80 };

enum field_kind { FIELD_VALUE, FIELD_NODE, FIELD_UNUSED };

struct field {
    enum field_kind kind;
    struct option_row is;
    size_t offset;
    enum node_kind shape; /* of a NODE field: NODE_LIST or NODE_MAP */
    const char *also;     /* another name of the key, or NULL */
    bool required;
    bool kb_is_kib; /* of a size: KB, MB, GB, TB are powers of 1,024, as in Prometheus' own keys */
};

struct field_table {
    const char *what; /* "scrape_configs item" */
    const struct field *fields;
    size_t count;
    bool camel_case;
};

/* Fills `target` as far as the map is right. False when it is not a map. */
bool bind_map(struct report *report, const struct field_table *table, const struct node *map,
              void *target);

/* The field that a key of such a map means; NULL: none. */
const struct field *bind_find_field(const struct field_table *table, struct str key);

/* A list, or nothing (an empty list): true; anything else is reported. */
bool bind_is_list(struct report *report, const char *name, const struct node *node);

/* A text of min_bytes to max_bytes; anything else is reported. */
bool bind_text(struct report *report, const char *name, const struct node *node, size_t min_bytes,
               size_t max_bytes, struct str *ret);

#endif
