#include "raw.h"

#include "http/gzip.h"

static bool decodes(const char *text, bool plus, const char *expected)
{
    struct arena arena = arena_limited(4096);
    struct str out = STR_NONE;
    bool same = http_decode(&arena, str_of(text), plus, &out) && str_equals(out, str_of(expected));

    arena_release(&arena);
    return same;
}

static bool refuses(struct str text)
{
    struct arena arena = arena_limited(4096);
    struct str out = STR_NONE;
    bool refused = !http_decode(&arena, text, false, &out) && out.ptr == NULL;

    arena_release(&arena);
    return refused;
}

static void test_decode__turns_escapes_into_bytes_once(void **state)
{
    (void)state;
    assert_true(decodes("/plain", false, "/plain"));
    assert_true(decodes("", false, ""));
    assert_true(decodes("%41%6a%6A", false, "Ajj"));
    assert_true(decodes("a%2Fb", false, "a/b"));
    assert_true(decodes("%252f", false, "%2f"));
    assert_true(decodes("%C3%BC", false, "\xc3\xbc"));
}

static void test_decode__plus_is_a_space_in_queries_only(void **state)
{
    (void)state;
    assert_true(decodes("a+b%2B", true, "a b+"));
    assert_true(decodes("a+b", false, "a+b"));
}

static void test_decode__refuses_bad_escapes_and_nul(void **state)
{
    (void)state;
    assert_true(refuses(STR("%")));
    assert_true(refuses(STR("%4")));
    assert_true(refuses(STR("a%4")));
    assert_true(refuses(STR("%zz")));
    assert_true(refuses(STR("%+1")));
    assert_true(refuses(STR("%00")));
    assert_true(refuses(STR("a\0b")));
}

static void test_decode__encodes_all_but_what_is_unreserved(void **state)
{
    struct arena arena = arena_limited(256), tiny = arena_limited(16);

    (void)state;
    assert_string_equal(http_encode(&arena, STR("aZ09-._~")), "aZ09-._~");
    assert_string_equal(http_encode(&arena, STR("a/b c%\xc3\xbc")), "a%2Fb%20c%25%C3%BC");
    assert_string_equal(http_encode(&arena, STR("")), "");
    assert_null(http_encode(&tiny, STR("123456")));
    arena_release(&arena);
    arena_release(&tiny);
}

static void test_decode__fails_cleanly_without_memory(void **state)
{
    struct arena arena = arena_limited(8);
    struct str out;

    (void)state;
    assert_false(http_decode(&arena, STR("%41%42%43%44%45%46%47%48%49"), false, &out));
    arena_release(&arena);
}

static void test_gzip__reads_what_a_client_accepts(void **state)
{
    (void)state;
    assert_true(gzip_is_accepted(STR("gzip")));
    assert_true(gzip_is_accepted(STR("deflate, GZIP;q=0.5")));
    assert_true(gzip_is_accepted(STR("br , *")));
    assert_false(gzip_is_accepted(STR("gzip;q=0")));
    assert_false(gzip_is_accepted(STR("gzip; q=0.000")));
    assert_false(gzip_is_accepted(STR("br, deflate")));
    assert_false(gzip_is_accepted(STR("gzip;q=0, *")));
    assert_false(gzip_is_accepted(STR("*;q=1, gzip;q=0.0")));
    assert_false(gzip_is_accepted(STR("*;q=0")));
    assert_true(gzip_is_accepted(STR("*;q=0, gzip;q=0.001")));
    assert_true(gzip_is_accepted(STR("identity;q=0.5, x-gzip")));
    assert_false(gzip_is_accepted(STR("")));
}

static void test_gzip__packs_and_unpacks_all_sizes(void **state)
{
    static const size_t sizes[] = { 1, 1024, 5000, 40000, 1000000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct buf text = buf_limited(1 << 20), packed = buf_limited(1 << 20),
                   again = buf_limited(1 << 20);

        while (text.len + 16 < sizes[i])
            buf_printf(&text, "%zu,", text.len);
        buf_append_byte(&text, 'x');
        assert_int_equal(gzip_pack(buf_str(&text), &packed), ERR_OK);
        assert_int_equal(gzip_unpack(buf_str(&packed), &again), ERR_OK);
        assert_true(str_equals(buf_str(&text), buf_str(&again)));
        packed.len /= 2;
        buf_clear(&again);
        assert_int_not_equal(gzip_unpack(buf_str(&packed), &again), ERR_OK);
        buf_release(&text);
        buf_release(&packed);
        buf_release(&again);
    }
}

static void test_gzip__stops_a_bomb_at_the_limit(void **state)
{
    struct buf zeros = buf_limited(1 << 20), packed = buf_limited(1 << 16), out = buf_limited(1000);

    (void)state;
    assert_true(buf_reserve(&zeros, 1 << 20));
    memset(zeros.data, 0, 1 << 20);
    zeros.len = 1 << 20;
    assert_int_equal(gzip_pack(buf_str(&zeros), &packed), ERR_OK);
    assert_int_equal(gzip_unpack(buf_str(&packed), &out), ERR_LIMIT);
    buf_release(&zeros);
    buf_release(&packed);
    buf_release(&out);
}

static void test_gzip__survives_every_failing_allocation(void **state)
{
    bool failed = true;
    char text[3000];

    (void)state;
    memset(text, 'a', sizeof text);
    for (long n = 1; failed; n++) {
        struct buf packed = buf_limited(sizeof text);
        enum err err;

        mem_fail_nth(n);
        err = gzip_pack((struct str){ text, sizeof text }, &packed);
        failed = mem_fault_happened();
        assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
        buf_release(&packed);
    }
    mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__turns_escapes_into_bytes_once),
        cmocka_unit_test(test_decode__plus_is_a_space_in_queries_only),
        cmocka_unit_test(test_decode__refuses_bad_escapes_and_nul),
        cmocka_unit_test(test_decode__encodes_all_but_what_is_unreserved),
        cmocka_unit_test(test_decode__fails_cleanly_without_memory),
        cmocka_unit_test(test_gzip__reads_what_a_client_accepts),
        cmocka_unit_test(test_gzip__packs_and_unpacks_all_sizes),
        cmocka_unit_test(test_gzip__stops_a_bomb_at_the_limit),
        cmocka_unit_test(test_gzip__survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
