#include "base/mem.h"
#include "base/size.h"
#include "head/index.h"

/* Keeps in `refs` what the list has too; both rise. Searches the list in doubling steps. */
static size_t intersect(uint32_t *refs, size_t count, const uint32_t *list, size_t list_count)
{
    size_t kept = 0;
    size_t at = 0;

    for (size_t i = 0; i < count && at < list_count; i++) {
        size_t step = 1;
        size_t end = at;

        while (end < list_count && list[end] < refs[i]) {
            at = end;
            end += step;
            step *= 2;
        }
        if (end > list_count)
            end = list_count;
        while (at < end && list[at] < refs[i]) {
            size_t middle = at + (end - at) / 2;

            if (list[middle] < refs[i])
                at = middle + 1;
            else
                end = middle;
        }
        if (at < list_count && list[at] == refs[i])
            refs[kept++] = refs[i];
    }
    return kept;
}

static enum err copy_all(const struct index *x, uint32_t **ret_refs, size_t *ret_count)
{
    uint32_t last = series_count(&x->table);
    uint32_t *refs = mem_alloc(mul_size(x->slots.count + 1, sizeof *refs));
    size_t count = 0;

    if (!refs)
        return ERR_NOMEM;
    for (uint32_t ref = 1; ref <= last; ref++)
        if (series_find(&x->table, ref))
            refs[count++] = ref;
    *ret_refs = refs;
    *ret_count = count;
    return ERR_OK;
}

/*
 * The postings of the equal matchers, sorted, the shortest first. *ret_empty: one of
 * the matchers has none at all.
 */
static enum err collect(struct index *x, const struct matcher *matchers, size_t matcher_count,
                        const struct postings **out, size_t *ret_count, bool *ret_empty)
{
    size_t count = 0;

    for (size_t i = 0; i < matcher_count; i++) {
        struct postings *p;
        uint32_t pair;

        if (!index_answers(&matchers[i]))
            continue;
        pair = symbols_find_pair(&x->symbols, matchers[i].name, matchers[i].value);
        *ret_empty = !pair;
        if (!pair)
            return ERR_OK;
        p = &symbols_pair_at(&x->symbols, pair)->postings;
        if (!postings_sort(p, &x->symbols.pool))
            return ERR_NOMEM;
        out[count] = p;
        if (p->count < out[0]->count) {
            out[count] = out[0];
            out[0] = p;
        }
        count++;
    }
    *ret_count = count;
    return ERR_OK;
}

static enum err join(const struct index *x, const struct postings *const *lists, size_t list_count,
                     uint32_t **ret_refs, size_t *ret_count)
{
    size_t count = lists[0]->count;
    uint32_t *refs = mem_alloc(mul_size(count, sizeof *refs));

    if (!refs)
        return ERR_NOMEM;
    memcpy(refs, postings_refs(lists[0], &x->symbols.pool), count * sizeof *refs);
    for (size_t i = 1; i < list_count; i++)
        count = intersect(refs, count, postings_refs(lists[i], &x->symbols.pool), lists[i]->count);
    *ret_refs = refs;
    *ret_count = count;
    return ERR_OK;
}

static enum err select_refs(struct index *x, const struct matcher *matchers, size_t matcher_count,
                            uint32_t **ret_refs, size_t *ret_count)
{
    const struct postings **lists = mem_alloc(mul_size(matcher_count + 1, sizeof *lists));
    size_t list_count = 0;
    bool empty = false;
    enum err err = ERR_NOMEM;

    if (lists)
        err = collect(x, matchers, matcher_count, lists, &list_count, &empty);
    if (!err && empty) {
        *ret_refs = NULL;
        *ret_count = 0;
    } else if (!err) {
        err = list_count ? join(x, lists, list_count, ret_refs, ret_count)
                         : copy_all(x, ret_refs, ret_count);
    }
    mem_free(lists);
    return err;
}

enum err index_select(struct index *x, const struct matcher *matchers, size_t matcher_count,
                      uint32_t **ret_refs, size_t *ret_count)
{
    enum err err;

    lock_take(&x->lock);
    err = select_refs(x, matchers, matcher_count, ret_refs, ret_count);
    lock_drop(&x->lock);
    return err;
}
