#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "config/load.h"
#include "config/option_value.h"

enum { TEXT_BYTES = 1 << 18 };

static struct config *load(struct str text)
{
    struct config_sources sources = { .file = "example" };
    struct buf messages = buf_limited(TEXT_BYTES);
    struct config_errors errors;
    struct config *cfg = NULL;
    enum err err;

    config_errors_init(&errors);
    err = config_load_text(text, &sources, &cfg, &errors);
    config_errors_print(&errors, &messages);
    if (err || messages.len)
        fail_msg("%s\n%.*s", err_name(err), STR_ARG(buf_str(&messages)));
    config_errors_release(&errors);
    buf_release(&messages);
    return cfg;
}

/* Takes the # away before what may be uncommented: not before prose, which begins with one blank.
 */
static void uncomment_line(struct str line, struct buf *out)
{
    size_t blanks = 0;
    bool is_code;

    while (blanks < line.len && line.ptr[blanks] == ' ')
        blanks++;
    is_code = blanks + 2 < line.len && line.ptr[blanks] == '#' &&
              (line.ptr[blanks + 1] != ' ' || line.ptr[blanks + 2] == ' ');
    buf_append(out, line.ptr, blanks);
    buf_append(out, line.ptr + blanks + is_code, line.len - blanks - is_code);
    buf_append_byte(out, '\n');
}

static void uncomment(struct str text, struct buf *out)
{
    while (text.len) {
        struct str line;

        text = str_cut(text, '\n', &line);
        uncomment_line(line, out);
    }
}

static void assert_same_options(const struct config *a, const struct config *b)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        enum option_type type = option_rows()[i].type;
        enum option_id id = (enum option_id)i;

        if (type == OPTION_DOUBLE)
            assert_true(config_double(a, id) == config_double(b, id));
        else if (type == OPTION_BOOL)
            assert_true(config_bool(a, id) == config_bool(b, id));
        else if (type == OPTION_INT || type == OPTION_DURATION || type == OPTION_SIZE)
            assert_int_equal(config_int(a, id), config_int(b, id));
        else
            assert_true(str_equals(config_text(a, id), config_text(b, id)));
    }
}

static void test_print__example_loads_as_printed_and_uncommented(void **state UNUSED)
{
    struct buf example = buf_limited(TEXT_BYTES), whole = buf_limited(TEXT_BYTES);
    struct config *defaults, *printed, *all;
    size_t count;

    config_print_example(&example);
    assert_int_equal(buf_error(&example), ERR_OK);
    uncomment(buf_str(&example), &whole);
    defaults = load(STR(""));
    printed = load(buf_str(&example));
    all = load(buf_str(&whole));
    assert_same_options(defaults, printed);
    assert_same_options(defaults, all);
    (void)config_scrapes(printed, &count);
    assert_int_equal(count, 0);
    assert_int_equal(config_scrapes(all, &count)[0].target_count, 1);
    assert_int_equal(config_services(all, &count)[0].dependency_count, 2);
    config_unref(defaults);
    config_unref(printed);
    config_unref(all);
    buf_release(&example);
    buf_release(&whole);
}

static void assert_names_every_option(struct str text)
{
    char *copy = mem_copy(text.ptr, text.len);

    assert_non_null(copy);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        assert_non_null(strstr(copy, option_rows()[i].environment));
    }
    mem_free(copy);
}

static void test_print__both_texts_name_every_option(void **state UNUSED)
{
    struct buf out = buf_limited(TEXT_BYTES);

    config_print_example(&out);
    assert_names_every_option(buf_str(&out));
    buf_clear(&out);
    config_print_reference(&out);
    assert_names_every_option(buf_str(&out));
    buf_release(&out);
}

/* With GOLDEN_WRITE in the environment the page is written instead. */
static void test_print__reference_page_is_fresh(void **state UNUSED)
{
    struct arena arena = arena_limited(TEXT_BYTES);
    struct buf out = buf_limited(TEXT_BYTES);
    struct str page;

    config_print_reference(&out);
    assert_int_equal(buf_error(&out), ERR_OK);
    if (getenv("GOLDEN_WRITE"))
        assert_int_equal(file_write_atomic(REFERENCE_PAGE, buf_str(&out), NULL), ERR_OK);
    assert_int_equal(file_read(&arena, REFERENCE_PAGE, TEXT_BYTES / 2, &page, NULL), ERR_OK);
    assert_true(str_equals(page, buf_str(&out)));
    buf_release(&out);
    arena_release(&arena);
}

static void test_print__survives_the_fault_sweep(void **state UNUSED)
{
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct buf out = buf_limited(TEXT_BYTES);

        mem_fail_nth(n);
        config_print_example(&out);
        config_print_reference(&out);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(buf_error(&out), happened ? ERR_NOMEM : ERR_OK);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_print__example_loads_as_printed_and_uncommented),
        cmocka_unit_test(test_print__both_texts_name_every_option),
        cmocka_unit_test(test_print__reference_page_is_fresh),
        cmocka_unit_test(test_print__survives_the_fault_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
