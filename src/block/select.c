/*
 * Selecting: each matcher narrows a set with one bit per series.
 *
 * A matcher that accepts the empty value accepts the series without the label
 * too, so it takes away those whose value it does not accept; any other keeps
 * those whose value it accepts. Only for equal and not equal with a value the
 * pair is known; otherwise all pairs of the name are asked. Where the index is
 * damaged, the labels of all series are asked instead.
 */
#include "base/mem.h"
#include "base/size.h"
#include "block/cursor.h"

struct selection {
    struct block_cursor *c;
    struct series_set chosen; /* by the matchers so far */
    struct series_set listed; /* those of the pairs of one matcher */
    struct diag *why;
};

static enum err add_listed(struct selection *s, const struct posting *posting)
{
    uint64_t count = 0;

    return cursor_postings(s->c, posting, &s->listed, &count, s->why);
}

/* Adds the series of the pairs in one page that stand in the name; false in *ret_more: the name
 * ends there. */
static enum err add_of_page(struct selection *s, const struct matcher *m, bool listed_if_accepted,
                            size_t page_number, bool *ret_more)
{
    const struct pairs_page *page = NULL;
    enum err err = cursor_pairs(s->c, page_number, &page, s->why);

    for (size_t i = 0; !err && i < page->count; i++) {
        struct label pair = pairs_page_entry(page, i);
        int order = str_compare(pair.name, m->name);

        *ret_more = order <= 0;
        if (order > 0)
            break;
        if (order == 0 && matcher_accepts(m, pair.value) == listed_if_accepted)
            err = add_listed(s, &page->entries[i].posting);
    }
    return err;
}

/* Lists the series of all pairs of the name that the matcher accepts, or that it does not. */
static enum err list_name(struct selection *s, const struct matcher *m, bool listed_if_accepted)
{
    const struct directory *d = s->c->directory;
    size_t page = directory_find_pair(d, (struct label){ m->name, STR_NONE });
    bool more = true;
    enum err err = ERR_OK;

    for (; page < d->pairs.count && more && !err; page++)
        err = add_of_page(s, m, listed_if_accepted, page, &more);
    return err;
}

/* Lists the series of the one pair that the matcher names. */
static enum err list_pair(struct selection *s, const struct matcher *m)
{
    struct label wanted = { m->name, m->value };
    const struct pairs_page *page = NULL;
    enum err err = cursor_pairs(s->c, directory_find_pair(s->c->directory, wanted), &page, s->why);
    size_t low = 0;
    size_t high;

    if (err)
        return err;
    high = page->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (pairs_compare(pairs_page_entry(page, middle), wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == page->count || pairs_compare(pairs_page_entry(page, low), wanted) != 0)
        return ERR_OK;
    return add_listed(s, &page->entries[low].posting);
}

static enum err narrow(struct selection *s, const struct matcher *m)
{
    bool takes_away = matcher_accepts(m, STR_NONE);
    bool one_pair = (m->kind == MATCH_EQUAL || m->kind == MATCH_NOT_EQUAL) && m->value.len > 0;
    enum err err;

    if (!series_set_init(&s->listed, s->chosen.series_count, false))
        return ERR_NOMEM;
    err = one_pair ? list_pair(s, m) : list_name(s, m, !takes_away);
    if (!err && takes_away)
        series_set_subtract(&s->chosen, &s->listed);
    else if (!err)
        series_set_intersect(&s->chosen, &s->listed);
    series_set_release(&s->listed);
    return err;
}

static enum err select_by_index(struct selection *s, const struct matcher *matchers,
                                size_t matcher_count)
{
    enum err err = ERR_OK;

    if (!series_set_init(&s->chosen, (uint32_t)s->c->block->layout.series_count, true))
        return ERR_NOMEM;
    for (size_t i = 0; i < matcher_count && !err; i++)
        err = narrow(s, &matchers[i]);
    return err;
}

static enum err give_chosen(const struct selection *s, uint32_t **ret_series, size_t *ret_count)
{
    size_t count = series_set_count(&s->chosen);
    uint32_t *list = mem_alloc(mul_size(count, sizeof *list));

    if (!list)
        return ERR_NOMEM;
    series_set_list(&s->chosen, list);
    *ret_series = list;
    *ret_count = count;
    return ERR_OK;
}

enum err block_select(struct block_cursor *c, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_series, size_t *ret_count, struct diag *diag)
{
    struct diag why = { 0 };
    struct selection s = { .c = c, .why = &why };
    enum err err = cursor_prepare(c, &why);

    if (!err)
        err = select_by_index(&s, matchers, matcher_count);
    if (!err)
        err = give_chosen(&s, ret_series, ret_count);
    series_set_release(&s.chosen);
    return block_explain(c->block, err, &why, diag);
}

/* --- without the index --- */

static bool all_accept(const struct matcher *matchers, size_t count, struct labels labels)
{
    size_t i = 0;

    while (i < count && matcher_matches(&matchers[i], labels))
        i++;
    return i == count;
}

static enum err select_by_labels(struct selection *s, const struct matcher *matchers,
                                 size_t matcher_count, block_on_damage *on_damage, void *ctx)
{
    uint32_t series_count = (uint32_t)s->c->block->layout.series_count;

    series_set_release(&s->chosen);
    if (!series_set_init(&s->chosen, series_count, false))
        return ERR_NOMEM;
    for (uint32_t i = 0; i < series_count; i++) {
        struct labels labels;
        enum err err = cursor_labels(s->c, i, &labels, s->why);

        if (!err && all_accept(matchers, matcher_count, labels))
            series_set_add(&s->chosen, i);
        if (!err)
            continue;
        if (err != ERR_CORRUPT)
            return err;
        cursor_report(s->c, on_damage, ctx, s->why);
        *s->why = (struct diag){ 0 };
    }
    return ERR_OK;
}

enum err block_salvage_select(struct block_cursor *c, const struct matcher *matchers,
                              size_t matcher_count, uint32_t **ret_series, size_t *ret_count,
                              block_on_damage *on_damage, void *ctx, struct diag *diag)
{
    struct diag why = { 0 };
    struct selection s = { .c = c, .why = &why };
    enum err err = cursor_prepare(c, &why);

    if (err)
        return block_explain(c->block, err, &why, diag);
    err = select_by_index(&s, matchers, matcher_count);
    if (err == ERR_CORRUPT) {
        cursor_report(c, on_damage, ctx, &why);
        why = (struct diag){ 0 };
        err = select_by_labels(&s, matchers, matcher_count, on_damage, ctx);
    }
    if (!err)
        err = give_chosen(&s, ret_series, ret_count);
    series_set_release(&s.chosen);
    return block_explain(c->block, err, &why, diag);
}
