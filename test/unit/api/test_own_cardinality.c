#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/own_cardinality.h"
#include "base/mem.h"

static const int64_t MINUTE_NS = INT64_C(60) * 1000000000;

struct stage {
    char dir[64];
    struct tsdb *db;
    struct own_cardinality cardinality;
};

static void stage_open(struct stage *s)
{
    struct tsdb_options options = { .dir = s->dir, .relaxed = true };

    snprintf(s->dir, sizeof s->dir, "/tmp/fusebox-cardinality-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    assert_int_equal(tsdb_open(&options, &s->db, NULL), ERR_OK);
    own_cardinality_init(&s->cardinality);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static void stage_close(struct stage *s)
{
    own_cardinality_release(&s->cardinality);
    tsdb_close(s->db);
    nftw(s->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void add(struct stage *s, const char *name, const char *job, unsigned number)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder b;
    struct labels labels;
    char text[16];
    uint32_t ref;

    snprintf(text, sizeof text, "%u", number);
    labels_builder_init(&b, &arena);
    labels_builder_add(&b, LABEL_METRIC_NAME, str_of(name));
    labels_builder_add(&b, STR("job"), str_of(job));
    labels_builder_add(&b, STR("number"), str_of(text));
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    assert_int_equal(tsdb_series(s->db, labels, &ref), ERR_OK);
    arena_release(&arena);
}

static void expect(struct stage *s, const char *line, bool there)
{
    struct buf text = buf_limited(1 << 16);
    struct metric_text writer;
    struct metric_out out = metric_text_out(&writer, &text);

    own_cardinality_export(&s->cardinality, &out);
    buf_append_byte(&text, '\0');
    if (!!strstr(text.data, line) != there)
        fail_msg("%s\n%s", line, text.data);
    buf_release(&text);
}

static void test_own_cardinality__tells_the_greatest_once_a_minute(void **state)
{
    struct stage s;

    (void)state;
    stage_open(&s);
    expect(&s, "fusebox", false);
    for (unsigned i = 0; i < 3; i++)
        add(&s, "requests_total", "shop", i);
    add(&s, "up", "stock", 0);
    own_cardinality_look(&s.cardinality, s.db, 5);
    expect(&s, "\nfusebox_cardinality_series{by=\"metric\",name=\"requests_total\"} 3\n", true);
    expect(&s, "\nfusebox_cardinality_series{by=\"job\",name=\"stock\"} 1\n", true);
    expect(&s, "\nfusebox_cardinality_values{by=\"label\",name=\"number\"} 3\n", true);
    expect(&s, "\nfusebox_cardinality_distinct{by=\"metric\"} 2\n", true);
    add(&s, "requests_total", "shop", 9);
    own_cardinality_look(&s.cardinality, s.db, 5 + MINUTE_NS - 1);
    expect(&s, "name=\"requests_total\"} 3\n", true);
    own_cardinality_look(&s.cardinality, s.db, 5 + MINUTE_NS);
    expect(&s, "name=\"requests_total\"} 4\n", true);
    stage_close(&s);
}

static void test_own_cardinality__without_memory_the_last_look_stays(void **state)
{
    struct stage s;
    int64_t mono_ns = 0;

    (void)state;
    stage_open(&s);
    add(&s, "up", "shop", 0);
    own_cardinality_look(&s.cardinality, s.db, mono_ns);
    add(&s, "up", "shop", 1);
    mem_fail_nth(1);
    own_cardinality_look(&s.cardinality, s.db, mono_ns += MINUTE_NS);
    mem_fail_nth(0);
    expect(&s, "name=\"up\"} 1\n", true);
    own_cardinality_look(&s.cardinality, s.db, mono_ns);
    expect(&s, "name=\"up\"} 2\n", true);
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_cardinality__tells_the_greatest_once_a_minute),
        cmocka_unit_test(test_own_cardinality__without_memory_the_last_look_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
