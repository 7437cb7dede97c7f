#include "unit.h"

#include <string.h>

#include "base/attr.h"
#include "protobuf_text.h"
#include "wire/snappy_block.h"

enum { BYTES_MAX = 1 << 20 };

static void test_snappy_block__unpacks_literals_and_copies(void **state UNUSED)
{
    struct buf packed = buf_limited(BYTES_MAX);
    char out[16];
    size_t bytes;

    put_snappy(&packed, STR("hello"));
    assert_int_equal(snappy_block_size(buf_str(&packed), BYTES_MAX, &bytes, NULL), ERR_OK);
    assert_int_equal(bytes, 5);
    assert_int_equal(snappy_block_unpack(buf_str(&packed), out, bytes, NULL), ERR_OK);
    assert_memory_equal(out, "hello", 5);
    buf_release(&packed);
    /* "ab", then 8 bytes from 2 bytes back */
    assert_int_equal(snappy_block_unpack(STR("\x0a\x04"
                                             "ab"
                                             "\x1e\x02\x00"),
                                         out, 10, NULL),
                     ERR_OK);
    assert_memory_equal(out, "ababababab", 10);
}

static void test_snappy_block__a_size_that_cannot_be_is_refused_unread(void **state UNUSED)
{
    struct diag diag = { 0 };
    size_t bytes = 0;

    /* 15 MiB in five bytes */
    assert_int_equal(snappy_block_size(STR("\x80\x80\xc0\x07\x00"), 16 << 20, &bytes, &diag),
                     ERR_INVALID);
    assert_non_null(strstr(diag.message, "5 bytes cannot have"));
    diag = (struct diag){ 0 };
    assert_int_equal(snappy_block_size(STR("\xff\xff\xff\xff\x0f\x00"), 16 << 20, &bytes, &diag),
                     ERR_TOO_LARGE);
    assert_int_equal(snappy_block_size(STR(""), 16 << 20, &bytes, NULL), ERR_INVALID);
    assert_int_equal(snappy_block_size(STR("\xff\xff\xff\xff\xff\xff"), 16 << 20, &bytes, NULL),
                     ERR_INVALID);
    assert_int_equal(bytes, 0);
}

static void test_snappy_block__what_does_not_fill_its_size_is_refused(void **state UNUSED)
{
    char out[64];

    assert_int_equal(snappy_block_unpack(STR("\x05\x0chell"), out, 5, NULL), ERR_INVALID);
    assert_int_equal(snappy_block_unpack(STR("\x02\x10hello"), out, 2, NULL), ERR_INVALID);
    assert_int_equal(snappy_block_unpack(STR("\x05\x10hel"), out, 5, NULL), ERR_INVALID);
    assert_int_equal(snappy_block_unpack(STR("\x08\x1e\x02\x00"), out, 8, NULL), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snappy_block__unpacks_literals_and_copies),
        cmocka_unit_test(test_snappy_block__a_size_that_cannot_be_is_refused_unread),
        cmocka_unit_test(test_snappy_block__what_does_not_fill_its_size_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
