/* What the tests of blocks share: a directory of their own, series made by number, a block written
 * from them, and reading it back against them. */
#ifndef FUSEBOX_TEST_BLOCK_FIXTURE_H
#define FUSEBOX_TEST_BLOCK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "block/block_writer.h"
#include "seed.h"

struct model_series {
    struct labels labels;
    struct sample *samples;
    size_t count;
};

struct model {
    struct arena arena;
    struct model_series *series; /* in order after model_sort */
    size_t count, capacity;
};

struct fixture {
    char dir[64];
    struct model model;
};

static inline void model_init(struct model *m)
{
    *m = (struct model){ .arena = arena_limited(SIZE_MAX) };
}

static inline void model_release(struct model *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->series[i].samples);
    free(m->series);
    arena_release(&m->arena);
    model_init(m);
}

/* Adds a series with room for so many samples; labels are name, value, name, value, ..., NULL. */
static inline struct model_series *model_add(struct model *m, struct labels labels, size_t room)
{
    if (m->count == m->capacity) {
        m->capacity = m->capacity ? 2 * m->capacity : 64;
        m->series = realloc(m->series, m->capacity * sizeof *m->series);
    }
    m->series[m->count] = (struct model_series){ labels, malloc((room + 1) * 16), 0 };
    return &m->series[m->count++];
}

static inline struct labels model_labels(struct model *m, const char *const *pairs)
{
    struct labels_builder b;
    struct labels labels;

    labels_builder_init(&b, &m->arena);
    for (; *pairs; pairs += 2) {
        struct str value = str_of(arena_copy(&m->arena, str_of(pairs[1])));

        labels_builder_add(&b, str_of(pairs[0]), value);
    }
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    return labels;
}

/* {__name__="m<number / 20>", code="<number % 4>", id="<number>", instance=..., job="test"} */
static inline struct labels model_numbered(struct model *m, unsigned number, bool unique)
{
    char name[32], id[32], instance[32], code[32];
    const char *const pairs[] = { "__name__",           name,     "job",  "test",
                                  "instance",           instance, "code", code,
                                  unique ? "id" : NULL, id,       NULL };

    snprintf(name, sizeof name, "metric_%u_total", number / 20);
    snprintf(instance, sizeof instance, "10.0.0.%u:9100", number / 4 % 5);
    snprintf(code, sizeof code, "%u", number % 4);
    snprintf(id, sizeof id, "id-%08u", number);
    return model_labels(m, pairs);
}

static inline void model_push(struct model_series *s, int64_t ts_ms, double value)
{
    s->samples[s->count++] = (struct sample){ ts_ms, value };
}

static inline int model_compare(const void *a, const void *b)
{
    return labels_compare(((const struct model_series *)a)->labels,
                          ((const struct model_series *)b)->labels);
}

static inline void model_sort(struct model *m)
{
    qsort(m->series, m->count, sizeof *m->series, model_compare);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    snprintf(f->dir, sizeof f->dir, "/tmp/fusebox-block-XXXXXX");
    model_init(&f->model);
    *state = f;
    return mkdtemp(f->dir) ? 0 : 1;
}

static inline const char *fixture_path(const struct fixture *f, const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    return path;
}

static inline int fixture_teardown(void **state)
{
    static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h", "out", "out.tmp" };
    struct fixture *f = *state;

    mem_fail_nth(0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(fixture_path(f, names[i]));
    assert_int_equal(rmdir(f->dir), 0);
    model_release(&f->model);
    free(f);
    return 0;
}

static inline enum err fixture_try_write(const struct fixture *f, const struct model *m,
                                         const char *name, struct block_info *info,
                                         struct diag *diag)
{
    struct block_writer *w = NULL;
    enum err err = block_writer_new(f->dir, name, BLOCK_LEVEL_FAST, &w, diag);

    for (size_t i = 0; i < m->count && !err; i++)
        if (m->series[i].count)
            err = block_writer_add(w, m->series[i].labels, m->series[i].samples, m->series[i].count,
                                   diag);
    if (!err)
        err = block_writer_finish(w, info, diag);
    block_writer_free(w);
    return err;
}

static inline struct block_info fixture_write(const struct fixture *f, const struct model *m,
                                              const char *name)
{
    struct block_info info = { 0 };
    struct diag diag = { 0 };

    if (fixture_try_write(f, m, name, &info, &diag))
        fail_msg("%s", diag_text(&diag));
    return info;
}

static inline struct block *fixture_open(const struct fixture *f, const char *name)
{
    struct block *b = NULL;
    struct diag diag = { 0 };

    if (block_open(fixture_path(f, name), &b, &diag))
        fail_msg("%s", diag_text(&diag));
    return b;
}

static inline bool samples_equal(const struct sample *a, size_t a_count, const struct sample *b,
                                 size_t b_count)
{
    return a_count == b_count && (!a_count || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* Everything in the block is what the model has. */
static inline void check_block(struct block *b, const struct model *m)
{
    struct sample_list list = { 0 };
    struct block_cursor *c = NULL;
    uint64_t damaged = 1;

    assert_int_equal(block_info(b)->series_count, m->count);
    assert_int_equal(block_cursor_new(b, &c), ERR_OK);
    for (uint32_t i = 0; i < m->count; i++) {
        struct labels labels;

        assert_int_equal(block_labels(c, i, &labels, NULL), ERR_OK);
        assert_true(labels_equals(labels, m->series[i].labels));
        list.count = 0;
        assert_int_equal(block_samples(c, i, INT64_MIN, INT64_MAX, &list, NULL), ERR_OK);
        assert_true(
            samples_equal(list.items, list.count, m->series[i].samples, m->series[i].count));
    }
    mem_free(list.items);
    block_cursor_free(c);
    assert_int_equal(block_verify(b, NULL, NULL, &damaged), ERR_OK);
    assert_int_equal(damaged, 0);
}

#endif
