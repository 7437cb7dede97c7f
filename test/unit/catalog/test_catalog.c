#include "config_text.h"

#include "base/mem.h"
#include "catalog/catalog.h"

static int dropped;

static void drop(void *state)
{
    dropped++;
    mem_free(state);
}

static void give_state(struct catalog_service *service)
{
    service->state = mem_alloc(1);
    assert_non_null(service->state);
}

static void apply(struct catalog *c, const char *yaml, enum err expected)
{
    struct config *cfg = config_of(yaml);

    assert_int_equal(catalog_apply(c, cfg, drop), expected);
    config_unref(cfg); /* the catalog holds its own */
}

static void test_catalog__a_service_is_found_once_it_is_heard(void **state UNUSED)
{
    struct catalog c;
    struct catalog_service *service;
    char name[] = "orders";

    catalog_init(&c, 10);
    assert_null(catalog_find(&c, STR("orders")));
    service = catalog_hear(&c, str_of(name), "haproxy");
    name[0] = 'X'; /* the name is the catalog's own */
    assert_ptr_equal(catalog_find(&c, STR("orders")), service);
    assert_ptr_equal(catalog_hear(&c, STR("orders"), "statsd"), service);
    assert_int_equal(catalog_count(&c), 1);
    assert_true(service->heard);
    assert_null(service->config);
    assert_string_equal(service->source, "statsd");
    catalog_release(&c, drop);
}

static void test_catalog__a_configured_service_is_there_before_it_is_heard(void **state UNUSED)
{
    struct catalog c;
    struct catalog_service *service;

    catalog_init(&c, 10);
    apply(&c, "services: [{name: orders, team: shop}]", ERR_OK);
    service = catalog_find(&c, STR("orders"));
    assert_non_null(service);
    assert_false(service->heard);
    assert_null(service->source);
    assert_true(str_equals(service->config->team, STR("shop")));
    assert_ptr_equal(catalog_hear(&c, STR("orders"), "haproxy"), service);
    catalog_release(&c, drop);
}

static void test_catalog__what_nobody_speaks_of_goes_with_its_configuration(void **state UNUSED)
{
    struct catalog c;

    dropped = 0;
    catalog_init(&c, 10);
    apply(&c, "services: [{name: a}, {name: b}, {name: c}]", ERR_OK);
    for (size_t i = 0; i < catalog_count(&c); i++)
        give_state(catalog_at(&c, i));
    catalog_hear(&c, STR("b"), "haproxy");
    apply(&c, "services: [{name: c}]", ERR_OK);
    assert_int_equal(catalog_count(&c), 2);
    assert_int_equal(dropped, 1);
    assert_null(catalog_find(&c, STR("a")));
    assert_non_null(catalog_find(&c, STR("b")));
    assert_null(catalog_find(&c, STR("b"))->config);
    assert_non_null(catalog_find(&c, STR("c"))->config);
    catalog_release(&c, drop);
    assert_int_equal(dropped, 3);
}

static void test_catalog__services_beyond_the_limit_are_refused_and_counted(void **state UNUSED)
{
    struct catalog c;

    catalog_init(&c, 2);
    assert_non_null(catalog_hear(&c, STR("a"), "x"));
    apply(&c, "services: [{name: b}, {name: c}, {name: a}]", ERR_LIMIT);
    assert_int_equal(c.refused_count, 1);
    assert_non_null(catalog_find(&c, STR("b")));
    assert_non_null(catalog_find(&c, STR("a"))->config);
    assert_null(catalog_hear(&c, STR("d"), "x"));
    assert_int_equal(c.refused_count, 2);
    assert_int_equal(catalog_count(&c), 2);
    apply(&c, "services: []", ERR_OK); /* makes room */
    assert_non_null(catalog_hear(&c, STR("d"), "x"));
    catalog_release(&c, drop);
}

static void test_catalog__no_memory_is_an_error_and_leaves_it_whole(void **state UNUSED)
{
    struct config *cfg = config_of("services: [{name: a}, {name: b}]");
    bool fault = true;

    for (long n = 1; fault; n++) {
        struct catalog c;
        struct catalog_service *heard;
        enum err err;

        catalog_init(&c, 10);
        mem_fail_nth(n);
        heard = catalog_hear(&c, STR("h"), "x");
        err = catalog_apply(&c, cfg, drop);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(fault ? !heard || err == ERR_NOMEM : heard && !err);
        for (size_t i = 0; i < catalog_count(&c); i++)
            assert_ptr_equal(catalog_find(&c, catalog_at(&c, i)->name), catalog_at(&c, i));
        assert_int_equal(catalog_apply(&c, cfg, drop), ERR_OK);
        assert_int_equal(catalog_count(&c), heard ? 3 : 2);
        catalog_release(&c, drop);
        assert_true(n < 100);
    }
    config_unref(cfg);
}

static struct definition *definition_of(const char *json)
{
    struct config *base = config_of("");
    struct definition *d = NULL;

    assert_int_equal(definition_read(str_of(json), STR_NONE, base, &d, NULL, NULL), ERR_OK);
    config_unref(base);
    return d;
}

static enum err define(struct catalog *c, const char *json)
{
    struct definition *d = definition_of(json);
    enum err err = catalog_define(c, d);

    definition_unref(d); /* the catalog holds its own */
    return err;
}

static void test_catalog__a_definition_counts_where_the_file_is_silent(void **state UNUSED)
{
    struct catalog c;

    catalog_init(&c, 10);
    assert_int_equal(define(&c, "{\"name\":\"a\",\"team\":\"api\"}"), ERR_OK);
    assert_true(str_equals(catalog_find(&c, STR("a"))->config->team, STR("api")));
    apply(&c, "services: [{name: a, team: file}]", ERR_OK);
    assert_true(str_equals(catalog_find(&c, STR("a"))->config->team, STR("file")));
    assert_int_equal(define(&c, "{\"name\":\"a\",\"team\":\"api 2\"}"), ERR_OK);
    assert_true(str_equals(catalog_find(&c, STR("a"))->config->team, STR("file")));
    apply(&c, "services: []", ERR_OK);
    assert_true(str_equals(catalog_find(&c, STR("a"))->config->team, STR("api 2")));
    assert_int_equal(catalog_count(&c), 1);
    catalog_release(&c, drop);
}

static void test_catalog__without_its_definition_stays_what_was_heard_or_filed(void **state UNUSED)
{
    struct catalog c;

    dropped = 0;
    catalog_init(&c, 10);
    apply(&c, "services: [{name: filed}]", ERR_OK);
    catalog_hear(&c, STR("heard"), "haproxy");
    assert_int_equal(define(&c, "{\"name\":\"filed\"}"), ERR_OK);
    assert_int_equal(define(&c, "{\"name\":\"heard\"}"), ERR_OK);
    assert_int_equal(define(&c, "{\"name\":\"alone\"}"), ERR_OK);
    give_state(catalog_find(&c, STR("alone")));
    catalog_undefine(&c, STR("filed"), drop);
    catalog_undefine(&c, STR("heard"), drop);
    catalog_undefine(&c, STR("alone"), drop);
    catalog_undefine(&c, STR("nobody"), drop);
    assert_non_null(catalog_find(&c, STR("filed"))->config);
    assert_null(catalog_find(&c, STR("heard"))->config);
    assert_null(catalog_find(&c, STR("alone")));
    assert_int_equal(dropped, 1);
    catalog_release(&c, drop);
}

static void test_catalog__definitions_beyond_the_limit_are_refused(void **state UNUSED)
{
    struct catalog c;

    catalog_init(&c, 1);
    assert_int_equal(define(&c, "{\"name\":\"a\"}"), ERR_OK);
    assert_int_equal(define(&c, "{\"name\":\"b\"}"), ERR_LIMIT);
    assert_int_equal(define(&c, "{\"name\":\"a\"}"), ERR_OK);
    catalog_release(&c, drop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog__a_service_is_found_once_it_is_heard),
        cmocka_unit_test(test_catalog__a_configured_service_is_there_before_it_is_heard),
        cmocka_unit_test(test_catalog__what_nobody_speaks_of_goes_with_its_configuration),
        cmocka_unit_test(test_catalog__services_beyond_the_limit_are_refused_and_counted),
        cmocka_unit_test(test_catalog__a_definition_counts_where_the_file_is_silent),
        cmocka_unit_test(test_catalog__without_its_definition_stays_what_was_heard_or_filed),
        cmocka_unit_test(test_catalog__definitions_beyond_the_limit_are_refused),
        cmocka_unit_test(test_catalog__no_memory_is_an_error_and_leaves_it_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
