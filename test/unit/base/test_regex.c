#include "unit.h"

#include "seed.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/regex.h"
#include "base/regex_re2.h"

enum { RANDOM_PATTERNS = 3000, TEXTS_EACH = 20 };

static struct regex *made(const char *pattern)
{
    struct regex *r = NULL;

    assert_int_equal(regex_new(str_of(pattern), &r, NULL), ERR_OK);
    return r;
}

static bool matches(const char *pattern, const char *text)
{
    struct regex *r = made(pattern);
    bool yes = regex_matches(r, str_of(text));

    regex_free(r);
    return yes;
}

static void test_regex__matches_the_whole_text(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        { "abc", "abc", true },
        { "abc", "abcd", false },
        { "a|b|", "", true },
        { "a|b|", "b", true },
        { "a|b", "ab", false },
        { "ab.*", "ab", true },
        { "ab.+", "ab", false },
        { "ab.+", "abc", true },
        { "ab.*", "ab\nc", false },
        { ".*ab", "xxab", true },
        { ".+ab", "ab", false },
        { ".*", "", true },
        { ".+", "", false },
        { ".*", "a\nb", false },
        { "a\\.b", "a.b", true },
        { "a\\.b", "axb", false },
        { "a.b", "axb", true },
        { "5..", "503", true },
        { "(?i)ab", "AB", true },
        { "(a|b)+", "abab", true },
        { "a|b.*", "bcd", true },
        { "a|b.*", "ad", false },
        { "\xc3\xa4.", "\xc3\xa4x", true },
        { "", "", true },
        { "", "a", false },
        { "^ab$", "ab", true },
        { "[^a]", "b", true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (matches(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
}

/* What is answered without RE2 is what RE2 would answer. */
static void test_regex__short_cuts_agree_with_re2(void **state)
{
    static const char *const parts[] = { "a", "b", "ab", "|", ".*", ".+", "\\.", ".", "a", "\\+" };
    static const char *const letters[] = { "a", "b", ".", "\n", "+", "ab" };
    struct rng rng = seed_rng("regex");
    struct arena arena = arena_limited(1 << 20);

    (void)state;
    for (int i = 0; i < RANDOM_PATTERNS; i++) {
        char message[128], pattern[64] = "", text[64];
        struct regex *r;
        bool too_large;
        void *oracle;

        for (uint64_t n = rng_below(&rng, 6); n; n--)
            strcat(pattern, parts[rng_below(&rng, ARRAY_LEN(parts))]);
        oracle = re2_shim_new(pattern, strlen(pattern), message, sizeof message, &too_large);
        if (!oracle) {
            assert_int_equal(regex_new(str_of(pattern), &r, NULL), ERR_INVALID);
            continue;
        }
        r = made(pattern);
        for (int t = 0; t < TEXTS_EACH; t++) {
            text[0] = '\0';
            for (uint64_t n = rng_below(&rng, 5); n; n--)
                strcat(text, letters[rng_below(&rng, ARRAY_LEN(letters))]);
            if (regex_matches(r, str_of(text)) != re2_shim_matches(oracle, text, strlen(text)))
                fail_msg("\"%s\" on \"%s\"", pattern, text);
        }
        regex_free(r);
        re2_shim_free(oracle);
    }
    arena_release(&arena);
}

static void test_regex__alternatives_are_told(void **state)
{
    struct regex *r = made("a|b\\.c|"), *other = made("a|b.c");
    size_t count;
    const struct str *texts = regex_alternatives(r, &count);

    (void)state;
    assert_int_equal(count, 3);
    assert_true(str_equals(texts[0], STR("a")) && str_equals(texts[1], STR("b.c")));
    assert_int_equal(texts[2].len, 0);
    assert_null(regex_alternatives(other, &count));
    assert_int_equal(count, 0);
    regex_free(r);
    regex_free(other);
}

static void expect_expansion(const char *pattern, const char *text, const char *template_text,
                             const char *expected)
{
    struct arena arena = arena_limited(1 << 16);
    struct regex *r = made(pattern);
    struct str out = { 0 };
    enum err err;
    bool matched = regex_expand(r, str_of(text), str_of(template_text), &arena, &out, &err);

    assert_int_equal(matched, expected != NULL);
    assert_int_equal(err, ERR_OK);
    if (matched && !str_equals(out, str_of(expected)))
        fail_msg("\"%s\": \"%.*s\" instead of \"%s\"", template_text, STR_ARG(out), expected);
    regex_free(r);
    arena_release(&arena);
}

static void test_regex__templates_as_go_has_them(void **state)
{
    (void)state;
    expect_expansion("(.*):(.*)", "host:80", "$1", "host");
    expect_expansion("(.*):(.*)", "host:80", "${2}x$1", "80xhost");
    expect_expansion("(.*):(.*)", "host:80", "$1x", ""); /* the group "1x" */
    expect_expansion("(?P<who>.*):.*", "host:80", "<$who>", "<host>");
    expect_expansion("a(b)?", "a", "[$1]", "[]");
    expect_expansion("a", "a", "$$1 $ ${ $0", "$1 $ ${ a");
    expect_expansion("a", "a", "$9", "");
    expect_expansion("a", "b", "$0", NULL);
}

static void test_regex__bad_patterns_are_told(void **state)
{
    struct arena arena = arena_limited(1 << 16);
    struct regex *r = NULL;
    struct diag diag = { 0 };
    char *longer = arena_alloc_zero(&arena, 1, REGEX_MAX_BYTES + 2);

    (void)state;
    assert_int_equal(regex_new(STR("a(b"), &r, &diag), ERR_INVALID);
    assert_non_null(strstr(diag_text(&diag), "missing )"));
    memset(longer, 'a', REGEX_MAX_BYTES + 1);
    assert_int_equal(regex_new(str_of(longer), &r, NULL), ERR_LIMIT);
    diag = (struct diag){ 0 };
    assert_int_not_equal(regex_new(STR("((a{900}){900}){900}"), &r, &diag), ERR_OK);
    arena_release(&arena);
}

/* Patterns that take a back-tracking matcher for ever. */
static void test_regex__is_linear(void **state)
{
    struct regex *r = made("(a*)*(a*)*(a|aa)+c");
    char text[2049];

    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 100; i++)
        assert_false(regex_matches(r, str_of(text)));
    regex_free(r);
}

static void test_regex__survives_every_failing_allocation(void **state)
{
    long n = 0;

    (void)state;
    do {
        struct regex *r = NULL;
        enum err err;

        mem_fail_nth(++n);
        err = regex_new(STR("a|b|c"), &r, NULL);
        assert_true(err == ERR_OK || err == ERR_NOMEM);
        if (!err)
            assert_true(regex_matches(r, STR("b")));
        regex_free(err ? NULL : r);
    } while (mem_fault_happened());
    mem_fail_nth(0);
    assert_true(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regex__matches_the_whole_text),
        cmocka_unit_test(test_regex__short_cuts_agree_with_re2),
        cmocka_unit_test(test_regex__alternatives_are_told),
        cmocka_unit_test(test_regex__templates_as_go_has_them),
        cmocka_unit_test(test_regex__bad_patterns_are_told),
        cmocka_unit_test(test_regex__is_linear),
        cmocka_unit_test(test_regex__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
