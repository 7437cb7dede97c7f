#include <stdlib.h>

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

/* The references that one matcher accepts, rising. */
struct candidates {
    const uint32_t *refs;
    size_t count;
    uint32_t *own; /* NULL: they are the index' own postings */
};

bool index_answers(const struct matcher *m)
{
    const struct str *texts;
    size_t count;

    if (m->kind == MATCH_EQUAL)
        return m->value.len > 0;
    if (m->kind != MATCH_REGEX)
        return false;
    texts = regex_alternatives(m->regex, &count);
    for (size_t i = 0; i < count; i++)
        if (texts[i].len == 0)
            return false;
    return count > 0;
}

/* The postings of a pair, sorted; an unknown pair has none. */
static enum err find_pair(struct index *x, struct str name, struct str value,
                          struct candidates *ret)
{
    uint32_t pair = symbols_find_pair(&x->symbols, name, value);
    struct postings *p;

    *ret = (struct candidates){ 0 };
    if (!pair)
        return ERR_OK;
    p = &symbols_pair_at(&x->symbols, pair)->postings;
    if (!postings_sort(p, &x->symbols.pool))
        return ERR_NOMEM;
    *ret = (struct candidates){ .refs = postings_refs(p, &x->symbols.pool), .count = p->count };
    return ERR_OK;
}

static int compare_refs(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

static size_t without_doubles(uint32_t *refs, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || refs[kept - 1] != refs[i])
            refs[kept++] = refs[i];
    return kept;
}

/* All pairs of the name whose value is one of the texts. */
static enum err find_pairs(struct index *x, struct str name, const struct str *texts,
                           size_t text_count, struct candidates *ret)
{
    struct candidates one;
    size_t count = 0;
    enum err err = ERR_OK;

    *ret = (struct candidates){ 0 };
    for (size_t i = 0; i < text_count && !err; i++) {
        err = find_pair(x, name, texts[i], &one);
        count += one.count;
    }
    ret->own = err ? NULL : mem_alloc(mul_size(count + 1, sizeof *ret->own));
    if (!ret->own)
        return err ? err : ERR_NOMEM;
    for (size_t i = 0; i < text_count && !err; i++) {
        err = find_pair(x, name, texts[i], &one); /* postings may move when others are sorted */
        if (one.count)
            memcpy(ret->own + ret->count, one.refs, one.count * sizeof *ret->own);
        ret->count += one.count;
    }
    qsort(ret->own, ret->count, sizeof *ret->own, compare_refs);
    ret->count = without_doubles(ret->own, ret->count);
    ret->refs = ret->own;
    return err;
}

static enum err find_candidates(struct index *x, const struct matcher *m, struct candidates *ret)
{
    size_t count;
    const struct str *texts;

    if (m->kind == MATCH_EQUAL)
        return find_pair(x, m->name, m->value, ret);
    texts = regex_alternatives(m->regex, &count);
    return find_pairs(x, m->name, texts, count, ret);
}

/* One list for each matcher that the index answers, the shortest first. */
static enum err collect(struct index *x, const struct matcher *matchers, size_t matcher_count,
                        struct candidates *out, size_t *ret_count)
{
    for (size_t i = 0; i < matcher_count; i++) {
        struct candidates *c = &out[*ret_count];
        enum err err;

        if (!index_answers(&matchers[i]))
            continue;
        ++*ret_count;
        err = find_candidates(x, &matchers[i], c);
        if (err)
            return err;
        if (c->count < out[0].count) {
            struct candidates shorter = *c;

            *c = out[0];
            out[0] = shorter;
        }
    }
    return ERR_OK;
}

static enum err join(const struct candidates *lists, size_t list_count, uint32_t **ret_refs,
                     size_t *ret_count)
{
    size_t count = lists[0].count;
    uint32_t *refs = mem_alloc(mul_size(count + 1, sizeof *refs));

    if (!refs)
        return ERR_NOMEM;
    if (count)
        memcpy(refs, lists[0].refs, count * sizeof *refs);
    for (size_t i = 1; i < list_count; i++)
        count = intersect(refs, count, lists[i].refs, lists[i].count);
    *ret_refs = refs;
    *ret_count = count;
    return ERR_OK;
}

static enum err select_refs(struct index *x, const struct matcher *matchers, size_t matcher_count,
                            uint32_t **ret_refs, size_t *ret_count)
{
    struct candidates *lists = mem_alloc_zero(matcher_count + 1, sizeof *lists);
    size_t list_count = 0;
    enum err err = ERR_NOMEM;

    if (lists)
        err = collect(x, matchers, matcher_count, lists, &list_count);
    if (!err)
        err = list_count ? join(lists, list_count, ret_refs, ret_count)
                         : copy_all(x, ret_refs, ret_count);
    for (size_t i = 0; i < list_count; i++)
        mem_free(lists[i].own);
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
