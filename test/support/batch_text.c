#include "batch_text.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/number.h"
#include "wire/exposition.h"

void test_store_open(struct test_store *store)
{
    struct tsdb_options options = { 0 };
    struct diag diag = { 0 };

    snprintf(store->dir, sizeof store->dir, "/tmp/fusebox-test-XXXXXX");
    assert_non_null(mkdtemp(store->dir));
    options.dir = store->dir;
    options.relaxed = true;
    if (tsdb_open(&options, &store->db, &diag) != ERR_OK)
        fail_msg("%s", diag_text(&diag));
}

void test_store_close(struct test_store *store)
{
    struct dirent *entry;
    DIR *dir;

    tsdb_close(store->db);
    dir = opendir(store->dir);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[512];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", store->dir, entry->d_name);
        unlink(path);
    }
    closedir(dir);
    rmdir(store->dir);
}

static bool is_report(struct labels labels)
{
    struct str name = labels_value(labels, LABEL_METRIC_NAME);

    return str_equals(name, STR("up")) || str_has_prefix(name, STR("scrape_"));
}

const char *batch_text(struct test_store *store, struct arena *arena,
                       const struct sample_batch *batch, bool with_report)
{
    struct buf out = buf_limited(1 << 20);
    const char *text;

    for (size_t i = 0; i < batch->count; i++) {
        const struct series_sample *s = &batch->items[i];
        struct label space[LABELS_MAX];
        struct labels labels = tsdb_labels(store->db, s->series, space);
        char number[NUMBER_TEXT_BYTES];

        if (is_report(labels) && !with_report)
            continue;
        number_format(s->value, number);
        labels_print(labels, &out);
        buf_printf(&out, " %s @%lld\n", sample_is_stale(s->value) ? "stale" : number,
                   (long long)s->ts_ms);
    }
    text = arena_copy(arena, buf_str(&out));
    buf_release(&out);
    return text;
}

uint32_t test_store_series(struct test_store *store, const char *text)
{
    struct arena arena = arena_limited(1 << 16);
    struct labels_builder builder;
    struct labels labels;
    uint32_t ref = 0;

    labels_builder_init(&builder, &arena);
    assert_int_equal(exposition_parse_series(str_of(text), &builder, NULL), ERR_OK);
    assert_int_equal(labels_builder_finish(&builder, &labels, NULL), ERR_OK);
    assert_int_equal(tsdb_series(store->db, labels, &ref), ERR_OK);
    arena_release(&arena);
    return ref;
}
