/*
 * The fixed header of a page, which page_writer.c writes and page_reader.c reads.
 *
 * Threads   Pure.
 * Source    docs/formats/block-pages.md.
 */
#ifndef FUSEBOX_PAGE_PAGE_FORMAT_H
#define FUSEBOX_PAGE_PAGE_FORMAT_H

#include "page/page.h"

enum {
    PAGE_HEADER_BYTES = 24,
    PAGE_VERSION = 1,
    PAGE_RAW_MAX_BYTES = 2 << 20,
};

struct page_header {
    enum page_kind kind;
    bool is_compressed;
    uint32_t column_count;
    uint32_t sample_count;
    uint32_t meta_len; /* of the raw bytes; the planes stand behind it */
    uint32_t raw_len;
};

/* Completes a page whose body stands behind the room of its header. */
void page_header_put(const struct page_header *h, uint8_t *page, size_t page_len);

/* Checks the header and the checksum of all bytes. ERR_CORRUPT. */
enum err page_header_take(struct str page, enum page_kind kind, struct page_header *ret,
                          struct diag *diag) MUST_CHECK;

#endif
