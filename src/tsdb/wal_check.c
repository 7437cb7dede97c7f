/*
 * All numbers are big endian. The header: magic (its lowest bit: the checksum reads
 * words big endian), version, page size, number, two salts, two checksums. A frame:
 * page number, size of the database (0: no commit), the salts, two checksums over
 * everything before, then the page.
 */
#include "tsdb/wal_check.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    HEADER_BYTES = 32,
    HEADER_SUMMED_BYTES = 24,
    FRAME_HEADER_BYTES = 24,
    FRAME_SUMMED_BYTES = 8,
    SALTS_BYTES = 8,
    PAGE_MIN_BYTES = 512,
    PAGE_MAX_BYTES = 65536,
    PAGE_USUAL_BYTES = 4096,
};

static const uint32_t MAGIC = 0x377f0682;

struct wal {
    int fd;
    bool big_endian;
    uint32_t page_bytes;
    uint32_t sum[2];
    uint8_t salts[SALTS_BYTES];
    bool whole; /* every checksum up to here is right */
    bool commit_lost;
    uint64_t break_bytes;
};

static uint32_t read_u32(const uint8_t *p, bool big_endian)
{
    return big_endian ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                      : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void add_to_sum(struct wal *w, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        w->sum[0] += read_u32(bytes + i, w->big_endian) + w->sum[1];
        w->sum[1] += read_u32(bytes + i + 4, w->big_endian) + w->sum[0];
    }
}

static bool sum_is(const struct wal *w, const uint8_t *stored)
{
    return read_u32(stored, true) == w->sum[0] && read_u32(stored + 4, true) == w->sum[1];
}

static bool page_size_is_valid(uint32_t bytes)
{
    return bytes >= PAGE_MIN_BYTES && bytes <= PAGE_MAX_BYTES && (bytes & (bytes - 1)) == 0;
}

static bool header_sum_is_right(struct wal *w, const uint8_t header[HEADER_BYTES])
{
    w->sum[0] = w->sum[1] = 0;
    add_to_sum(w, header, HEADER_SUMMED_BYTES);
    return sum_is(w, header + HEADER_SUMMED_BYTES);
}

/* When all is in the database the WAL begins again, and its number counts up. A write of the new
 * header that was cut off behind the number damages nothing. */
static bool began_again(const struct wal *w, const uint8_t header[HEADER_BYTES])
{
    uint8_t before[HEADER_BYTES];
    struct wal copy = *w;

    memcpy(before, header, sizeof before);
    for (int i = 15; i >= 12 && before[i]-- == 0; i--)
        continue;
    return header_sum_is_right(&copy, before);
}

static bool read_header(struct wal *w)
{
    uint8_t header[HEADER_BYTES];
    uint32_t magic;

    if (pread(w->fd, header, sizeof header, 0) != (ssize_t)sizeof header)
        return false;
    magic = read_u32(header, true);
    w->big_endian = magic & 1;
    w->page_bytes = read_u32(header + 8, true);
    memcpy(w->salts, header + 16, SALTS_BYTES);
    w->whole = (magic & ~1u) == MAGIC && page_size_is_valid(w->page_bytes) &&
               header_sum_is_right(w, header);
    if (!w->whole && began_again(w, header))
        return false;
    if (!page_size_is_valid(w->page_bytes))
        w->page_bytes = PAGE_USUAL_BYTES;
    return true;
}

/* Takes in one frame; true: it proves that a synced transaction before it is lost. */
static bool take_frame(struct wal *w, const uint8_t *frame, uint64_t offset_bytes)
{
    const uint8_t *salts = frame + FRAME_SUMMED_BYTES;

    if (!w->whole && offset_bytes == HEADER_BYTES) /* the header broke: its salts may be wrong */
        memcpy(w->salts, salts, SALTS_BYTES);
    if (w->whole) {
        add_to_sum(w, frame, FRAME_SUMMED_BYTES);
        add_to_sum(w, frame + FRAME_HEADER_BYTES, w->page_bytes);
        w->whole = memcmp(salts, w->salts, SALTS_BYTES) == 0 && sum_is(w, salts + SALTS_BYTES);
        w->break_bytes = w->whole ? 0 : offset_bytes;
    }
    if (w->whole || memcmp(salts, w->salts, SALTS_BYTES) != 0)
        return false;
    if (w->commit_lost)
        return true;
    w->commit_lost = read_u32(frame + 4, true) != 0;
    return false;
}

static bool find_damage(struct wal *w)
{
    uint64_t offset_bytes = HEADER_BYTES;
    size_t frame_bytes;
    uint8_t *frame;
    bool found = false;

    if (!read_header(w))
        return false;
    frame_bytes = FRAME_HEADER_BYTES + w->page_bytes;
    frame = mem_alloc(frame_bytes);
    while (frame && !found &&
           pread(w->fd, frame, frame_bytes, (off_t)offset_bytes) == (ssize_t)frame_bytes) {
        found = take_frame(w, frame, offset_bytes);
        offset_bytes += frame_bytes;
    }
    mem_free(frame);
    return found;
}

bool wal_is_damaged(const char *path, uint64_t *ret_offset_bytes)
{
    struct wal w = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
    bool found;

    if (w.fd < 0)
        return false;
    found = find_damage(&w);
    close(w.fd);
    if (found)
        *ret_offset_bytes = w.break_bytes;
    return found;
}
