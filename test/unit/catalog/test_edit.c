#include "config_text.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "catalog/edit.h"

/* A store that counts, keeps the newest row of each call, and fails when told to. */
struct fake {
    struct store port;
    enum err fail;
    int saved_count, deleted_count;
    uint64_t revision;
    char saved[1024];
    char rows[4][1024]; /* definitions that a walk shows, by name below */
    const char *names[4];
};

static void close_fake(struct store *s UNUSED)
{
}

static enum err save_fake(struct store *s, const struct store_service *row, uint64_t *ret,
                          struct diag *diag)
{
    struct fake *f = (struct fake *)s;

    if (f->fail)
        return diag_set(diag, f->fail, "the disk says no");
    f->saved_count++;
    snprintf(f->saved, sizeof f->saved, "%.*s", STR_ARG(row->definition));
    *ret = ++f->revision;
    return ERR_OK;
}

static enum err delete_fake(struct store *s, struct str name UNUSED, struct diag *diag)
{
    struct fake *f = (struct fake *)s;

    if (f->fail)
        return diag_set(diag, f->fail, "the disk says no");
    f->deleted_count++;
    return ERR_OK;
}

static enum err walk_fake(struct store *s, store_on_service *on_service, void *ctx,
                          struct diag *diag UNUSED)
{
    struct fake *f = (struct fake *)s;
    enum err err = ERR_OK;

    for (size_t i = 0; i < ARRAY_LEN(f->names) && f->names[i] && !err; i++) {
        struct store_service row = { .name = str_of(f->names[i]),
                                     .definition = str_of(f->rows[i]),
                                     .created_ms = 1,
                                     .changed_ms = 2,
                                     .revision = i + 1 };

        err = on_service(ctx, &row);
    }
    return err;
}

static bool never_lost(const struct store *s UNUSED)
{
    return false;
}

static const struct store_engine engine = { .close = close_fake,
                                            .save_service = save_fake,
                                            .delete_service = delete_fake,
                                            .for_each_service = walk_fake,
                                            .is_lost = never_lost };

struct fixture {
    struct fake fake;
    struct registry registry;
    struct service_fault fault;
    struct diag diag;
    bool created;
    uint64_t revision;
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc_zero(1, sizeof *f);
    struct config *cfg = config_of("services: [{name: filed, team: shop}]");

    assert_non_null(f);
    f->fake.port.engine = &engine;
    registry_init(&f->registry, 3);
    assert_int_equal(registry_set_config(&f->registry, cfg), ERR_OK);
    config_unref(cfg);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    mem_fail_nth(0);
    registry_release(&f->registry);
    mem_free(f);
    return 0;
}

static enum err apply(struct fixture *f, struct edit edit)
{
    struct edit_result result = { 0 };
    enum err err;

    f->diag = (struct diag){ 0 };
    f->fault.field[0] = '\0';
    edit.now_ms = edit.now_ms ? edit.now_ms : 5000;
    err = edit_apply(&f->registry, &f->fake.port, &edit, &result, &f->fault, &f->diag);
    if (err)
        return err;
    f->created = result.created;
    f->revision = result.definition->revision;
    definition_unref(result.definition);
    return ERR_OK;
}

static enum err create(struct fixture *f, const char *body)
{
    return apply(f, (struct edit){ .kind = EDIT_CREATE, .body = str_of(body) });
}

static enum err put(struct fixture *f, const char *name, const char *body, const char *match,
                    const char *none_match)
{
    return apply(f, (struct edit){ .kind = EDIT_PUT,
                                   .name = str_of(name),
                                   .body = str_of(body),
                                   .if_match = str_of(match),
                                   .if_none_match = str_of(none_match) });
}

static enum err delete (struct fixture *f, const char *name, const char *match) {
    return apply(f, (struct edit){ .kind = EDIT_DELETE,
                                   .name = str_of(name),
                                   .if_match = str_of(match) });
}

static bool is_defined(struct fixture *f, const char *name)
{
    struct registry_entry entry;

    registry_look(&f->registry, str_of(name), &entry);
    definition_unref(entry.definition);
    return entry.origin == ORIGIN_API;
}

static void test_edit__creates_what_is_not_there(void **state)
{
    struct fixture *f = *state;
    struct registry_entry entry;

    assert_int_equal(create(f, "{\"serviceName\":\"orders\",\"maxRetriesPerMinute\":5}"), ERR_OK);
    assert_true(f->created);
    assert_int_equal(f->revision, 1);
    assert_string_equal(f->fake.saved, "{\"name\":\"orders\",\"max_retries_per_minute\":5}");
    registry_look(&f->registry, STR("orders"), &entry);
    assert_int_equal(entry.origin, ORIGIN_API);
    assert_int_equal(entry.definition->service->max_retries_per_minute, 5);
    assert_int_equal(entry.definition->created_ms, 5000);
    assert_int_equal(entry.definition->changed_ms, 5000);
    definition_unref(entry.definition);
}

static void test_edit__creating_twice_is_a_conflict(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(create(f, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(create(f, "{\"name\":\"orders\"}"), ERR_CONFLICT);
    assert_string_equal(f->fault.field, "name");
    assert_int_equal(f->fake.saved_count, 1);
}

static void test_edit__the_file_is_read_only(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(create(f, "{\"name\":\"filed\"}"), ERR_CONFLICT);
    assert_int_equal(put(f, "filed", "{}", "", ""), ERR_CONFLICT);
    assert_int_equal(delete (f, "filed", ""), ERR_CONFLICT);
    assert_non_null(strstr(f->diag.message, "configuration file"));
    assert_int_equal(f->fake.saved_count + f->fake.deleted_count, 0);
}

static void test_edit__putting_replaces_and_keeps_when_it_was_created(void **state)
{
    struct fixture *f = *state;
    struct registry_entry entry;

    assert_int_equal(put(f, "orders", "{\"team\":\"a\"}", "", ""), ERR_OK);
    assert_true(f->created);
    assert_int_equal(apply(f, (struct edit){ .kind = EDIT_PUT,
                                             .name = STR("orders"),
                                             .body = STR("{\"name\":\"orders\",\"team\":\"b\"}"),
                                             .now_ms = 9000 }),
                     ERR_OK);
    assert_false(f->created);
    assert_int_equal(f->revision, 2);
    registry_look(&f->registry, STR("orders"), &entry);
    assert_true(str_equals(entry.definition->service->team, STR("b")));
    assert_int_equal(entry.definition->created_ms, 5000);
    assert_int_equal(entry.definition->changed_ms, 9000);
    definition_unref(entry.definition);
    assert_int_equal(registry_count(&f->registry), 1);
}

static void test_edit__conditions_hold_by_the_revision(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(put(f, "orders", "{}", "*", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "\"r1\"", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "", "*"), ERR_OK); /* 1 */
    assert_int_equal(put(f, "orders", "{}", "", "*"), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "", "\"r1\""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "\"r2\"", ""), ERR_PRECONDITION);
    assert_non_null(strstr(f->diag.message, "revision 1"));
    assert_int_equal(put(f, "orders", "{}", "\"r1\"", ""), ERR_OK);                  /* 2 */
    assert_int_equal(put(f, "orders", "{}", "\"x\", W/\"5f-or-3-r2\"", ""), ERR_OK); /* 3 */
    assert_int_equal(put(f, "orders", "{}", "*", ""), ERR_OK);                       /* 4 */
    assert_int_equal(put(f, "orders", "{}", "r4", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "\"r\"", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "\"r-4\"", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "orders", "{}", "\"4\"", ""), ERR_PRECONDITION);
    assert_int_equal(put(f, "found", "{}", "\"e-1-r0\"", ""), ERR_OK); /* none was defined */
    assert_int_equal(f->fake.saved_count, 5);
}

static void test_edit__deletes_what_the_api_defined(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(delete (f, "orders", ""), ERR_NOT_FOUND);
    assert_int_equal(delete (f, "orders", "*"), ERR_PRECONDITION);
    assert_int_equal(create(f, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(delete (f, "orders", "\"r7\""), ERR_PRECONDITION);
    assert_int_equal(delete (f, "orders", "\"r1\""), ERR_OK);
    assert_int_equal(f->fake.deleted_count, 1);
    assert_false(is_defined(f, "orders"));
    assert_int_equal(delete (f, "orders", ""), ERR_NOT_FOUND);
}

static void test_edit__what_cannot_be_saved_changes_nothing(void **state)
{
    static const enum err fails[] = { ERR_IO, ERR_LIMIT, ERR_CORRUPT };
    struct fixture *f = *state;

    assert_int_equal(create(f, "{\"name\":\"orders\",\"team\":\"a\"}"), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(fails); i++) {
        f->fake.fail = fails[i];
        assert_int_equal(create(f, "{\"name\":\"search\"}"), ERR_UNAVAILABLE);
        assert_non_null(strstr(f->diag.message, "the disk says no"));
        assert_int_equal(put(f, "orders", "{\"team\":\"b\"}", "", ""), ERR_UNAVAILABLE);
        assert_int_equal(delete (f, "orders", ""), ERR_UNAVAILABLE);
        assert_true(is_defined(f, "orders"));
        assert_false(is_defined(f, "search"));
    }
}

static void test_edit__no_more_than_the_limit(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(create(f, "{\"name\":\"a\"}"), ERR_OK);
    assert_int_equal(create(f, "{\"name\":\"b\"}"), ERR_OK);
    assert_int_equal(create(f, "{\"name\":\"c\"}"), ERR_OK);
    assert_int_equal(create(f, "{\"name\":\"d\"}"), ERR_LIMIT);
    assert_int_equal(put(f, "c", "{}", "", ""), ERR_OK);
    assert_int_equal(delete (f, "a", ""), ERR_OK);
    assert_int_equal(create(f, "{\"name\":\"d\"}"), ERR_OK);
}

static void test_edit__a_body_that_is_wrong_says_where(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(create(f, "{\"name\":\"a\",\"teem\":\"x\"}"), ERR_INVALID);
    assert_string_equal(f->fault.field, "teem");
    assert_non_null(strstr(f->diag.message, "did you mean \"team\"?"));
    assert_int_equal(f->fake.saved_count, 0);
}

static void count_unreadable(void *ctx, struct str name UNUSED, const struct diag *diag)
{
    assert_true(diag->message[0]);
    ++*(int *)ctx;
}

static void test_edit__loads_what_can_be_read(void **state)
{
    struct fixture *f = *state;
    struct registry_entry entry;
    int unreadable = 0;

    f->fake.names[0] = "a";
    snprintf(f->fake.rows[0], sizeof f->fake.rows[0], "{\"name\":\"a\"}");
    f->fake.names[1] = "b";
    snprintf(f->fake.rows[1], sizeof f->fake.rows[1], "{\"name\":\"b\",\"from_the_future\":1}");
    f->fake.names[2] = "filed";
    snprintf(f->fake.rows[2], sizeof f->fake.rows[2], "{\"name\":\"filed\"}");
    assert_int_equal(edit_load(&f->registry, &f->fake.port, count_unreadable, &unreadable, NULL),
                     ERR_OK);
    assert_int_equal(unreadable, 1);
    assert_int_equal(registry_count(&f->registry), 2);
    registry_look(&f->registry, STR("a"), &entry);
    assert_int_equal(entry.definition->revision, 1);
    definition_unref(entry.definition);
    registry_look(&f->registry, STR("filed"), &entry);
    assert_int_equal(entry.origin, ORIGIN_FILE); /* its word counts; the other waits */
    assert_non_null(entry.definition);
    definition_unref(entry.definition);
}

static void test_edit__definitions_follow_the_options(void **state)
{
    struct fixture *f = *state;
    struct config *cfg = config_of("retry_budget: {critical_threshold_percent: 75}");
    struct definition_list list;
    struct definition *again = NULL;

    assert_int_equal(create(f, "{\"name\":\"orders\"}"), ERR_OK);
    assert_int_equal(registry_list(&f->registry, &list), ERR_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(definition_read_again(list.items[0], cfg, &again, NULL), ERR_OK);
    assert_true(list.items[0]->service->critical_threshold_percent == 85);
    assert_true(again->service->critical_threshold_percent == 75);
    assert_int_equal(again->revision, 1);
    assert_int_equal(again->created_ms, 5000);
    definition_unref(again);
    registry_list_free(&list);
    config_unref(cfg);
}

static void test_edit__without_memory_it_may_be_repeated(void **state)
{
    struct fixture *f = *state;
    bool fault = true;

    for (long n = 1; fault; n++) {
        enum err err;

        mem_fail_nth(n);
        err = put(f, "orders", "{\"team\":\"a\",\"dependencies\":[\"b\"]}", "", "");
        if (!err)
            err = delete (f, "orders", "");
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, fault ? ERR_NOMEM : ERR_OK);
        assert_int_equal(put(f, "orders", "{}", "", ""), ERR_OK);
        assert_int_equal(delete (f, "orders", ""), ERR_OK);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_edit__creates_what_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__creating_twice_is_a_conflict, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__the_file_is_read_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__putting_replaces_and_keeps_when_it_was_created,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__conditions_hold_by_the_revision, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_edit__deletes_what_the_api_defined, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__what_cannot_be_saved_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_edit__no_more_than_the_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__a_body_that_is_wrong_says_where, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_edit__loads_what_can_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__definitions_follow_the_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edit__without_memory_it_may_be_repeated, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
