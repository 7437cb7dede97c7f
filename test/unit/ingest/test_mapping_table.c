#include "unit.h"

#include "base/mem.h"
#include "config/load.h"
#include "ingest/mapping_table.h"
#include "mapping_world.h"

static struct mapping_table *table_of(const char *text)
{
    struct config_sources sources = { 0 };
    struct mapping_table *table = NULL;
    struct config_errors errors;
    struct config *cfg = NULL;

    config_errors_init(&errors);
    assert_int_equal(config_load_text(str_of(text), &sources, &cfg, &errors), ERR_OK);
    assert_int_equal(mapping_table_new(cfg, NULL, &table), ERR_OK);
    config_unref(cfg); /* the table keeps nothing of it */
    config_errors_release(&errors);
    return table;
}

static const struct mapping_row *first_row(const struct mapping_table *t, const char *metric)
{
    const struct mapping_entry *entry = mapping_table_first(t, str_of(metric));

    assert_non_null(entry);
    return &entry->row;
}

static void test_mapping_table__rows_of_a_metric_keep_their_order(void **state)
{
    struct mapping_table *t = table_of("mappings:\n"
                                       "  - {metric: circuit, signal: errors, service: x}\n");
    const struct mapping_entry *entry = mapping_table_first(t, STR("circuit"));
    const struct mapping_row *before = NULL;
    size_t count = 0;

    (void)state;
    assert_true(entry->row.is_own);
    for (; entry; entry = entry->next, count++) {
        assert_string_equal(entry->row.metric, "circuit");
        assert_true(!before || before < &entry->row);
        before = &entry->row;
    }
    assert_true(count > 5);
    entry = mapping_table_first(t, STR("circui"));
    assert_ptr_equal(entry, mapping_table_first(t, STR("circuits")));
    for (; entry; entry = entry->next)
        assert_string_equal(entry->row.metric, MAPPING_ANY_METRIC);
    mapping_table_free(t);
}

static void test_mapping_table__conditions_are_values_beginnings_and_absence(void **state)
{
    const struct {
        struct label label;
        bool accepted;
    } cases[] = {
        { { STR("code"), STR("500") }, true },  { { STR("code"), STR("5") }, true },
        { { STR("code"), STR("429") }, true },  { { STR("code"), STR("4290") }, false },
        { { STR("code"), STR("200") }, false }, { { STR("other"), STR("500") }, false },
    };
    struct mapping_table *t = table_of(
        "mappings:\n"
        "  - {metric: m, when: {code: ['5*', 429], shadow: ''}, signal: errors, "
        "service: x}\n");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct label both[] = { cases[i].label, { STR("shadow"), STR("yes") } };

        assert_int_equal(mapping_row_accepts(first_row(t, "m"), (struct labels){ both, 1 }),
                         cases[i].accepted);
        assert_false(mapping_row_accepts(first_row(t, "m"), (struct labels){ both, 2 }));
    }
    mapping_table_free(t);
}

static void test_mapping_table__encodings_have_a_default(void **state)
{
    struct mapping_table *t = table_of(
        "metrics: {breaker_state_encoding: closed-open-halfopen}\n"
        "mappings:\n"
        "  - {metric: a, signal: breaker_state, service: x}\n"
        "  - {metric: b, signal: breaker_state, service: x, encoding: open-closed-halfopen}\n"
        "  - {metric: c, signal: breaker_state, service: x, encoding: half_open}\n");

    (void)state;
    assert_int_equal(first_row(t, "a")->encoding, ENCODING_CLOSED_OPEN_HALFOPEN);
    assert_int_equal(first_row(t, "a")->use, USE_NUMBER);
    assert_int_equal(first_row(t, "b")->encoding, ENCODING_OPEN_CLOSED_HALFOPEN);
    assert_int_equal(first_row(t, "c")->use, USE_STATE);
    assert_int_equal(first_row(t, "c")->state, STATE_HALF_OPEN);
    assert_int_equal(first_row(t, "circuit_breaker_state")->encoding,
                     ENCODING_CLOSED_OPEN_HALFOPEN);
    assert_int_equal(first_row(t, "hystrix_circuit_breaker_open")->encoding, ENCODING_CLOSED_OPEN);
    mapping_table_free(t);
}

static const char own_rows[] =
    "mappings:\n"
    "  - {metric: shop_calls_total, signal: calls, service_label: to, caller: web}\n"
    "  - {metric: shop_calls_total, when: {result: [bad, 'worse*']}, signal: errors, "
    "service_label: to, caller: web}\n"
    "  - {metric: shop_retries_total, signal: retries, service: stock, caller: web}\n"
    "  - {metric: shop_refused_total, signal: retries_denied, service: stock, caller: web}\n"
    "  - {metric: shop_fuse, signal: breaker_state, service: stock, breaker_label: fuse, "
    "caller: web, encoding: open-closed-halfopen}\n"
    "  - {metric: shop_through_total, signal: breaker_calls, service: stock, caller: web}\n"
    "  - {metric: shop_failed_total, signal: breaker_errors, service: stock, caller: web}\n"
    "  - {metric: shop_time_total, signal: timed_seconds, unit: microseconds, service: stock, "
    "caller: web}\n"
    "  - {metric: shop_blocked_total, signal: breaker_blocked, service: stock, caller: web}\n";

static void test_mapping_table__own_rows_are_heard(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, own_rows);
    for (int i = 0; i < 2; i++)
        mapping_world_apply(&w,
                            i ? "shop_calls_total{to=\"stock\",result=\"good\"} 9\n"
                                "shop_calls_total{to=\"stock\",result=\"worse than bad\"} 5\n"
                                "shop_retries_total 4\nshop_refused_total 3\n"
                                "shop_fuse{fuse=\"f\"} 0\nshop_through_total 8\n"
                                "shop_failed_total 2\nshop_blocked_total 6\nshop_time_total 3e6\n"
                              : "shop_calls_total{to=\"stock\",result=\"good\"} 1\n"
                                "shop_calls_total{to=\"stock\",result=\"worse than bad\"} 1\n"
                                "shop_retries_total 1\nshop_refused_total 1\n"
                                "shop_fuse{fuse=\"f\"} 1\nshop_through_total 1\n"
                                "shop_failed_total 1\nshop_blocked_total 1\nshop_time_total 1e6\n");
    assert_true(mapping_world_heard(&w, "stock/ by web", SIGNAL_CALLS) == 12);
    assert_true(mapping_world_heard(&w, "stock/ by web", SIGNAL_ERRORS) == 4);
    assert_true(mapping_world_heard(&w, "stock/ by web", SIGNAL_TIMED_SECONDS) == 2);
    assert_true(mapping_world_heard(&w, "stock/ by web", SIGNAL_RETRIES) == 3);
    assert_true(mapping_world_heard(&w, "stock/ by web", SIGNAL_RETRIES_DENIED) == 2);
    assert_int_equal(mapping_world_state(&w, "stock/f by web"), BREAKER_OPEN);
    assert_true(mapping_world_heard(&w, "stock/stock by web", SIGNAL_BREAKER_CALLS) == 7);
    assert_true(mapping_world_heard(&w, "stock/stock by web", SIGNAL_BREAKER_ERRORS) == 1);
    assert_true(mapping_world_heard(&w, "stock/stock by web", SIGNAL_BREAKER_BLOCKED) == 5);
    mapping_world_close(&w);
}

static void test_mapping_table__own_rows_go_before_ours_of_the_same_signal(void **state)
{
    struct mapping_world w;

    (void)state;
    mapping_world_open(&w, "mappings:\n"
                           "  - {metric: circuit, when: {event: fire}, signal: calls, "
                           "service_label: name, caller: mine}\n");
    mapping_world_apply(&w, "circuit{job=\"j\",name=\"n\",event=\"fire\"} 1\n");
    mapping_world_apply(&w, "circuit{job=\"j\",name=\"n\",event=\"fire\"} 3\n");
    assert_true(mapping_world_heard(&w, "n/ by mine", SIGNAL_CALLS) == 2);
    assert_int_equal(mapping_world_times(&w, "n/ by j", SIGNAL_CALLS), 0);
    assert_int_equal(mapping_world_state(&w, "n/n by j"), BREAKER_CLOSED);
    mapping_world_close(&w);
}

static void test_mapping_table__survives_every_failed_allocation(void **state)
{
    struct config_sources sources = { 0 };
    struct config_errors errors;
    struct config *cfg = NULL;
    bool happened = true;

    (void)state;
    config_errors_init(&errors);
    assert_int_equal(config_load_text(str_of(own_rows), &sources, &cfg, &errors), ERR_OK);
    for (long n = 1; happened; n++) {
        struct mapping_table *table = NULL;
        enum err err;

        mem_fail_nth(n);
        err = mapping_table_new(cfg, NULL, &table);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        mapping_table_free(table);
    }
    config_unref(cfg);
    config_errors_release(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mapping_table__rows_of_a_metric_keep_their_order),
        cmocka_unit_test(test_mapping_table__conditions_are_values_beginnings_and_absence),
        cmocka_unit_test(test_mapping_table__encodings_have_a_default),
        cmocka_unit_test(test_mapping_table__own_rows_are_heard),
        cmocka_unit_test(test_mapping_table__own_rows_go_before_ours_of_the_same_signal),
        cmocka_unit_test(test_mapping_table__survives_every_failed_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
