#include "unit.h"

#include <string.h>

#include "api/storage.h"
#include "base/attr.h"
#include "base/mem.h"
#include "json_check.h"

enum { TEXT_BYTES = 4 << 20 };
static const int64_t NOW_MS = 1795142467123; /* 2026-11-20T02:41:07.123Z */
static const int64_t DAY_MS = 86400000;

static struct budget budget;
static struct arena arena;
static struct buf out;

static int begin(void **state UNUSED)
{
    arena = arena_limited(TEXT_BYTES);
    out = buf_limited(TEXT_BYTES);
    budget_init(&budget, 1 << 30);
    return 0;
}

static int end(void **state UNUSED)
{
    arena_release(&arena);
    buf_release(&out);
    return 0;
}

static struct storage_view view_of(void)
{
    return (struct storage_view){
        .now_ms = NOW_MS,
        .budget = &budget,
        .disk_free_bytes = 400000000000,
        .disk_total_bytes = 500000000000,
        .retention_ms = 15 * DAY_MS,
        .stats = { .series_count = 48120,
                   .blocks_count = 13,
                   .blocks_bytes = 1100000000,
                   .blocks_samples_count = 1182795698,
                   .seals_count = 4,
                   .last_seal_ms = NOW_MS - 720000,
                   .last_seal_duration_ns = 340500000,
                   .min_ts_ms = NOW_MS - 12 * DAY_MS,
                   .max_ts_ms = NOW_MS - 300 },
    };
}

static struct storage_view empty_view(void)
{
    return (struct storage_view){ .now_ms = NOW_MS,
                                  .stats = { .min_ts_ms = INT64_MAX, .max_ts_ms = INT64_MIN } };
}

static struct str json_of(const struct storage_view *v)
{
    struct json j;

    buf_clear(&out);
    j = json_to(&out);
    json_open_object(&j);
    storage_json_members(&j, &arena, v);
    json_close_object(&j);
    assert_int_equal(buf_error(&out), ERR_OK);
    json_check(buf_str(&out));
    return buf_str(&out);
}

static void test_storage__every_member_is_there_whatever_is_stored(void **state UNUSED)
{
    static const char *const members[] = {
        "timestamp",
        "now_ms",
        "sentence.text",
        "sentence.detail",
        "sentence.severity",
        "sentence.since",
        "sentence.links",
        "memory.budget_bytes",
        "memory.used_bytes",
        "memory.used",
        "memory.refused",
        "head.series",
        "head.created",
        "head.evicted",
        "head.refused",
        "head.chunks",
        "head.unsealed_samples",
        "head.late",
        "log.rows",
        "log.bytes",
        "disk.blocks",
        "disk.bytes",
        "disk.samples",
        "disk.bytes_per_sample",
        "disk.free_bytes",
        "disk.total_bytes",
        "samples.appended",
        "samples.late",
        "samples.duplicate",
        "samples.out_of_order",
        "samples.too_old",
        "samples.future",
        "samples.orphaned",
        "commits.count",
        "commits.failures",
        "commits.last_duration_ms",
        "seals.count",
        "seals.failures",
        "seals.last_at",
        "seals.last_duration_ms",
        "merges.count",
        "merges.failures",
        "retention.time_ms",
        "retention.bytes",
        "retention.clock_behind_ms",
        "retention.blocks_dropped",
        "range.min",
        "range.max",
        "blocks",
        "damaged",
        "damages",
        "notices",
    };
    struct storage_view views[] = { view_of(), empty_view() };

    for (size_t v = 0; v < ARRAY_LEN(views); v++) {
        struct str text = json_of(&views[v]);

        for (size_t i = 0; i < ARRAY_LEN(members); i++)
            assert_true(json_has(text, members[i]));
    }
}

static void test_storage__figures_stand_where_they_belong(void **state UNUSED)
{
    struct storage_view v = view_of();
    struct str text;

    budget_add(&budget, BUDGET_HEAD, 5000);
    budget_add(&budget, BUDGET_INDEX, 700);
    assert_false(budget_take(&budget, BUDGET_QUERY, SIZE_MAX / 2));
    text = json_of(&v);
    json_expect(text, "memory.budget_bytes", "1073741824");
    json_expect(text, "memory.used_bytes", "5700");
    json_expect(text, "memory.used.head", "5000");
    json_expect(text, "memory.used.index", "700");
    json_expect(text, "memory.refused.query", "1");
    assert_int_equal(json_count(text, "memory.used"), BUDGET_PART_COUNT);
    json_expect(text, "head.series", "48120");
    json_expect(text, "disk.bytes_per_sample", "0.93");
    json_expect(text, "seals.last_at", "\"2026-11-20T02:29:07.123Z\"");
    json_expect(text, "seals.last_duration_ms", "340.5");
    json_expect(text, "retention.time_ms", "1296000000");
    json_expect(text, "range.min", "\"2026-11-08T02:41:07.123Z\"");
}

static void test_storage__what_is_not_known_is_null(void **state UNUSED)
{
    struct storage_view v = empty_view();
    struct str text = json_of(&v);

    json_expect(text, "memory.budget_bytes", "null");
    json_expect(text, "disk.bytes_per_sample", "null");
    json_expect(text, "disk.free_bytes", "null");
    json_expect(text, "range.min", "null");
    json_expect(text, "seals.last_at", "null");
    json_expect(text, "sentence.text", "\"Nothing is stored yet\"");
    json_expect(text, "sentence.severity", "\"unknown\"");
}

static void test_storage__blocks_and_damages_are_rows(void **state UNUSED)
{
    static const struct tsdb_block_row blocks[] = {
        { "old.block", 2, -1000, 0, 1, 4, 100, false },
        { "new.block", 0, NOW_MS - DAY_MS, NOW_MS, 10, 1000, 2000, true },
    };
    static const struct tsdb_damage damages[] = {
        { NOW_MS - 5000, "blocks/<b>\"new.block", 4096, "a page's checksum is wrong" },
    };
    struct storage_view v = view_of();
    struct str text;

    v.blocks = blocks;
    v.block_count = 2;
    v.damages = damages;
    v.damage_count = 1;
    v.stats.damaged_count = 1;
    text = json_of(&v);
    assert_int_equal(json_count(text, "blocks"), 2);
    json_expect(text, "blocks.0.name", "\"old.block\"");
    json_expect(text, "blocks.0.min", "\"1969-12-31T23:59:59.000Z\"");
    json_expect(text, "blocks.0.min_ms", "-1000");
    json_expect(text, "blocks.0.level", "2");
    json_expect(text, "blocks.0.bytes_per_sample", "25");
    json_expect(text, "blocks.1.damaged", "true");
    json_expect(text, "damaged", "1");
    json_expect(text, "damages.0.path", "\"blocks/\\u003cb\\u003e\\\"new.block\"");
    json_expect(text, "damages.0.offset", "4096");
    json_expect(text, "damages.0.found_at", "\"2026-11-20T02:41:02.123Z\"");
    json_expect(text, "sentence.text",
                "\"1 place in the stored data is damaged; all the rest is served\"");
    json_expect(text, "sentence.since", "\"2026-11-20T02:41:02.123Z\"");
    json_expect(text, "sentence.severity", "\"critical\"");
}

static void test_storage__the_sentence_says_the_worst_first(void **state UNUSED)
{
    struct storage_view v = view_of();
    struct sentence s = storage_sentence(&arena, &v);

    assert_string_equal(s.text, "11 days of 48,120 series in 1.1 GB; 0.93 bytes per sample; "
                                "nothing is damaged");
    assert_string_equal(s.detail, "Kept for 15 days · last seal 12 min ago · 400 GB of 500 GB free "
                                  "on the disk");
    assert_int_equal(s.severity, SEVERITY_OK);
    assert_int_equal(s.since_ms, -1);

    v.disk_free_bytes = 24000000000;
    s = storage_sentence(&arena, &v);
    assert_string_equal(s.text, "The disk is nearly full: 24.0 GB of 500 GB are free");
    assert_int_equal(s.severity, SEVERITY_WARNING);
    assert_non_null(strstr(s.detail, "11 days of 48,120 series in 1.1 GB"));

    budget_set(&budget, BUDGET_HEAD, 2 << 29);
    s = storage_sentence(&arena, &v);
    assert_string_equal(s.text,
                        "The memory budget is used up: new series are refused, known ones go on");

    v.stats.damaged_count = 1204;
    s = storage_sentence(&arena, &v);
    assert_string_equal(s.text,
                        "1,204 places in the stored data are damaged; all the rest is served");

    v.failing = true;
    s = storage_sentence(&arena, &v);
    assert_string_equal(s.text, "Samples cannot be stored at the moment; what is stored is served");
    assert_int_equal(s.severity, SEVERITY_CRITICAL);
}

static void test_storage__the_sentence_knows_what_is_only_in_the_log(void **state UNUSED)
{
    struct storage_view v = view_of();
    struct sentence s;

    v.stats.blocks_bytes = v.stats.blocks_samples_count = 0;
    v.stats.log_bytes = 40960;
    v.stats.last_seal_ms = NOW_MS - 44 * 60000;
    v.stats.seal_failures_count = 2;
    v.stats.min_ts_ms = v.stats.max_ts_ms - 25 * 60000;
    v.retention_ms = 0;
    v.retention_bytes = 5000000000;
    s = storage_sentence(&arena, &v);
    assert_string_equal(s.text, "25 min of 48,120 series in 40.9 kB; nothing is damaged");
    assert_string_equal(
        s.detail,
        "Kept for ever, in at most 5.0 GB · last seal 44 min ago · 2 seals have failed · 400 GB "
        "of 500 GB free on the disk");
    v.stats.last_seal_ms = 0;
    s = storage_sentence(&arena, &v);
    assert_int_equal(s.severity, SEVERITY_WARNING);
    assert_non_null(strstr(s.text, "Seals fail"));
    assert_non_null(strstr(s.detail, "25 min of 48,120 series"));
}

static void test_storage__cardinality_has_counts_and_totals(void **state UNUSED)
{
    struct cardinality_entry metric = { STR("<calls>"), STR_NONE, 960, 0 };
    struct cardinality_entry label = { STR("path"), STR_NONE, 4021, 96000 };
    struct cardinality_entry pair = { STR("env"), STR("prod"), 12, 0 };
    struct cardinality c = {
        .series_count = 1000,
        .by_metric = { &metric, 1, 7 },
        .by_label = { &label, 1, 3 },
        .by_pair = { &pair, 1, 9 },
    };
    struct json j = json_to(&out);
    struct str text;

    cardinality_json(&j, &c, 5, NOW_MS);
    text = buf_str(&out);
    json_check(text);
    json_expect(text, "series", "1000");
    json_expect(text, "top", "5");
    json_expect(text, "by_metric.total", "7");
    json_expect(text, "by_metric.items.0.name", "\"\\u003ccalls\\u003e\"");
    json_expect(text, "by_metric.items.0.count", "960");
    assert_false(json_has(text, "by_metric.items.0.bytes"));
    json_expect(text, "by_label.items.0.bytes", "96000");
    json_expect(text, "by_pair.items.0.value", "\"prod\"");
    assert_int_equal(json_count(text, "by_job.items"), 0);
    json_expect(text, "by_instance.total", "0");
}

static void assert_name(const char *body, const char *expected)
{
    struct diag diag = { 0 };
    const char *name = NULL;

    assert_int_equal(storage_backup_name(str_of(body), NOW_MS, &arena, &name, &diag), ERR_OK);
    assert_string_equal(name, expected);
}

static void test_storage__a_backup_is_called_by_its_time_or_its_name(void **state UNUSED)
{
    assert_name("", "2026-11-20T024107Z");
    assert_name(" \n", "2026-11-20T024107Z");
    assert_name("{}", "2026-11-20T024107Z");
    assert_name("{\"name\": \"monday-1.2_x\"}", "monday-1.2_x");
    assert_name("{\"name\":\"\\u0061\"}", "a");
}

static void test_storage__a_name_is_no_path(void **state UNUSED)
{
    static const char *const bodies[] = {
        "{\"name\": \"\"}",
        "{\"name\": \".\"}",
        "{\"name\": \"..\"}",
        "{\"name\": \"../x\"}",
        "{\"name\": \"a/b\"}",
        "{\"name\": \".hidden\"}",
        "{\"name\": \"-rf\"}",
        "{\"name\": \"a b\"}",
        "{\"name\": 7}",
        "{\"name\": null}",
        "{\"nam\": \"a\"}",
        "{\"name\": \"\xC3\xA9\"}",
        "{\"name\": \"a23456789a23456789a23456789a23456789a23456789a23456789a2345678945\"}",
        "[]",
        "\"a\"",
        "{",
    };

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct diag diag = { 0 };
        const char *name = NULL;

        assert_int_equal(storage_backup_name(str_of(bodies[i]), NOW_MS, &arena, &name, &diag),
                         ERR_INVALID);
        assert_null(name);
        assert_true(diag.message[0]);
    }
}

static void test_storage__without_memory_the_texts_are_empty(void **state UNUSED)
{
    struct storage_view v = view_of();
    struct arena none = arena_limited(1);
    const char *name = NULL;
    struct sentence s = storage_sentence(&none, &v);

    assert_string_equal(s.text, "");
    assert_int_equal(storage_backup_name(STR("{\"name\":\"a\"}"), NOW_MS, &none, &name, NULL),
                     ERR_LIMIT);
    assert_int_equal(storage_backup_name(STR(""), NOW_MS, &none, &name, NULL), ERR_LIMIT);
    arena_release(&none);
}

/* The n-th allocation fails: what comes is an error or a document, and nothing leaks. */
static void test_storage__survives_every_failing_allocation(void **state UNUSED)
{
    struct storage_view v = view_of();
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct arena own = arena_limited(TEXT_BYTES);
        struct buf text = buf_limited(TEXT_BYTES);
        struct json j = json_to(&text);
        const char *name = NULL;
        enum err err;

        mem_fail_nth(n);
        json_open_object(&j);
        storage_json_members(&j, &own, &v);
        json_close_object(&j);
        err = storage_backup_name(STR("{\"name\":\"a\"}"), NOW_MS, &own, &name, NULL);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_true(err == ERR_OK || err == ERR_NOMEM);
        assert_true((err == ERR_OK) == (name != NULL));
        if (buf_error(&text))
            assert_int_equal(buf_error(&text), ERR_NOMEM);
        else
            json_check(buf_str(&text));
        assert_true(happened || (!err && !buf_error(&text)));
        buf_release(&text);
        arena_release(&own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_storage__every_member_is_there_whatever_is_stored,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_storage__figures_stand_where_they_belong, begin, end),
        cmocka_unit_test_setup_teardown(test_storage__what_is_not_known_is_null, begin, end),
        cmocka_unit_test_setup_teardown(test_storage__blocks_and_damages_are_rows, begin, end),
        cmocka_unit_test_setup_teardown(test_storage__the_sentence_says_the_worst_first, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_storage__the_sentence_knows_what_is_only_in_the_log,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_storage__cardinality_has_counts_and_totals, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_storage__a_backup_is_called_by_its_time_or_its_name,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_storage__a_name_is_no_path, begin, end),
        cmocka_unit_test_setup_teardown(test_storage__without_memory_the_texts_are_empty, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_storage__survives_every_failing_allocation, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
