/*
 * Layout of a block file: where its sections stand, and the limits of its parts.
 *
 * A header of fixed size in front says that it is a block and of which format;
 * a footer of fixed size at the end says where everything is. Both have their
 * own checksum.
 *
 * Threads   Value.
 * Source    docs/formats/block.md.
 */
#ifndef FUSEBOX_BLOCK_LAYOUT_H
#define FUSEBOX_BLOCK_LAYOUT_H

#include <stdint.h>

#include "base/diag.h"

enum {
    BLOCK_VERSION = 1,
    BLOCK_HEADER_BYTES = 16,
    BLOCK_FOOTER_BYTES = 112,
    BLOCK_SEGMENT_SAMPLES_MAX = 32768,
    BLOCK_SEGMENTS_MAX = 65536, /* of a series */
    BLOCK_SERIES_PER_PAGE = 256,
    BLOCK_SERIES_PAGE_BYTES = 1 << 20, /* of segments; from here on the next page begins */
    BLOCK_PAIRS_PER_PAGE = 256,
    BLOCK_POSTINGS_FRAME_BYTES = 65536,
    BLOCK_FRAME_RAW_MAX_BYTES =
        8 << 20,                       /* segments of 255 small series and of one of the largest */
    BLOCK_EXTENT_MAX_BYTES = 16 << 20, /* of a page or frame in the file */
};

struct layout {
    int64_t min_ts_ms, max_ts_ms;
    uint64_t series_count;
    uint64_t sample_count;
    uint64_t pair_count;
    uint64_t column_count; /* of times */
    uint64_t pairs_at;     /* offsets of sections; pages begin behind the header */
    uint64_t series_at;
    uint64_t postings_at;
    uint64_t directory_at;
    uint64_t postings_bytes; /* of all postings, unpacked */
    uint64_t file_bytes;
};

void layout_put_header(uint8_t out[BLOCK_HEADER_BYTES]);
/* ERR_CORRUPT, ERR_CONFLICT (a newer format). */
enum err layout_check_header(const uint8_t in[BLOCK_HEADER_BYTES], struct diag *diag) MUST_CHECK;

void layout_put_footer(const struct layout *l, uint8_t out[BLOCK_FOOTER_BYTES]);
/* ERR_CORRUPT: checksum, or sections that cannot stand in a file of so many bytes. */
enum err layout_get_footer(const uint8_t in[BLOCK_FOOTER_BYTES], uint64_t file_bytes,
                           struct layout *ret, struct diag *diag) MUST_CHECK;

#endif
