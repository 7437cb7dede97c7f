/*
 * A tree is a left-leaning red-black one: a 2-3 tree whose 3-nodes are a black
 * node with a red left child. So it is at most twice the logarithm deep, and
 * inserting is all that it needs: samples leave tree by tree.
 *
 * Free nodes stand in one tree without an order. A whole tree is put on top of
 * it by hanging the rest behind its rightmost node; a node is taken by turning
 * the top to the right until it has no left child:
 *
 *        b              a
 *       / \            / \
 *      a   z    ->    x   b        then a is turned if x is there, else taken
 *     / \                / \
 *    x   y              y   z
 *
 * So giving back is a walk down one side, and taking costs less than one turn in
 * the mean: a turn brings a node to the right side for good.
 */
#include "head/sample_tree.h"

#include "base/mem.h"

enum { NUMBER_MASK = 0x7fffffff };

struct sample_tree_node {
    struct sample sample;
    uint32_t left;
    uint32_t right : 31;
    uint32_t is_red : 1;
};

_Static_assert(sizeof(struct sample_tree_node) == SAMPLE_TREE_NODE_BYTES, "as the header says");

static struct sample_tree_node *node_at(const struct sample_trees *t, uint32_t number)
{
    uint32_t idx = (number - 1) / SAMPLE_TREE_PAGE_NODES;

    return &atomic_load_explicit(&t->pages[idx],
                                 memory_order_relaxed)[(number - 1) % SAMPLE_TREE_PAGE_NODES];
}

enum err sample_trees_init(struct sample_trees *t)
{
    *t = (struct sample_trees){ .pages = mem_alloc_zero(SAMPLE_TREE_PAGES_MAX, sizeof *t->pages) };
    return t->pages ? ERR_OK : ERR_NOMEM;
}

static void free_pages(struct sample_trees *t)
{
    for (uint32_t i = 0; i < t->page_count; i++)
        mem_free(atomic_load_explicit(&t->pages[i], memory_order_relaxed));
    t->page_count = 0;
    t->free_root = 0;
    t->taken_count = 0;
}

void sample_trees_release(struct sample_trees *t)
{
    free_pages(t);
    mem_free(t->pages);
    *t = (struct sample_trees){ 0 };
}

enum err sample_trees_reserve(struct sample_trees *t, uint64_t count)
{
    while ((uint64_t)t->page_count * SAMPLE_TREE_PAGE_NODES - t->used_count < count) {
        struct sample_tree_node *page;

        if (t->page_count == SAMPLE_TREE_PAGES_MAX)
            return ERR_LIMIT;
        page = mem_alloc(SAMPLE_TREE_PAGE_NODES * sizeof *page);
        if (!page)
            return ERR_NOMEM;
        /* A walker learns numbers later, under its owner's lock: relaxed is enough here. */
        atomic_store_explicit(&t->pages[t->page_count++], page, memory_order_relaxed);
    }
    return ERR_OK;
}

void sample_trees_trim(struct sample_trees *t)
{
    if (!t->used_count)
        free_pages(t);
}

/* --- nodes --- */

/* Takes any node out of a tree that is not empty and whose order is not needed any more. */
static uint32_t pop_any(const struct sample_trees *t, uint32_t *root)
{
    uint32_t top = *root;
    struct sample_tree_node *n = node_at(t, top);

    while (n->left) {
        uint32_t left = n->left;
        struct sample_tree_node *turned = node_at(t, left);

        n->left = turned->right;
        turned->right = top & NUMBER_MASK;
        top = left;
        n = turned;
    }
    *root = n->right;
    return top;
}

static uint32_t take_node(struct sample_trees *t)
{
    t->used_count++;
    return t->free_root ? pop_any(t, &t->free_root) : (uint32_t)++t->taken_count;
}

void sample_tree_give_back(struct sample_trees *t, uint32_t root)
{
    struct sample_tree_node *n;

    if (!root)
        return;
    for (n = node_at(t, root); n->right; n = node_at(t, n->right))
        ;
    n->right = t->free_root & NUMBER_MASK;
    t->free_root = root;
}

void sample_trees_uncount(struct sample_trees *t, uint64_t count)
{
    t->used_count -= count;
}

/* --- inserting --- */

static bool is_red(const struct sample_trees *t, uint32_t number)
{
    return number && node_at(t, number)->is_red;
}

static uint32_t rotate_left(const struct sample_trees *t, uint32_t top)
{
    struct sample_tree_node *n = node_at(t, top);
    uint32_t right = n->right;
    struct sample_tree_node *turned = node_at(t, right);

    n->right = turned->left & NUMBER_MASK;
    turned->left = top;
    turned->is_red = n->is_red;
    n->is_red = 1;
    return right;
}

static uint32_t rotate_right(const struct sample_trees *t, uint32_t top)
{
    struct sample_tree_node *n = node_at(t, top);
    uint32_t left = n->left;
    struct sample_tree_node *turned = node_at(t, left);

    n->left = turned->right;
    turned->right = top & NUMBER_MASK;
    turned->is_red = n->is_red;
    n->is_red = 1;
    return left;
}

/* Makes a 2-3 tree of it again, from the top of a subtree whose children are right. */
static uint32_t balance(const struct sample_trees *t, uint32_t top)
{
    struct sample_tree_node *n = node_at(t, top);

    if (is_red(t, n->right) && !is_red(t, n->left)) {
        top = rotate_left(t, top);
        n = node_at(t, top);
    }
    if (is_red(t, n->left) && is_red(t, node_at(t, n->left)->left)) {
        top = rotate_right(t, top);
        n = node_at(t, top);
    }
    if (is_red(t, n->left) && is_red(t, n->right)) {
        n->is_red = 1;
        node_at(t, n->left)->is_red = 0;
        node_at(t, n->right)->is_red = 0;
    }
    return top;
}

/* SAMPLE_TREE_DEPTH_MAX calls deep at most. */
static uint32_t insert_below(const struct sample_trees *t, uint32_t top, uint32_t number)
{
    struct sample_tree_node *n;

    if (!top)
        return number;
    n = node_at(t, top);
    if (node_at(t, number)->sample.ts_ms < n->sample.ts_ms)
        n->left = insert_below(t, n->left, number);
    else
        n->right = insert_below(t, n->right, number) & NUMBER_MASK;
    return balance(t, top);
}

static void insert_node(const struct sample_trees *t, uint32_t *root, uint32_t number)
{
    struct sample_tree_node *n = node_at(t, number);

    n->left = 0;
    n->right = 0;
    n->is_red = 1;
    *root = insert_below(t, *root, number);
    node_at(t, *root)->is_red = 0;
}

void sample_tree_insert(struct sample_trees *t, uint32_t *root, struct sample sample)
{
    uint32_t number = take_node(t);

    node_at(t, number)->sample = sample;
    insert_node(t, root, number);
}

void sample_tree_join(struct sample_trees *t, uint32_t *root, uint32_t other)
{
    if (!*root) {
        *root = other;
        return;
    }
    while (other)
        insert_node(t, root, pop_any(t, &other));
}

/* --- looking --- */

bool sample_tree_find(const struct sample_trees *t, uint32_t root, int64_t ts_ms, double *ret_value)
{
    while (root) {
        const struct sample_tree_node *n = node_at(t, root);

        if (n->sample.ts_ms == ts_ms) {
            *ret_value = n->sample.value;
            return true;
        }
        root = ts_ms < n->sample.ts_ms ? n->left : (uint32_t)n->right;
    }
    return false;
}

int64_t sample_tree_max_ts_ms(const struct sample_trees *t, uint32_t root)
{
    int64_t ts_ms = INT64_MIN;

    while (root) {
        ts_ms = node_at(t, root)->sample.ts_ms;
        root = node_at(t, root)->right;
    }
    return ts_ms;
}

static void walk_down(const struct sample_trees *t, struct sample_tree_walk *w, uint32_t number,
                      int64_t start_ms)
{
    while (number) {
        const struct sample_tree_node *n = node_at(t, number);
        bool in_range = n->sample.ts_ms >= start_ms;

        if (in_range)
            w->numbers[w->depth++] = number;
        number = in_range ? n->left : (uint32_t)n->right;
    }
}

void sample_tree_walk(const struct sample_trees *t, struct sample_tree_walk *w, uint32_t root,
                      int64_t start_ms)
{
    w->depth = 0;
    walk_down(t, w, root, start_ms);
}

bool sample_tree_peek(const struct sample_trees *t, const struct sample_tree_walk *w,
                      struct sample *ret)
{
    if (!w->depth)
        return false;
    *ret = node_at(t, w->numbers[w->depth - 1])->sample;
    return true;
}

void sample_tree_next(const struct sample_trees *t, struct sample_tree_walk *w)
{
    uint32_t number = w->numbers[--w->depth];

    walk_down(t, w, node_at(t, number)->right, INT64_MIN);
}
