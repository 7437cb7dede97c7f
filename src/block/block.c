#include "block/block_state.h"

#include <unistd.h>

#include "base/mem.h"

enum { FILE_MIN_BYTES = BLOCK_HEADER_BYTES + BLOCK_FOOTER_BYTES };

enum err block_explain(const struct block *b, enum err err, const struct diag *why,
                       struct diag *diag)
{
    enum err ret;

    if (!err)
        return ERR_OK;
    if (err != ERR_CORRUPT)
        return diag_set(diag, err, "%s: %s", b->file.path, diag_text(why));
    ret = diag_set(diag, err, "%s is damaged at byte %zu: %s", b->file.path, why->position_bytes,
                   diag_text(why));
    if (diag && !diag->position_bytes)
        diag->position_bytes = why->position_bytes;
    return ret;
}

/* --- what stands at fixed places --- */

enum err block_check_header(struct block *b, struct diag *why)
{
    struct buf bytes = buf_limited(BLOCK_HEADER_BYTES);
    enum err err = block_file_read(&b->file, 0, BLOCK_HEADER_BYTES, &bytes, why);

    if (!err)
        err = layout_check_header((const uint8_t *)bytes.data, why);
    buf_release(&bytes);
    return err;
}

enum err block_read_footer(struct block *b, struct layout *ret, struct diag *why)
{
    struct buf bytes = buf_limited(BLOCK_FOOTER_BYTES);
    uint64_t file_bytes = 0;
    enum err err = block_file_size(&b->file, &file_bytes, why);

    if (!err && file_bytes < FILE_MIN_BYTES)
        return diag_set(why, ERR_CORRUPT, "the file is too short");
    if (!err)
        err = block_file_read(&b->file, file_bytes - BLOCK_FOOTER_BYTES, BLOCK_FOOTER_BYTES, &bytes,
                              why);
    if (!err)
        err = layout_get_footer((const uint8_t *)bytes.data, file_bytes, ret, why);
    buf_release(&bytes);
    return block_error_at(err, file_bytes - BLOCK_FOOTER_BYTES, why);
}

enum err block_read_directory(struct block *b, struct directory **ret, struct diag *why)
{
    const struct layout *l = &b->layout;
    uint64_t len = l->file_bytes - BLOCK_FOOTER_BYTES - l->directory_at;
    struct buf bytes = buf_limited((size_t)len);
    struct str text;
    size_t kept_len;
    enum err err = block_file_read(&b->file, l->directory_at, (size_t)len, &bytes, why);

    if (!err)
        err = frame_stored(FRAME_DIRECTORY, l->directory_at, buf_str(&bytes), &text, why);
    if (!err)
        err = directory_read(buf_take(&bytes, &kept_len), text, l, ret, why);
    buf_release(&bytes);
    return block_error_at(err, l->directory_at, why);
}

/* --- life --- */

static enum err open_and_check(struct block *b, struct diag *why)
{
    struct directory *directory = NULL;
    enum err err = block_read_footer(b, &b->layout, why);

    if (err == ERR_CORRUPT) { /* a newer format may end otherwise */
        struct diag header = { 0 };

        if (block_check_header(b, &header) == ERR_CONFLICT) {
            *why = header;
            return ERR_CONFLICT;
        }
        return err;
    }
    if (!err)
        err = block_check_header(b, why);
    if (!err)
        err = block_read_directory(b, &directory, why);
    directory_free(directory);
    return err;
}

static void release(struct block *b)
{
    block_file_close_idle(&b->file);
    if (atomic_load(&b->unlink_late))
        unlink(b->file.path);
    block_file_release(&b->file);
    directory_free(b->directory);
    lock_release(&b->lock);
    mem_free(b);
}

enum err block_open(const char *path, struct block **ret, struct diag *diag)
{
    struct block *b = mem_alloc_zero(1, sizeof *b);
    struct diag why = { 0 };
    enum err err;

    if (!b || block_file_init(&b->file, path)) {
        mem_free(b);
        return diag_set(diag, ERR_NOMEM, "no memory to open %s", path);
    }
    lock_init(&b->lock, LOCK_RANK_BLOCK);
    atomic_init(&b->ref_count, 1);
    atomic_init(&b->unlink_late, false);
    err = open_and_check(b, &why);
    if (err) {
        block_explain(b, err, &why, diag);
        release(b);
        return err;
    }
    b->info = (struct block_info){ b->layout.min_ts_ms, b->layout.max_ts_ms, b->layout.series_count,
                                   b->layout.sample_count, b->layout.file_bytes };
    *ret = b;
    return ERR_OK;
}

struct block *block_ref(struct block *b)
{
    atomic_fetch_add_explicit(&b->ref_count, 1, memory_order_relaxed);
    return b;
}

void block_unref(struct block *b)
{
    if (b && atomic_fetch_sub_explicit(&b->ref_count, 1, memory_order_acq_rel) == 1)
        release(b);
}

void block_unlink_late(struct block *b)
{
    atomic_store(&b->unlink_late, true);
}

const struct block_info *block_info(const struct block *b)
{
    return &b->info;
}

const char *block_path(const struct block *b)
{
    return b->file.path;
}

size_t block_bytes(const struct block *b)
{
    struct block *locked = (struct block *)b; /* the lock alone is changed */
    size_t bytes = sizeof *b;

    lock_take(&locked->lock);
    if (b->directory)
        bytes += b->directory->memory_bytes;
    lock_drop(&locked->lock);
    return bytes;
}

/* --- the directory --- */

enum err block_take_directory(struct block *b, const struct directory **ret, struct diag *why)
{
    enum err err = ERR_OK;

    lock_take(&b->lock);
    if (!b->directory)
        err = block_read_directory(b, &b->directory, why);
    if (!err) {
        b->cursor_count++;
        *ret = b->directory;
    }
    lock_drop(&b->lock);
    return err;
}

void block_drop_directory(struct block *b)
{
    lock_take(&b->lock);
    b->cursor_count--;
    lock_drop(&b->lock);
}

void block_trim(struct block *b)
{
    lock_take(&b->lock);
    if (!b->cursor_count) {
        directory_free(b->directory);
        b->directory = NULL;
        block_file_close_idle(&b->file);
    }
    lock_drop(&b->lock);
}
