#include "tsdb/damage.h"

#include <stdio.h>

enum { PATH_MAX_BYTES = 1024, WHAT_MAX_BYTES = 160 };

struct damage_note {
    int64_t found_ms;
    uint64_t offset_bytes;
    char path[PATH_MAX_BYTES];
    char what[WHAT_MAX_BYTES];
};

void damages_init(struct damages *d)
{
    *d = (struct damages){ .items = vec_of(sizeof(struct damage_note), TSDB_DAMAGES_MAX) };
    lock_init(&d->lock, LOCK_RANK_PUBLISH);
}

void damages_release(struct damages *d)
{
    vec_release(&d->items);
    lock_release(&d->lock);
}

static bool is_known(const struct damages *d, const char *path, uint64_t offset_bytes)
{
    for (size_t i = 0; i < d->items.count; i++) {
        const struct damage_note *note = vec_at(&d->items, i);

        if (note->offset_bytes == offset_bytes && strcmp(note->path, path) == 0)
            return true;
    }
    return false;
}

/* The words behind the place, which is told apart: "PATH is damaged at byte N: WORDS". */
static const char *words_of(const char *path, const char *what)
{
    struct str rest = str_of(what);

    if (!str_has_prefix(rest, str_of(path)))
        return what;
    rest = (struct str){ what + strlen(path), strlen(what) - strlen(path) };
    return str_find(rest, ':') + 2 < rest.len ? rest.ptr + str_find(rest, ':') + 2 : what;
}

void damages_note(struct damages *d, int64_t now_ms, const char *path, uint64_t offset_bytes,
                  const char *what)
{
    struct damage_note *note;

    lock_take(&d->lock);
    if (!is_known(d, path, offset_bytes)) {
        atomic_fetch_add_explicit(&d->count, 1, memory_order_relaxed);
        note = vec_push(&d->items);
        if (note) {
            note->found_ms = now_ms;
            note->offset_bytes = offset_bytes;
            snprintf(note->path, sizeof note->path, "%s", path);
            snprintf(note->what, sizeof note->what, "%s", words_of(path, what));
        }
    }
    lock_drop(&d->lock);
}

bool damages_has(struct damages *d, const char *path)
{
    bool found = false;

    lock_take(&d->lock);
    for (size_t i = 0; i < d->items.count && !found; i++)
        found = strcmp(((struct damage_note *)vec_at(&d->items, i))->path, path) == 0;
    lock_drop(&d->lock);
    return found;
}

static enum err copy_all(const struct damages *d, struct arena *arena, struct tsdb_damage *out)
{
    for (size_t i = 0; i < d->items.count; i++) {
        const struct damage_note *note = vec_at(&d->items, i);

        out[i] = (struct tsdb_damage){
            .found_ms = note->found_ms,
            .path = arena_copy(arena, str_of(note->path)),
            .offset_bytes = note->offset_bytes,
            .what = arena_copy(arena, str_of(note->what)),
        };
        if (!out[i].path || !out[i].what)
            return arena_error(arena);
    }
    return ERR_OK;
}

enum err damages_list(struct damages *d, struct arena *arena, struct tsdb_damage **ret,
                      size_t *ret_count)
{
    struct tsdb_damage *items;
    enum err err = ERR_OK;

    lock_take(&d->lock);
    items = arena_alloc_zero(arena, d->items.count + 1, sizeof *items);
    err = items ? copy_all(d, arena, items) : arena_error(arena);
    if (!err) {
        *ret = items;
        *ret_count = d->items.count;
    }
    lock_drop(&d->lock);
    return err;
}
