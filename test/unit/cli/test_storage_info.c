#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "cli/storage_info.h"

static char *page_of(const char *json)
{
    struct json_value doc;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_int_equal(json_read(str_of(json), &doc, NULL), ERR_OK);
    storage_info_print(out, doc);
    fclose(out);
    return text;
}

static void assert_line(const char *page, const char *line)
{
    const char *found = strstr(page, line);

    if (!found)
        fail_msg("no line \"%s\" in\n%s", line, page);
    assert_int_equal(found[strlen(line)], '\n');
}

static void test_storage_info__shows_each_part_on_a_line(void **state UNUSED)
{
    char *page = page_of(
        "{\"sentence\":{\"text\":\"all is well\",\"detail\":\"kept\",\"severity\":\"ok\"},"
        "\"memory\":{\"budget_bytes\":2000000000,\"used_bytes\":65000000,"
        "\"used\":{\"index\":21000000,\"head\":44000000}},"
        "\"head\":{\"series\":48120,\"evicted\":0,\"refused\":12,\"unsealed_samples\":700},"
        "\"log\":{\"rows\":1,\"bytes\":4096},"
        "\"disk\":{\"blocks\":2,\"bytes\":930,\"samples\":1000,\"bytes_per_sample\":0.93,"
        "\"free_bytes\":1000000000,\"total_bytes\":2000000000},"
        "\"samples\":{\"appended\":5000,\"late\":3,\"future\":0},"
        "\"seals\":{\"count\":4,\"failures\":0,\"last_at\":\"2026-11-20T02:29:07.123Z\"},"
        "\"retention\":{\"time_ms\":1296000000,\"bytes\":5000000000},"
        "\"range\":{\"min\":\"2026-11-08T00:00:00.000Z\",\"max\":\"2026-11-20T02:41:07.123Z\"},"
        "\"blocks\":[{\"name\":\"one.block\",\"level\":1,\"min\":\"2026-11-08T00:00:00.000Z\","
        "\"max\":\"2026-11-08T23:59:59.000Z\",\"series\":10,\"samples\":1000,\"bytes\":930,"
        "\"damaged\":true}],"
        "\"damaged\":1,\"damages\":[{\"path\":\"blocks/one.block\",\"offset\":64,\"what\":\"a "
        "page\"}]}");

    assert_line(page, "all is well\nkept\n");
    assert_line(page, "memory     65.0 MB of 2.0 GB · index 21.0 MB · head 44.0 MB");
    assert_line(page, "head       48,120 series · 12 were refused · 700 samples not sealed yet");
    assert_line(page, "log        1 row · 4.0 kB");
    assert_line(page, "blocks     2 files · 930 B · 1,000 samples · 0.93 bytes per sample");
    assert_line(page, "disk       1.0 GB of 2.0 GB free");
    assert_line(page, "samples    5,000 since the start · 3 late");
    assert_line(page, "seals      4 since the start · last at 2026-11-20T02:29:07.123Z");
    assert_line(page, "retention  15 days, in at most 5.0 GB");
    assert_line(page, "range      2026-11-08T00:00:00.000Z to 2026-11-20T02:41:07.123Z");
    assert_line(page, "1,000     930 B  damaged");
    assert_line(page, "blocks/one.block: offset 64: a page");
    assert_null(strchr(page, '\x1b'));
    free(page);
}

static void test_storage_info__leaves_out_what_the_document_does_not_have(void **state UNUSED)
{
    char *page = page_of("{}");

    assert_line(page, "memory     0 B");
    assert_line(page, "retention  everything is kept");
    assert_null(strstr(page, "BLOCK"));
    assert_null(strstr(page, "range"));
    free(page);
    page = page_of("{\"memory\":7,\"blocks\":[7,null],\"sentence\":[],\"damaged\":-1}");
    free(page);
}

static void test_storage_info__foreign_text_moves_no_cursor(void **state UNUSED)
{
    char *page = page_of(
        "{\"sentence\":{\"text\":\"\\u001b[2J\"},\"notices\":[{\"text\":\"a\\u000ab"
        "\"}],\"memory\":{\"used\":{\"\\u001bx\":1}}}");

    assert_line(page, "?[2J");
    assert_line(page, "a?b");
    assert_null(strchr(page, '\x1b'));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_storage_info__shows_each_part_on_a_line),
        cmocka_unit_test(test_storage_info__leaves_out_what_the_document_does_not_have),
        cmocka_unit_test(test_storage_info__foreign_text_moves_no_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
