/* The first byte says what the rest is. Even: a page, which is read to its end or refused, and what
 * was read comes back when it is written and read again; the checksum is set right first, since no
 * fuzzer would guess it. Odd: values of one column, which come back bit for bit. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "fuzz.h"
#include "page/page.h"

enum { INPUT_MAX_BYTES = 65536, HEADER_BYTES = 24, KIND_AT = 3, CRC_AT = 20 };

struct codec {
    struct page_writer writer;
    struct page_reader reader, again;
    struct buf out;
};

static void check(bool good)
{
    if (!good)
        abort();
}

static void set_checksum(uint8_t *page, size_t size)
{
    uint32_t crc = crc32c(crc32c(0, page, CRC_AT), page + HEADER_BYTES, size - HEADER_BYTES);

    for (int i = 0; i < 4; i++)
        page[CRC_AT + i] = (uint8_t)(crc >> 8 * i);
}

static void check_same(const void *a, size_t a_count, const void *b, size_t b_count)
{
    check(a_count == b_count && memcmp(a, b, 8 * a_count) == 0);
}

static void write_again(struct codec *c, enum page_kind kind, int level)
{
    struct diag diag = { 0 };

    buf_clear(&c->out);
    check(page_writer_encode(&c->writer, kind, level, &c->out) == ERR_OK);
    check(page_reader_load(&c->again, kind, buf_str(&c->out), &diag) == ERR_OK);
}

static bool copy_values(struct codec *c)
{
    const double *values;
    size_t count;

    for (size_t slot = 0; slot < c->reader.column_count; slot++) {
        enum err err = page_reader_values(&c->reader, slot, &values, &count);

        check(err == ERR_OK || err == ERR_CORRUPT);
        if (err)
            return false;
        check(page_writer_add_values(&c->writer, values, count) == ERR_OK);
    }
    return true;
}

static void check_values(struct codec *c)
{
    const double *a, *b;
    size_t a_count, b_count;

    if (!copy_values(c))
        return;
    write_again(c, PAGE_VALUES, 1);
    for (size_t slot = c->reader.column_count; slot-- > 0;) {
        check(page_reader_values(&c->reader, slot, &a, &a_count) == ERR_OK);
        check(page_reader_values(&c->again, slot, &b, &b_count) == ERR_OK);
        check_same(a, a_count, b, b_count);
    }
}

static void check_times(struct codec *c)
{
    const int64_t *a, *b;
    size_t a_count, b_count;

    for (size_t slot = 0; slot < c->reader.column_count; slot++) {
        check(page_reader_times(&c->reader, slot, &a, &a_count) == ERR_OK);
        check(page_writer_add_times(&c->writer, a, a_count) == ERR_OK);
    }
    write_again(c, PAGE_TIMES, 1);
    for (size_t slot = 0; slot < c->reader.column_count; slot++) {
        check(page_reader_times(&c->reader, slot, &a, &a_count) == ERR_OK);
        check(page_reader_times(&c->again, slot, &b, &b_count) == ERR_OK);
        check_same(a, a_count, b, b_count);
    }
}

static void run_page(struct codec *c, uint8_t *page, size_t size)
{
    enum page_kind kind = size > KIND_AT && page[KIND_AT] & PAGE_TIMES ? PAGE_TIMES : PAGE_VALUES;
    struct diag diag = { 0 };
    enum err err;

    if (size >= HEADER_BYTES)
        set_checksum(page, size);
    err = page_reader_load(&c->reader, kind, (struct str){ (const char *)page, size }, &diag);
    check(err == ERR_OK || (err == ERR_CORRUPT && diag.code == ERR_CORRUPT));
    check(page_reader_bytes(&c->reader) <= PAGE_READER_MAX_BYTES);
    if (err)
        check(c->reader.column_count == 0);
    else if (kind == PAGE_TIMES)
        check_times(c);
    else
        check_values(c);
}

static void run_values(struct codec *c, const uint8_t *bytes, size_t size)
{
    static double values[INPUT_MAX_BYTES / 8];
    size_t count = size / sizeof values[0], back_count;
    const double *back;

    memcpy(values, bytes, count * sizeof values[0]);
    check(page_writer_add_values(&c->writer, values, count) == ERR_OK);
    write_again(c, PAGE_VALUES, 1);
    check(page_reader_values(&c->again, 0, &back, &back_count) == ERR_OK);
    check_same(values, count, back, back_count);
}

/* Taken once: they are large. A page that was not written leaves columns, so the writer ends it. */
static struct codec *codec(void)
{
    static struct codec c;

    if (!c.writer.state &&
        (page_writer_init(&c.writer) || page_reader_init(&c.reader) || page_reader_init(&c.again)))
        abort();
    c.out.limit_bytes = SIZE_MAX;
    if (c.writer.column_count)
        check(page_writer_encode(&c.writer, PAGE_VALUES, 1, &c.out) == ERR_OK);
    buf_clear(&c.out);
    return &c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t input[INPUT_MAX_BYTES];

    if (size < 1 || size > INPUT_MAX_BYTES)
        return 0;
    memcpy(input, data + 1, size - 1);
    if (data[0] & 1)
        run_values(codec(), input, size - 1);
    else
        run_page(codec(), input, size - 1);
    return 0;
}
