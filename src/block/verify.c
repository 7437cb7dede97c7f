/*
 * Verifying: every page and frame is unpacked, then every series is read as a
 * reader would, and the counts of labels and samples are held against each other.
 */
#include "base/mem.h"
#include "block/cursor.h"

struct verify {
    struct block_cursor *c;
    block_on_damage *on_damage;
    void *ctx;
    struct vec places; /* uint64_t: where damage was found */
    uint64_t label_count, posting_count, sample_count;
};

static bool is_known(const struct verify *v, uint64_t offset)
{
    const uint64_t *places = v->places.items;
    size_t i = 0;

    while (i < v->places.count && places[i] != offset)
        i++;
    return i < v->places.count;
}

/* Damage is noted and no error any more. */
static enum err note(struct verify *v, enum err err, struct diag *why)
{
    uint64_t *place;

    if (err != ERR_CORRUPT)
        return err;
    if (!is_known(v, why->position_bytes)) {
        place = vec_push(&v->places);
        if (!place)
            return ERR_NOMEM;
        *place = why->position_bytes;
        if (v->on_damage)
            v->on_damage(v->ctx, block_path(v->c->block), why->position_bytes, diag_text(why));
    }
    *why = (struct diag){ 0 };
    return ERR_OK;
}

static enum err verify_ends(struct verify *v, struct diag *why)
{
    struct block *b = v->c->block;
    struct directory *directory = NULL;
    struct layout layout;
    enum err err = note(v, block_check_header(b, why), why);

    if (!err)
        err = note(v, block_read_footer(b, &layout, why), why);
    if (!err)
        err = note(v, block_read_directory(b, &directory, why), why);
    directory_free(directory);
    return err;
}

static enum err verify_pages(struct verify *v, struct diag *why)
{
    const struct directory *d = v->c->directory;
    enum err err = ERR_OK;

    for (size_t i = 0; i < d->times.count && !err; i++)
        err = note(v, cursor_load_times(v->c, i, why), why);
    for (size_t i = 0; i < d->values.count && !err; i++)
        err = note(v, cursor_load_values(v->c, i, why), why);
    return err;
}

/* Reads the postings of all pairs of a page; each into an empty set. */
static enum err verify_pairs_page(struct verify *v, size_t number, struct series_set *set,
                                  struct diag *why)
{
    const struct pairs_page *page = NULL;
    enum err err = cursor_pairs(v->c, number, &page, why);

    if (err)
        return note(v, err, why);
    for (size_t i = 0; i < page->count && !err; i++)
        err = note(v, cursor_postings(v->c, &page->entries[i].posting, set, &v->posting_count, why),
                   why);
    return err;
}

static enum err verify_pairs(struct verify *v, struct diag *why)
{
    const struct directory *d = v->c->directory;
    struct series_set set;
    enum err err = ERR_OK;

    if (!series_set_init(&set, (uint32_t)v->c->block->layout.series_count, false))
        return ERR_NOMEM;
    for (size_t i = 0; i < d->pairs.count && !err; i++)
        err = verify_pairs_page(v, i, &set, why);
    series_set_release(&set);
    return err;
}

struct noting {
    struct verify *v;
    struct diag *why;
    enum err err;
};

static void on_segment(void *ctx, const char *path, uint64_t offset_bytes, const char *what)
{
    struct noting *n = ctx;

    (void)path;
    if (n->err)
        return;
    *n->why = (struct diag){ 0 };
    diag_set(n->why, ERR_CORRUPT, "%s", what);
    n->why->position_bytes = (size_t)offset_bytes;
    n->err = note(n->v, ERR_CORRUPT, n->why);
}

static enum err verify_one(struct verify *v, uint32_t series, struct sample_list *list,
                           struct diag *why)
{
    struct noting noting = { v, why, ERR_OK };
    struct labels labels = { 0 };
    enum err err = cursor_labels(v->c, series, &labels, why);

    if (err)
        return note(v, err, why);
    list->count = 0;
    err = block_salvage(v->c, series, INT64_MIN, INT64_MAX, list, on_segment, &noting, NULL);
    v->label_count += labels.count;
    v->sample_count += list->count;
    return err ? err : noting.err;
}

static enum err verify_series(struct verify *v, struct diag *why)
{
    uint64_t count = v->c->block->layout.series_count;
    struct sample_list list = { 0 };
    enum err err = ERR_OK;

    for (uint64_t i = 0; i < count && !err; i++)
        err = verify_one(v, (uint32_t)i, &list, why);
    mem_free(list.items);
    return err;
}

static enum err verify_counts(struct verify *v, struct diag *why)
{
    const struct layout *l = &v->c->block->layout;
    enum err err;

    if (v->places.count ||
        (v->sample_count == l->sample_count && v->label_count == v->posting_count))
        return ERR_OK;
    err = diag_set(why, ERR_CORRUPT, "the parts of the block do not fit together");
    return note(v, block_error_at(err, l->directory_at, why), why);
}

static enum err verify_all(struct verify *v, struct diag *why)
{
    enum err err = verify_ends(v, why);

    if (!err)
        err = cursor_prepare(v->c, why);
    if (err == ERR_CORRUPT) /* nothing else can be found */
        return note(v, err, why);
    if (!err)
        err = verify_pages(v, why);
    if (!err)
        err = verify_pairs(v, why);
    if (!err)
        err = verify_series(v, why);
    return err ? err : verify_counts(v, why);
}

enum err block_verify(struct block *b, block_on_damage *on_damage, void *ctx,
                      uint64_t *ret_damaged_count)
{
    struct verify v = { .on_damage = on_damage, .ctx = ctx };
    struct diag why = { 0 };
    enum err err;

    v.places = vec_of(sizeof(uint64_t), SIZE_MAX);
    err = block_cursor_new(b, &v.c);
    if (!err)
        err = verify_all(&v, &why);
    if (!err)
        *ret_damaged_count = v.places.count;
    vec_release(&v.places);
    block_cursor_free(v.c);
    return err;
}
