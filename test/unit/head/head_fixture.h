/* What the tests of the head share: a table of series without labels, and a head. */
#ifndef FUSEBOX_TEST_HEAD_FIXTURE_H
#define FUSEBOX_TEST_HEAD_FIXTURE_H

#include "unit.h"

#include "base/mem.h"
#include "base/str.h"
#include "head/head.h"

struct head_fixture {
    struct series_table table;
    struct head head;
    uint64_t count; /* of series: 1 .. count */
};

static inline void head_fixture_add(struct head_fixture *f, uint32_t count)
{
    static const uint32_t pairs[1] = { 1 };

    for (uint32_t i = 0; i < count; i++) {
        uint32_t ref = (uint32_t)++f->count;

        assert_int_equal(series_table_reserve(&f->table, ref), ERR_OK);
        series_table_add(&f->table, ref, pairs, 1);
    }
}

static inline void head_fixture_open(struct head_fixture *f, uint32_t count)
{
    *f = (struct head_fixture){ 0 };
    assert_int_equal(series_table_init(&f->table), ERR_OK);
    assert_int_equal(head_init(&f->head, &f->table), ERR_OK);
    head_fixture_add(f, count);
}

static inline void head_fixture_close(struct head_fixture *f)
{
    head_release(&f->head);
    series_table_release(&f->table);
}

static inline size_t head_fixture_commit(struct head_fixture *f, const struct series_sample *items,
                                         size_t count)
{
    struct head_need needed = { 0 };
    struct samples_left_out left_out = { 0 };

    head_prepare(&f->head, items, count, &needed);
    assert_int_equal(head_reserve(&f->head, &needed), ERR_OK);
    return head_append(&f->head, items, count, 1, &left_out);
}

/* Appends a sample; was it new? */
static inline bool head_fixture_put(struct head_fixture *f, uint32_t ref, int64_t ts_ms,
                                    double value)
{
    return head_fixture_commit(f, &(struct series_sample){ ref, ts_ms, value }, 1) == 1;
}

/* A whole seal at once. What it takes is appended to the lists, if there are any. */
static inline void head_fixture_seal(struct head_fixture *f, struct sample_list *lists, bool done)
{
    int64_t *marks_ms = mem_alloc_zero(f->count + 1, sizeof *marks_ms);

    assert_non_null(marks_ms);
    head_seal_begin(&f->head);
    for (uint32_t ref = 1; ref <= f->count; ref++) {
        struct sample_list own = { 0 };

        assert_int_equal(head_collect(&f->head, ref, lists ? &lists[ref] : &own, &marks_ms[ref]),
                         ERR_OK);
        mem_free(own.items);
    }
    if (done)
        assert_true(head_settle(&f->head, marks_ms, 1, (uint32_t)f->count));
    head_seal_end(&f->head, done);
    mem_free(marks_ms);
}

#endif
