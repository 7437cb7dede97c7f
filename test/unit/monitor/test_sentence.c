#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "monitor/sentence.h"

enum { ROWS_MAX = 16 };
static const int64_t NOW = 1795142467000; /* 2026-11-20 02:41:07 UTC */

/* A view as monitor_view leaves it to the sentence: rows sorted worst first. */
struct stage {
    struct monitor_view view;
    struct service_view rows[ROWS_MAX];
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){ .view = { .now_ms = NOW, .arena = arena_limited(1 << 20) } };
    s->view.services = s->rows;
    s->view.totals.calls_per_s = s->view.totals.success_ratio = s->view.totals.retry_ratio = NAN;
}

static struct service_view *add(struct stage *s, const char *name, enum health health,
                                enum evidence evidence)
{
    static const enum severity severities[] = { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL,
                                                SEVERITY_UNKNOWN };
    struct service_view *row = &s->rows[s->view.service_count++];

    *row = (struct service_view){
        .name = str_of(name),
        .health = health,
        .severity = severities[health],
        .evidence = evidence,
        .since_ms = NOW - 115000,
        .last_data_ms = NOW - 300000,
        .success_ratio = evidence == EVIDENCE_OK ? 1 : NAN,
        .budget = { .kind = BUDGET_UNKNOWN, .utilization_percent = NAN },
    };
    return row;
}

static void expect(struct stage *s, const char *text, const char *detail, enum severity severity)
{
    sentence_for_overview(&s->view);
    assert_string_equal(s->view.sentence.text, text);
    assert_string_equal(s->view.sentence.detail, detail);
    assert_int_equal(s->view.sentence.severity, severity);
    arena_release(&s->view.arena);
}

static void test_sentence__nothing_yet(void **state UNUSED)
{
    struct stage s;

    stage_init(&s);
    expect(&s, "No service has been heard of yet",
           "Point Fusebox at what you run: add scrape_configs to its configuration, or try "
           "`fusebox demo`",
           SEVERITY_UNKNOWN);
}

struct quiet_row {
    int healthy, idle, silent;
    const char *text, *detail;
    enum severity severity;
};

static const struct quiet_row quiet_rows[] = {
    { 1, 0, 0, "The one service here is healthy", "", SEVERITY_OK },
    { 3, 0, 0, "All 3 services are healthy", "", SEVERITY_OK },
    { 1, 1, 0, "The one service with traffic is healthy", "1 has too few calls to say",
      SEVERITY_OK },
    { 3, 2, 0, "All 3 services with traffic are healthy", "2 have too few calls to say",
      SEVERITY_OK },
    { 2, 0, 1, "2 of 3 services are healthy, nothing can be said of 1", "", SEVERITY_OK },
    { 1, 0, 2, "1 of 3 services is healthy, nothing can be said of 2", "", SEVERITY_OK },
    { 2, 1, 1, "2 of 3 services with traffic are healthy, nothing can be said of 1",
      "1 has too few calls to say", SEVERITY_OK },
    { 0, 1, 0, "No service has enough calls to say anything yet", "", SEVERITY_UNKNOWN },
    { 0, 4, 1, "No service has enough calls to say anything yet", "", SEVERITY_UNKNOWN },
    { 0, 0, 1, "Nothing can be said of the one service yet", "", SEVERITY_UNKNOWN },
    { 0, 0, 2, "Nothing can be said of any service yet", "", SEVERITY_UNKNOWN },
};

static void test_sentence__without_trouble_it_says_what_is_known(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(quiet_rows); i++) {
        const struct quiet_row *row = &quiet_rows[i];
        struct stage s;

        stage_init(&s);
        for (int n = 0; n < row->silent; n++)
            add(&s, "silent", HEALTH_UNKNOWN, EVIDENCE_STALE);
        for (int n = 0; n < row->idle; n++)
            add(&s, "idle", HEALTH_UNKNOWN, EVIDENCE_TOO_LITTLE);
        for (int n = 0; n < row->healthy; n++)
            add(&s, "fine", HEALTH_HEALTHY, EVIDENCE_OK);
        expect(&s, row->text, row->detail, row->severity);
    }
}

static void test_sentence__the_detail_tells_the_traffic(void **state UNUSED)
{
    struct stage s;

    stage_init(&s);
    add(&s, "idle", HEALTH_UNKNOWN, EVIDENCE_TOO_LITTLE);
    add(&s, "a", HEALTH_HEALTHY, EVIDENCE_OK);
    add(&s, "b", HEALTH_HEALTHY, EVIDENCE_OK);
    s.view.totals.calls_per_s = 181.2;
    s.view.totals.success_ratio = 0.99964;
    s.view.totals.retry_ratio = 0.0645;
    expect(&s, "All 2 services with traffic are healthy",
           "181 calls/s · 99.964 % of calls succeed · 6.5 % of attempts are retries · "
           "1 has too few calls to say",
           SEVERITY_OK);
    stage_init(&s);
    add(&s, "a", HEALTH_HEALTHY, EVIDENCE_OK);
    s.view.totals.calls_per_s = 0.44;
    s.view.totals.success_ratio = 1;
    expect(&s, "The one service here is healthy", "0.4 calls/s · every call succeeds", SEVERITY_OK);
    stage_init(&s);
    add(&s, "a", HEALTH_HEALTHY, EVIDENCE_OK);
    s.view.totals.success_ratio = 0.9999999; /* never rounded up to all */
    expect(&s, "The one service here is healthy", "99.999 % of calls succeed", SEVERITY_OK);
}

static void test_sentence__trouble_names_the_worst_and_counts_the_rest(void **state UNUSED)
{
    struct service_view *row;
    struct stage s;

    stage_init(&s);
    row = add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_OK);
    row->success_ratio = 0.8889;
    row->breakers = (struct breaker_counts){ .total = 3, .in_state = { [BREAKER_OPEN] = 1 } };
    row->budget = (struct budget_view){ .kind = BUDGET_RATIO,
                                        .modelled = true,
                                        .utilization_percent = 118.2 };
    expect(&s, "orders fails for 1 in 9 calls",
           "Since 02:39:12 UTC (2 min) · 88.9 % of calls succeed · 1 of 3 breakers open · "
           "retry budget ≈ 118 % used",
           SEVERITY_CRITICAL);
    assert_int_equal(s.view.sentence.link_count, 1);
    assert_int_equal(s.view.sentence.since_ms, NOW - 115000);

    stage_init(&s);
    row = add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_OK);
    row->success_ratio = 0.25;
    row->since_ms = NOW - 7200000;
    add(&s, "users", HEALTH_DEGRADED, EVIDENCE_OK);
    expect(&s, "orders fails for 75 % of calls; 1 more service has trouble",
           "Since 00:41:07 UTC (2.0 h) · 25.0 % of calls succeed", SEVERITY_CRITICAL);

    stage_init(&s);
    row = add(&s, "orders", HEALTH_DEGRADED, EVIDENCE_OK);
    row->reason = "1 of 3 breakers half-open";
    row->since_ms = -1;
    row->breakers = (struct breaker_counts){ .total = 3, .in_state = { [BREAKER_HALF_OPEN] = 1 } };
    add(&s, "a", HEALTH_DEGRADED, EVIDENCE_OK);
    add(&s, "b", HEALTH_DEGRADED, EVIDENCE_OK);
    add(&s, "c", HEALTH_UNKNOWN, EVIDENCE_STALE);
    expect(&s,
           "orders: 1 of 3 breakers half-open, callers do not feel it yet; 2 more services have "
           "trouble",
           "every call succeeds · 0 of 3 breakers open, 1 half-open", SEVERITY_WARNING);
    assert_int_equal(s.view.sentence.link_count, 3);
}

static void test_sentence__a_breaker_alone_is_trouble_without_a_word_of_calls(void **state UNUSED)
{
    struct stage s;
    struct service_view *row;

    stage_init(&s);
    row = add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_UNKNOWN);
    row->reason = "its breaker is open";
    row->budget = (struct budget_view){ .kind = BUDGET_ABSOLUTE, .utilization_percent = INFINITY };
    expect(&s, "orders: its breaker is open", "Since 02:39:12 UTC (2 min)", SEVERITY_CRITICAL);
}

static void test_sentence__a_condition_is_a_fact_unless_it_is_the_reason(void **state UNUSED)
{
    static const char flaps[] = "orders-2 changed its state 9 times in 15 min";
    struct stage s;
    struct service_view *row;

    stage_init(&s);
    row = add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_OK);
    row->success_ratio = 0.9;
    row->conditions[BREAKER_FLAPPING] = (struct service_condition){ 1, NOW, flaps };
    expect(&s, "orders fails for 1 in 10 calls",
           "Since 02:39:12 UTC (2 min) · 90.0 % of calls succeed · orders-2 changed its state 9 "
           "times in 15 min",
           SEVERITY_CRITICAL);

    stage_init(&s);
    row = add(&s, "orders", HEALTH_DEGRADED, EVIDENCE_UNKNOWN);
    row->reason = flaps;
    row->conditions[BREAKER_FLAPPING] = (struct service_condition){ 1, NOW, flaps };
    row->conditions[BREAKER_LONG_OPEN] = (struct service_condition){ 1, NOW, "is open" };
    expect(&s, "orders: orders-2 changed its state 9 times in 15 min", "Since 02:39:12 UTC (2 min)",
           SEVERITY_WARNING);
}

static void test_sentence__links_are_at_most_eight(void **state UNUSED)
{
    struct stage s;

    stage_init(&s);
    for (int i = 0; i < ROWS_MAX; i++)
        add(&s, "x", HEALTH_UNHEALTHY, EVIDENCE_OK)->success_ratio = 0.9;
    expect(&s, "x fails for 1 in 10 calls; 15 more services have trouble",
           "Since 02:39:12 UTC (2 min) · 90.0 % of calls succeed", SEVERITY_CRITICAL);
    assert_int_equal(s.view.sentence.link_count, 8);
}

static void test_sentence__a_long_name_is_cut_between_characters(void **state UNUSED)
{
    char name[301], expected[128];
    struct stage s;

    memset(name, 'n', 300);
    name[300] = '\0';
    memcpy(name + 62, "\xe2\x82\xac", 3); /* crosses the 64th byte */
    stage_init(&s);
    add(&s, name, HEALTH_UNHEALTHY, EVIDENCE_OK)->success_ratio = 0;
    snprintf(expected, sizeof expected, "%.62s fails for 100 %% of calls", name);
    sentence_for_overview(&s.view);
    assert_string_equal(s.view.sentence.text, expected);
    assert_int_equal(s.view.sentence.links[0].len, 300); /* the link leads to the whole name */
    arena_release(&s.view.arena);

    stage_init(&s); /* bytes that are no characters at all */
    memset(name, 0x80, 300);
    add(&s, name, HEALTH_UNHEALTHY, EVIDENCE_OK)->success_ratio = 0;
    sentence_for_overview(&s.view);
    assert_string_equal(s.view.sentence.text, " fails for 100 % of calls");
    arena_release(&s.view.arena);
}

static void test_sentence__markup_and_percent_signs_stay_text(void **state UNUSED)
{
    struct stage s;

    stage_init(&s);
    add(&s, "<b>%s%n</b>", HEALTH_UNHEALTHY, EVIDENCE_OK)->success_ratio = 0.5;
    expect(&s, "<b>%s%n</b> fails for 50 % of calls",
           "Since 02:39:12 UTC (2 min) · 50.0 % of calls succeed", SEVERITY_CRITICAL);
}

static void test_sentence__of_one_service(void **state UNUSED)
{
    struct arena arena = arena_limited(1 << 16);
    struct service_view *row;
    struct sentence sentence;
    struct stage s;

    stage_init(&s);
    row = add(&s, "orders", HEALTH_HEALTHY, EVIDENCE_OK);
    sentence = sentence_for_service(&arena, row, NOW);
    assert_string_equal(sentence.text, "orders is healthy");
    assert_string_equal(sentence.detail, "every call succeeds");
    row = add(&s, "orders", HEALTH_UNKNOWN, EVIDENCE_STALE);
    row->reason = "its source went silent";
    sentence = sentence_for_service(&arena, row, NOW);
    assert_string_equal(sentence.text, "orders: its source went silent");
    assert_string_equal(sentence.detail, "Last data 5 min ago");
    row = add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_OK);
    row->success_ratio = 0.5;
    sentence = sentence_for_service(&arena, row, NOW);
    assert_string_equal(sentence.text, "orders fails for 50 % of calls");
    assert_string_equal(sentence.detail, "Since 02:39:12 UTC (2 min) · 50.0 % of calls succeed");
    arena_release(&arena);
    arena_release(&s.view.arena);
}

static void test_sentence__without_memory_it_is_empty_not_null(void **state UNUSED)
{
    bool fault = true;

    for (long n = 1; fault; n++) {
        struct stage s;

        stage_init(&s);
        add(&s, "orders", HEALTH_UNHEALTHY, EVIDENCE_OK)->success_ratio = 0.5;
        mem_fail_nth(n);
        sentence_for_overview(&s.view);
        fault = mem_fault_happened();
        mem_fail_nth(0);
        assert_non_null(s.view.sentence.text);
        assert_non_null(s.view.sentence.detail);
        assert_true(s.view.sentence.link_count == 0 || s.view.sentence.links);
        arena_release(&s.view.arena);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentence__nothing_yet),
        cmocka_unit_test(test_sentence__without_trouble_it_says_what_is_known),
        cmocka_unit_test(test_sentence__the_detail_tells_the_traffic),
        cmocka_unit_test(test_sentence__trouble_names_the_worst_and_counts_the_rest),
        cmocka_unit_test(test_sentence__a_breaker_alone_is_trouble_without_a_word_of_calls),
        cmocka_unit_test(test_sentence__a_condition_is_a_fact_unless_it_is_the_reason),
        cmocka_unit_test(test_sentence__links_are_at_most_eight),
        cmocka_unit_test(test_sentence__a_long_name_is_cut_between_characters),
        cmocka_unit_test(test_sentence__markup_and_percent_signs_stay_text),
        cmocka_unit_test(test_sentence__of_one_service),
        cmocka_unit_test(test_sentence__without_memory_it_is_empty_not_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
