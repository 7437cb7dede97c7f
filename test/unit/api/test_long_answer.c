#include "unit.h"

#include "api/long_answer.h"
#include "base/mem.h"
#include "http/reply.h"

enum { PIECES = 3, BUDGET_BYTES = 1000 };

static struct api api;
static struct budget budget;
static struct http_request *req;

/* An answer of some pieces. */
struct told {
    struct long_answer answer;
    int written, pieces, freed;
};

static bool write_more(void *ctx, struct buf *out)
{
    struct told *t = ctx;

    for (size_t i = 0; i < LONG_ANSWER_PIECE_BYTES; i++)
        buf_append_byte(out, 'x');
    return ++t->written < t->pieces;
}

static void count_free(void *ctx)
{
    ((struct told *)ctx)->freed++;
}

static void make(struct told *t, int pieces)
{
    *t = (struct told){ .pieces = pieces };
    t->answer = (struct long_answer){
        .api = &api, .write = write_more, .free = count_free, .ctx = t
    };
}

static int begin(void **state UNUSED)
{
    memset(&api, 0, sizeof api);
    budget_init(&budget, BUDGET_BYTES);
    api.budget = &budget;
    req = request_new();
    return req ? 0 : -1;
}

static int end(void **state UNUSED)
{
    mem_fail_nth(0);
    request_unref(req);
    assert_int_equal(budget_used_bytes(&budget), 0);
    assert_int_equal(api.own.queries.unread, 0);
    assert_int_equal(api.own.queries.unread_bytes, 0);
    return 0;
}

/* Gives one that books and holds so much. */
static enum err give(struct told *t, size_t held_bytes, struct http_reply *reply)
{
    *reply = (struct http_reply){ 0 };
    assert_int_equal(long_answer_book(&t->answer, held_bytes, NULL), ERR_OK);
    return long_answer_give(&t->answer, req, reply);
}

static void test_long_answer__that_is_short_is_a_body(void **state UNUSED)
{
    struct http_reply reply;
    struct told t;

    make(&t, 1);
    assert_int_equal(give(&t, 100, &reply), ERR_OK);
    assert_null(reply.pieces);
    assert_int_equal(reply.body.len, LONG_ANSWER_PIECE_BYTES);
    assert_int_equal(t.freed, 1);
    assert_int_equal(budget_used_bytes(&budget), 0);
    reply_release(&reply);
}

static void test_long_answer__is_held_until_it_was_read(void **state UNUSED)
{
    struct http_reply reply;
    struct told t;

    make(&t, PIECES);
    assert_int_equal(give(&t, 100, &reply), ERR_OK);
    assert_non_null(reply.pieces);
    assert_int_equal(t.written, 1);
    assert_int_equal(t.freed, 0);
    assert_int_equal(api.own.queries.unread, 1);
    assert_int_equal(api.own.queries.unread_bytes, 100);
    assert_int_equal(budget_used_bytes(&budget), 100);
    reply_release(&reply);
    assert_int_equal(t.freed, 1);
    assert_int_equal(api.own.queries.cancelled, 1);
}

static void test_long_answer__beside_others_has_its_share(void **state UNUSED)
{
    struct http_reply first, second, third;
    struct told large, small, other;

    make(&large, PIECES);
    make(&small, PIECES);
    make(&other, PIECES);
    assert_int_equal(give(&large, BUDGET_BYTES / 2, &first),
                     ERR_OK); /* the only one may be large */
    assert_int_equal(give(&small, 1, &second), ERR_OVERLOADED);
    assert_non_null(strstr(diag_text(&second.diag), "too many long answers"));
    assert_int_equal(small.freed, 1);
    assert_int_equal(api.own.queries.refused, 1);
    reply_release(&second);
    reply_release(&first);
    make(&small, PIECES);
    assert_int_equal(give(&small, BUDGET_BYTES / 8, &second), ERR_OK);
    assert_int_equal(give(&other, BUDGET_BYTES / 8, &third), ERR_OK);
    reply_release(&second);
    reply_release(&third);
}

static void test_long_answer__are_not_more_than_may_be(void **state UNUSED)
{
    static struct http_reply replies[LONG_ANSWERS_MAX_COUNT];
    static struct told told[LONG_ANSWERS_MAX_COUNT];
    struct http_reply one_more;
    struct told t;

    for (size_t i = 0; i < LONG_ANSWERS_MAX_COUNT; i++) {
        make(&told[i], PIECES);
        assert_int_equal(give(&told[i], 1, &replies[i]), ERR_OK);
    }
    make(&t, PIECES);
    assert_int_equal(give(&t, 1, &one_more), ERR_OVERLOADED);
    reply_release(&one_more);
    make(&t, 1);
    assert_int_equal(give(&t, 1, &one_more), ERR_OK); /* a short one */
    reply_release(&one_more);
    for (size_t i = 0; i < LONG_ANSWERS_MAX_COUNT; i++)
        reply_release(&replies[i]);
}

static void test_long_answer__without_room_stays_with_its_owner(void **state UNUSED)
{
    struct diag diag = { 0 };
    struct told t;

    make(&t, PIECES);
    assert_true(budget_take(&budget, BUDGET_QUERY, BUDGET_BYTES));
    assert_int_equal(long_answer_book(&t.answer, BUDGET_BYTES, &diag), ERR_OVERLOADED);
    assert_non_null(strstr(diag_text(&diag), "memory budget"));
    assert_int_equal(t.freed, 0);
    budget_give(&budget, BUDGET_QUERY, BUDGET_BYTES);
}

static void test_long_answer__is_freed_once_when_memory_fails(void **state UNUSED)
{
    long n = 0;
    bool failed;

    req->accepts_gzip = true;
    do {
        struct http_reply reply = { 0 };
        struct told t;
        enum err err;

        make(&t, PIECES);
        assert_int_equal(long_answer_book(&t.answer, 10, NULL), ERR_OK);
        mem_fail_nth(++n);
        err = long_answer_give(&t.answer, req, &reply);
        failed = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, failed ? ERR_NOMEM : ERR_OK);
        reply_release(&reply);
        assert_int_equal(t.freed, 1);
    } while (failed);
    assert_true(n > 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_long_answer__that_is_short_is_a_body),
        TEST(test_long_answer__is_held_until_it_was_read),
        TEST(test_long_answer__beside_others_has_its_share),
        TEST(test_long_answer__are_not_more_than_may_be),
        TEST(test_long_answer__without_room_stays_with_its_owner),
        TEST(test_long_answer__is_freed_once_when_memory_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
