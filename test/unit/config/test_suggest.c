#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "config/suggest.h"

static void expect(const char *name, const char *expected)
{
    static const char *const known[] = { "scrape_interval", "scrape_timeout", "params", "scheme" };
    struct suggestion s = suggestion_for(str_of(name));
    char text[SUGGESTION_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        suggestion_offer(&s, str_of(known[i]));
    assert_string_equal(suggestion_text(&s, text), expected);
}

static void test_suggest__names_the_nearest(void **state UNUSED)
{
    expect("scrape_intervall", "; did you mean \"scrape_interval\"?");
    expect("scrapeTimeout", "; did you mean \"scrape_timeout\"?");
    expect("param", "; did you mean \"params\"?");
    expect("shceme", "; did you mean \"scheme\"?");
}

static void test_suggest__is_silent_about_other_words(void **state UNUSED)
{
    expect("interval", "");
    expect("x", "");
    expect("", "");
    expect("a_name_that_is_longer_than_the_sixty_four_bytes_which_are_compared_here", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suggest__names_the_nearest),
        cmocka_unit_test(test_suggest__is_silent_about_other_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
