#include "store_suite.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"

enum { SEEN_MAX = 64 };

/* --- what a walk shows --- */

struct seen {
    size_t count;
    struct {
        char name[STORE_NAME_MAX_BYTES + 1], definition[256];
        int64_t created_ms, changed_ms;
        uint64_t revision;
    } rows[SEEN_MAX];
};

static enum err note(void *ctx, const struct store_service *service)
{
    struct seen *seen = ctx;

    assert_true(seen->count < SEEN_MAX);
    snprintf(seen->rows[seen->count].name, sizeof seen->rows[0].name, "%.*s",
             STR_ARG(service->name));
    snprintf(seen->rows[seen->count].definition, sizeof seen->rows[0].definition, "%.*s",
             STR_ARG(service->definition));
    seen->rows[seen->count].created_ms = service->created_ms;
    seen->rows[seen->count].changed_ms = service->changed_ms;
    seen->rows[seen->count++].revision = service->revision;
    return ERR_OK;
}

static void look(struct store *s, struct seen *seen)
{
    *seen = (struct seen){ 0 };
    assert_int_equal(store_for_each_service(s, note, seen, NULL), ERR_OK);
}

static struct store *open_one(struct store_suite *suite)
{
    struct store *s = NULL;
    struct diag diag = { 0 };

    if (suite->open(suite, &s, &diag))
        fail_msg("%s", diag_text(&diag));
    return s;
}

static uint64_t save(struct store *s, const char *name, const char *definition, int64_t at_ms)
{
    struct store_service service = { .name = str_of(name),
                                     .definition = str_of(definition),
                                     .created_ms = at_ms,
                                     .changed_ms = at_ms + 1,
                                     .revision = 999 };
    uint64_t revision = 0;
    struct diag diag = { 0 };

    if (store_save_service(s, &service, &revision, &diag))
        fail_msg("%s", diag_text(&diag));
    assert_true(revision > 0);
    return revision;
}

/* --- the tests --- */

static int wipe(void **state)
{
    struct store_suite *suite = *state;

    mem_fail_nth(0);
    suite->wipe(suite);
    return 0;
}

static void test_store__is_empty_when_it_is_new(void **state)
{
    struct store *s = open_one(*state);
    struct seen seen;

    look(s, &seen);
    assert_int_equal(seen.count, 0);
    assert_false(store_is_lost(s));
    store_close(s);
}

static void test_store__what_was_saved_is_there_when_it_is_opened_again(void **state)
{
    struct store *s = open_one(*state);
    uint64_t second, first = save(s, "orders", "{\"name\":\"orders\"}", 1000);
    struct seen seen;

    second = save(s, "caf\xc3\xa9 \"'; DROP", "{\"team\":\"\xe2\x98\x95\"}", 2000);
    assert_true(second > first);
    store_close(s);
    s = open_one(*state);
    look(s, &seen);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.rows[0].name, "caf\xc3\xa9 \"'; DROP");
    assert_string_equal(seen.rows[0].definition, "{\"team\":\"\xe2\x98\x95\"}");
    assert_string_equal(seen.rows[1].name, "orders");
    assert_int_equal(seen.rows[1].created_ms, 1000);
    assert_int_equal(seen.rows[1].changed_ms, 1001);
    assert_int_equal(seen.rows[1].revision, first);
    store_close(s);
}

static void test_store__saving_again_replaces_with_a_new_revision(void **state)
{
    struct store *s = open_one(*state);
    uint64_t first = save(s, "orders", "{\"a\":1}", 1);
    uint64_t again = save(s, "orders", "{\"a\":2}", 2);
    struct seen seen;

    assert_true(again > first);
    look(s, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.rows[0].definition, "{\"a\":2}");
    assert_int_equal(seen.rows[0].revision, again);
    store_close(s);
}

static void test_store__a_revision_is_never_given_twice(void **state)
{
    struct store *s = open_one(*state);
    uint64_t first = save(s, "orders", "{}", 1), later;

    assert_int_equal(store_delete_service(s, STR("orders"), NULL), ERR_OK);
    store_close(s);
    s = open_one(*state);
    later = save(s, "orders", "{}", 2);
    assert_true(later > first);
    store_close(s);
}

static void test_store__what_was_deleted_is_gone_for_good(void **state)
{
    struct store *s = open_one(*state);
    struct seen seen;

    save(s, "a", "{}", 1);
    save(s, "b", "{}", 1);
    assert_int_equal(store_delete_service(s, STR("a"), NULL), ERR_OK);
    assert_int_equal(store_delete_service(s, STR("a"), NULL), ERR_NOT_FOUND);
    assert_int_equal(store_delete_service(s, STR("A"), NULL), ERR_NOT_FOUND);
    assert_int_equal(store_delete_service(s, STR("B"), NULL), ERR_NOT_FOUND);
    store_close(s);
    s = open_one(*state);
    look(s, &seen);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.rows[0].name, "b");
    store_close(s);
}

static void test_store__walks_in_the_order_of_bytes(void **state)
{
    static const char *const names[] = { "b", "a", "B", "\xc3\xa9", "a1", "A" };
    static const char *const sorted[] = { "A", "B", "a", "a1", "b", "\xc3\xa9" };
    struct store *s = open_one(*state);
    struct seen seen;

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        save(s, names[i], "{}", 1);
    look(s, &seen);
    assert_int_equal(seen.count, ARRAY_LEN(sorted));
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++)
        assert_string_equal(seen.rows[i].name, sorted[i]);
    store_close(s);
}

static enum err stop_at_second(void *ctx, const struct store_service *service UNUSED)
{
    return ++*(int *)ctx == 2 ? ERR_CANCELLED : ERR_OK;
}

static void test_store__a_walk_may_be_ended_and_begun_again(void **state)
{
    struct store *s = open_one(*state);
    struct seen seen;
    int calls = 0;

    save(s, "a", "{}", 1);
    save(s, "b", "{}", 1);
    save(s, "c", "{}", 1);
    assert_int_equal(store_for_each_service(s, stop_at_second, &calls, NULL), ERR_CANCELLED);
    assert_int_equal(calls, 2);
    save(s, "d", "{}", 1); /* nothing is left open */
    look(s, &seen);
    assert_int_equal(seen.count, 4);
    store_close(s);
}

static void test_store__what_is_empty_or_too_long_is_refused(void **state)
{
    static char name[STORE_NAME_MAX_BYTES + 1], definition[STORE_DEFINITION_MAX_BYTES + 1];
    struct store *s = open_one(*state);
    struct store_service service = { .name = STR("a"), .definition = STR("") };
    uint64_t revision = 0;
    struct seen seen;

    memset(name, 'n', sizeof name);
    memset(definition, ' ', sizeof definition);
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_INVALID);
    service.definition = (struct str){ definition, sizeof definition };
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_INVALID);
    service.definition = STR("{}");
    service.name = (struct str){ name, sizeof name };
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_INVALID);
    service.name.len = 0;
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_INVALID);
    look(s, &seen);
    assert_int_equal(seen.count, 0);
    service.name.len = STORE_NAME_MAX_BYTES;
    service.definition = (struct str){ definition, STORE_DEFINITION_MAX_BYTES };
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_OK);
    store_close(s);
}

static void test_store__without_memory_a_change_is_whole_or_not_there(void **state)
{
    bool fault = true;

    for (long n = 1; fault; n++) {
        struct store *s = NULL;
        struct store_service service = { .name = STR("a"), .definition = STR("{\"n\":1}") };
        uint64_t revision = 0;
        struct seen seen;
        enum err err;

        mem_fail_nth(n);
        err = ((struct store_suite *)*state)->open(*state, &s, NULL);
        if (!err)
            err = store_save_service(s, &service, &revision, NULL);
        if (!err)
            err = store_delete_service(s, STR("a"), NULL);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, fault ? ERR_NOMEM : ERR_OK);
        store_close(s);
        s = open_one(*state);
        look(s, &seen);
        assert_true(seen.count <= 1);
        store_close(s);
        assert_true(n < 1000);
    }
}

static void test_store__a_copy_opens_as_the_store_did(void **state)
{
    struct store_suite *suite = *state;
    struct store *s = open_one(suite);
    struct store_service service = { .name = STR("a"), .definition = STR("{\"n\":1}") };
    struct seen seen;
    uint64_t revision = 0;
    char path[sizeof suite->place + 8];

    snprintf(path, sizeof path, "%s.copy", suite->place);
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_OK);
    assert_int_equal(store_copy(s, path, NULL), ERR_OK);
    assert_int_equal(store_copy(s, path, NULL), ERR_CONFLICT);
    assert_int_equal(store_delete_service(s, STR("a"), NULL), ERR_OK);
    store_close(s);

    assert_int_equal(rename(path, suite->place), 0);
    s = open_one(suite);
    look(s, &seen);
    assert_int_equal(seen.count, 1);
    assert_int_equal(store_save_service(s, &service, &revision, NULL), ERR_OK);
    store_close(s);
}

int store_suite_run(struct store_suite *suite)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_store__is_empty_when_it_is_new, wipe),
        cmocka_unit_test_teardown(test_store__what_was_saved_is_there_when_it_is_opened_again,
                                  wipe),
        cmocka_unit_test_teardown(test_store__saving_again_replaces_with_a_new_revision, wipe),
        cmocka_unit_test_teardown(test_store__a_revision_is_never_given_twice, wipe),
        cmocka_unit_test_teardown(test_store__what_was_deleted_is_gone_for_good, wipe),
        cmocka_unit_test_teardown(test_store__walks_in_the_order_of_bytes, wipe),
        cmocka_unit_test_teardown(test_store__a_walk_may_be_ended_and_begun_again, wipe),
        cmocka_unit_test_teardown(test_store__what_is_empty_or_too_long_is_refused, wipe),
        cmocka_unit_test_teardown(test_store__without_memory_a_change_is_whole_or_not_there, wipe),
        cmocka_unit_test_teardown(test_store__a_copy_opens_as_the_store_did, wipe),
    };

    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tests[i].initial_state = suite;
    return _cmocka_run_group_tests("store", tests, ARRAY_LEN(tests), NULL, NULL);
}
