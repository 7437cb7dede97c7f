/*
 * YAML as a tree of nodes that know their line and column.
 *
 * A node is nothing, a text, a list or a map. The items of a list or a map form
 * a chain (first, next); an item of a map has a key. What a text means is the
 * reader's business; only `quoted` is kept of how it was written.
 *
 * Memory    Nodes live in one arena, texts in another, so that a snapshot may
 *           keep the texts and drop the tree.
 * Limits    One document, YAML_DEPTH_MAX levels, no anchors, aliases or tags, no
 *           NUL in a text. Memory: the arenas' limits.
 */
#ifndef FUSEBOX_CONFIG_YAML_H
#define FUSEBOX_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/diag.h"
#include "base/str.h"

enum { YAML_DEPTH_MAX = 16 };

enum node_kind { NODE_NULL, NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool quoted;
    int line;   /* from 1 */
    int column; /* from 1, in characters */
    struct str text;
    size_t count;       /* of items */
    struct node *first; /* item of a list or a map */
    struct node *last;
    struct node *next; /* in the chain of its parent */
    struct node *key;  /* a NODE_TEXT when the parent is a map, else NULL */
};

/*
 * Reads one document; an empty text is NODE_NULL. ERR_INVALID with the place in
 * diag, ERR_LIMIT, ERR_NOMEM.
 */
enum err yaml_parse(struct str text, struct arena *nodes, struct arena *texts,
                    struct node **ret_root, struct diag *diag) MUST_CHECK;

const char *node_kind_name(enum node_kind kind); /* "a list" */

#endif
