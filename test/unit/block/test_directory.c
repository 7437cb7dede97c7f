#include "block_fixture.h"

#include <zstd.h>

#include "block/directory.h"
#include "block/frame.h"

enum { PAGES = 30 };

/* Sections of 100 bytes for every page in them. */
static const struct layout layout = {
    .min_ts_ms = 0,
    .max_ts_ms = 1,
    .series_count = 3 * 200,
    .sample_count = 600,
    .pair_count = 2 * BLOCK_PAIRS_PER_PAGE + 1,
    .column_count = 10 * 5,
    .pairs_at = BLOCK_HEADER_BYTES + PAGES * 100,
    .series_at = BLOCK_HEADER_BYTES + PAGES * 100 + 300,
    .postings_at = BLOCK_HEADER_BYTES + PAGES * 100 + 600,
    .directory_at = BLOCK_HEADER_BYTES + PAGES * 100 + 800,
    .postings_bytes = BLOCK_POSTINGS_FRAME_BYTES + 1,
    .file_bytes = 10000,
};

static void make(struct buf *out)
{
    static const char *const values[] = { "a", "c", "m" };
    struct directory_draft d;

    directory_draft_init(&d);
    for (size_t i = 0; i < PAGES; i++)
        directory_draft_page(&d, 100, i % 3 ? 0 : 5);
    for (size_t i = 0; i < 3; i++)
        directory_draft_pairs(&d, 100, (struct label){ STR("name"), str_of(values[i]) });
    for (size_t i = 0; i < 3; i++)
        directory_draft_series(&d, 100, 200);
    for (size_t i = 0; i < 2; i++)
        directory_draft_postings(&d, 100);
    assert_int_equal(directory_draft_encode(&d, out), ERR_OK);
    directory_draft_release(&d);
}

static enum err read_copy(const char *bytes, size_t len, struct directory **ret)
{
    char *copy = mem_copy(bytes, len);

    assert_non_null(copy);
    return directory_read(copy, (struct str){ copy, len }, &layout, ret, NULL);
}

static void test_directory__finds_what_stands_where(void **state)
{
    struct buf bytes = buf_limited(SIZE_MAX);
    struct directory *d = NULL;

    (void)state;
    make(&bytes);
    assert_int_equal(read_copy(bytes.data, bytes.len, &d), ERR_OK);
    assert_int_equal(d->values.count, 20);
    assert_int_equal(d->times.count, 10);
    assert_int_equal(d->times.items[1].offset, BLOCK_HEADER_BYTES + 300);
    assert_int_equal(d->values.items[2].offset, BLOCK_HEADER_BYTES + 400);
    assert_int_equal(extents_find(&d->times, 0), 0);
    assert_int_equal(extents_find(&d->times, 4), 0);
    assert_int_equal(extents_find(&d->times, 5), 1);
    assert_int_equal(extents_find(&d->times, 49), 9);
    assert_int_equal(extents_find(&d->series, 599), 2);
    assert_int_equal(directory_find_pair(d, (struct label){ STR("name"), STR("") }), 0);
    assert_int_equal(directory_find_pair(d, (struct label){ STR("name"), STR("bbb") }), 0);
    assert_int_equal(directory_find_pair(d, (struct label){ STR("name"), STR("c") }), 1);
    assert_int_equal(directory_find_pair(d, (struct label){ STR("zone"), STR("a") }), 2);
    directory_free(d);
    buf_release(&bytes);
}

static void test_directory__refuses_one_of_another_file(void **state)
{
    struct buf bytes = buf_limited(SIZE_MAX);
    struct directory *d = NULL;
    size_t text_at;

    (void)state;
    make(&bytes);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(read_copy(bytes.data, len, &d), ERR_CORRUPT);
    for (text_at = 0; memcmp(bytes.data + text_at, "name", 4) != 0;)
        text_at++;
    for (size_t at = 0; at < bytes.len; at++)
        for (int bit = 0; bit < 8 && (at < text_at || at > text_at + 23); bit++) {
            bytes.data[at] ^= (char)(1 << bit);
            assert_int_equal(read_copy(bytes.data, bytes.len, &d), ERR_CORRUPT);
            bytes.data[at] ^= (char)(1 << bit);
        }
    buf_release(&bytes);
}

static void test_directory__frames_come_back_at_their_place_only(void **state)
{
    static const char text[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    struct frame_packer packers[] = { { NULL, 0 }, { ZSTD_createCCtx(), 1 } };
    ZSTD_DCtx *zstd = ZSTD_createDCtx();
    struct buf out = buf_limited(SIZE_MAX), raw = buf_limited(SIZE_MAX);
    struct str stored;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(packers); i++) {
        buf_clear(&out);
        assert_int_equal(frame_pack(&packers[i], FRAME_PAIRS, 77, STR(text), &out), ERR_OK);
        assert_int_equal(frame_unpack(zstd, FRAME_PAIRS, 77, buf_str(&out), &raw, NULL), ERR_OK);
        assert_true(str_equals(buf_str(&raw), STR(text)));
        assert_int_equal(frame_unpack(zstd, FRAME_PAIRS, 78, buf_str(&out), &raw, NULL),
                         ERR_CORRUPT);
        assert_int_equal(frame_unpack(zstd, FRAME_SERIES, 77, buf_str(&out), &raw, NULL),
                         ERR_CORRUPT);
        assert_int_equal(frame_stored(FRAME_PAIRS, 77, buf_str(&out), &stored, NULL),
                         i ? ERR_CORRUPT : ERR_OK);
    }
    assert_true(out.len < sizeof text);
    ZSTD_freeCCtx(packers[1].zstd);
    ZSTD_freeDCtx(zstd);
    buf_release(&out);
    buf_release(&raw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory__finds_what_stands_where),
        cmocka_unit_test(test_directory__refuses_one_of_another_file),
        cmocka_unit_test(test_directory__frames_come_back_at_their_place_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
