/* Any bytes as the file of a block: it is opened, verified, selected over and read whole, as it is
 * and then with every checksum set right, since no fuzzer would guess those. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "block/block.h"
#include "block/directory.h"
#include "block/frame.h"
#include "fuzz.h"
#include "page/bytes.h"
#include "page/page.h"

enum {
    INPUT_MAX_BYTES = 65536,
    SERIES_MAX = 2000,
    FRAME_CRC_AT = 8,
    PAGE_CRC_AT = 20,
    PAGE_BYTES = 16 << 20, /* of one page of series, unpacked at most, several times over */
};

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_err(enum err err)
{
    check(!err || err == ERR_CORRUPT || err == ERR_CONFLICT || err == ERR_NOMEM || err == ERR_IO);
}

/* --- checksums --- */

static void set_frame_crc(uint8_t *file, const struct extent *x)
{
    uint8_t *frame = file + x->offset;
    uint8_t place[8];
    uint32_t crc;

    if (x->len < FRAME_HEADER_BYTES)
        return;
    bytes_put_u64(place, x->offset);
    crc = crc32c(0, place, sizeof place);
    crc = crc32c(crc, frame, FRAME_CRC_AT);
    crc = crc32c(crc, frame + FRAME_HEADER_BYTES, x->len - FRAME_HEADER_BYTES);
    bytes_put_u32(frame + FRAME_CRC_AT, crc);
}

static void set_page_crc(uint8_t *file, const struct extent *x)
{
    uint8_t *page = file + x->offset;
    uint32_t crc;

    if (x->len < PAGE_CRC_AT + 4)
        return;
    crc = crc32c(0, page, PAGE_CRC_AT);
    crc = crc32c(crc, page + PAGE_CRC_AT + 4, x->len - PAGE_CRC_AT - 4);
    bytes_put_u32(page + PAGE_CRC_AT, crc);
}

static void set_crcs(uint8_t *file, const struct extents *x,
                     void (*set)(uint8_t *, const struct extent *))
{
    for (size_t i = 0; i < x->count; i++)
        set(file, &x->items[i]);
}

static void set_index_crcs(uint8_t *file, const struct layout *l)
{
    uint64_t len = l->file_bytes - BLOCK_FOOTER_BYTES - l->directory_at;
    struct extent at = { l->directory_at, (uint32_t)len, 0 };
    struct directory *d = NULL;
    struct diag why = { 0 };
    struct str text;
    char *bytes;

    set_frame_crc(file, &at);
    bytes = mem_copy(file + at.offset, at.len);
    if (!bytes ||
        frame_stored(FRAME_DIRECTORY, at.offset, (struct str){ bytes, at.len }, &text, &why)) {
        mem_free(bytes);
        return;
    }
    if (directory_read(bytes, text, l, &d, &why))
        return;
    set_crcs(file, &d->values, set_page_crc);
    set_crcs(file, &d->times, set_page_crc);
    set_crcs(file, &d->pairs, set_frame_crc);
    set_crcs(file, &d->series, set_frame_crc);
    set_crcs(file, &d->postings, set_frame_crc);
    directory_free(d);
}

static void set_all_crcs(uint8_t *file, size_t size)
{
    uint8_t *footer = file + size - BLOCK_FOOTER_BYTES;
    struct diag why = { 0 };
    struct layout l;

    if (size < BLOCK_HEADER_BYTES + BLOCK_FOOTER_BYTES)
        return;
    bytes_put_u32(file + 12, crc32c(0, file, 12));
    bytes_put_u64(footer + 88, size);
    bytes_put_u32(footer + 108, crc32c(0, footer, 108));
    if (!layout_get_footer(footer, size, &l, &why))
        set_index_crcs(file, &l);
}

/* --- reading --- */

static void read_series(struct block_cursor *c, uint32_t series)
{
    struct sample_list list = { 0 };
    struct labels labels;

    check_err(block_labels(c, series, &labels, NULL));
    check_err(block_salvage(c, series, INT64_MIN, INT64_MAX, &list, NULL, NULL, NULL));
    for (size_t i = 1; i < list.count; i++)
        check(list.items[i - 1].ts_ms < list.items[i].ts_ms);
    mem_free(list.items);
}

static void select_series(struct block_cursor *c, struct matcher m, uint64_t series_count)
{
    uint32_t *series = NULL;
    size_t count = 0;
    enum err err = block_select(c, &m, 1, &series, &count, NULL);

    check_err(err);
    check(count <= series_count);
    for (size_t i = 0; i < count; i++)
        check(series[i] < series_count && (!i || series[i - 1] < series[i]));
    mem_free(series);
}

static void read_block(struct block *b, size_t size)
{
    uint64_t count = block_info(b)->series_count;
    struct block_cursor *c = NULL;
    uint64_t damaged;

    if (block_cursor_new(b, &c))
        return;
    for (uint64_t i = 0; i < count && i < SERIES_MAX; i++)
        read_series(c, (uint32_t)i);
    select_series(c, (struct matcher){ MATCH_EQUAL, STR("job"), STR("test"), NULL }, count);
    select_series(c, (struct matcher){ MATCH_NOT_EQUAL, STR("id"), STR(""), NULL }, count);
    select_series(c, (struct matcher){ MATCH_EQUAL, STR("id"), STR(""), NULL }, count);
    check(block_bytes(b) <= 64 * size + 4096);
    check(block_cursor_bytes(c) <= 2 * PAGE_READER_MAX_BYTES + 16 * PAGE_BYTES);
    block_cursor_free(c);
    if (count <= SERIES_MAX)
        check_err(block_verify(b, NULL, NULL, &damaged));
}

static void read_bytes(int fd, const uint8_t *bytes, size_t size)
{
    struct diag diag = { 0 };
    struct block *b = NULL;
    char path[32];
    enum err err;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
    err = block_open(path, &b, &diag);
    check_err(err);
    check(!err == (b != NULL) && (!err || diag.message[0]));
    if (b)
        read_block(b, size);
    block_unref(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[INPUT_MAX_BYTES];
    int fd = memfd_create("block", MFD_CLOEXEC);

    if (fd < 0 || size > INPUT_MAX_BYTES) {
        close(fd);
        return 0;
    }
    if (size)
        memcpy(file, data, size);
    read_bytes(fd, file, size);
    set_all_crcs(file, size);
    read_bytes(fd, file, size);
    close(fd);
    return 0;
}
