#include "unit.h"

#include <string.h>

#include "api/notices.h"
#include "base/attr.h"

static const int64_t T0 = 1700000000000;

static void write_into(struct notices *n, struct buf *out)
{
    struct json j;

    buf_clear(out);
    j = json_to(out);
    json_open_object(&j);
    notices_write(n, &j);
    json_close_object(&j);
    buf_append_byte(out, '\0');
    assert_int_equal(buf_error(out), ERR_OK);
    out->len--;
}

static void test_notices__are_written_worst_first_with_their_beginning(void **state UNUSED)
{
    struct notices n;
    struct buf text = buf_limited(1 << 16);

    notices_init(&n);
    write_into(&n, &text);
    assert_string_equal(text.data, "{\"notices\":[]}");
    assert_true(notices_raise(&n, NOTICE_CLOCK_JUMP, T0, "the clock jumped by %s", "1 h"));
    assert_true(notices_raise(&n, NOTICE_DISK_FULL, T0 + 1000, "disk \"full\""));
    assert_false(notices_raise(&n, NOTICE_DISK_FULL, T0 + 9000, "disk fuller"));
    write_into(&n, &text);
    assert_string_equal(
        text.data,
        "{\"notices\":[{\"name\":\"disk_full\",\"severity\":\"critical\",\"text\":\"disk fuller\","
        "\"since\":\"2023-11-14T22:13:21.000Z\"},{\"name\":\"clock_jump\",\"severity\":\"warning\","
        "\"text\":\"the clock jumped by 1 h\",\"since\":\"2023-11-14T22:13:20.000Z\"}]}");
    assert_true(notices_clear(&n, NOTICE_DISK_FULL));
    assert_false(notices_clear(&n, NOTICE_DISK_FULL));
    assert_true(notices_is_raised(&n, NOTICE_CLOCK_JUMP));
    assert_false(notices_is_raised(&n, NOTICE_DISK_FULL));
    buf_release(&text);
    notices_release(&n);
}

static void test_notices__a_long_text_is_cut(void **state UNUSED)
{
    struct notices n;
    char name[2 * NOTICE_TEXT_BYTES];

    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    notices_init(&n);
    assert_true(notices_raise(&n, NOTICE_READ_ONLY, T0, "%s", name));
    assert_int_equal(strlen(n.rows[NOTICE_READ_ONLY].text), NOTICE_TEXT_BYTES - 1);
    notices_release(&n);
}

static void test_notices__without_a_list_there_are_none(void **state UNUSED)
{
    struct buf text = buf_limited(1024);

    write_into(NULL, &text);
    assert_string_equal(text.data, "{\"notices\":[]}");
    buf_release(&text);
}

static void test_notices__have_names_of_their_own(void **state UNUSED)
{
    for (int i = 0; i < NOTICE_COUNT; i++)
        for (int k = 0; k < i; k++)
            assert_string_not_equal(notice_name((enum notice_id)i), notice_name((enum notice_id)k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notices__are_written_worst_first_with_their_beginning),
        cmocka_unit_test(test_notices__a_long_text_is_cut),
        cmocka_unit_test(test_notices__without_a_list_there_are_none),
        cmocka_unit_test(test_notices__have_names_of_their_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
