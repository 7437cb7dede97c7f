#include "head_fixture.h"

#include "base/rng.h"

/*
 * Random commits, reads, seals and drops against a plain table of what was accepted. For one
 * series and time the first value wins, and all seals together take every accepted sample once.
 */

enum { SERIES = 12, TIMES = 600, STEPS = 2500, SEEDS = 6, BATCH_MAX = 40 };

enum place { NOWHERE, IN_MEMORY, IN_BLOCK };

struct cell {
    enum place place;
    double value;      /* as it was accepted last */
    double first;      /* as it was accepted at first */
    double sealed;     /* as the first block has it */
    bool was_accepted; /* ever */
    bool was_sealed;
    bool is_due; /* the seal under way has to take it */
};

struct model {
    struct cell cells[SERIES + 1][TIMES];
    size_t cursors[SERIES + 1]; /* where the series' clock stands */
    uint64_t accepted_count, sealed_count;
};

static int64_t ts_of(size_t at)
{
    return ((int64_t)at - 100) * 250;
}

static size_t at_of(int64_t ts_ms)
{
    assert_int_equal(ts_ms % 250, 0);
    return (size_t)(ts_ms / 250 + 100);
}

static struct series_sample random_sample(struct model *m, struct rng *rng)
{
    uint32_t ref = 1 + (uint32_t)rng_below(rng, SERIES);
    uint64_t dice = rng_below(rng, 100);
    size_t *cursor = &m->cursors[ref];
    size_t at;

    if (dice == 0) /* its clock is set */
        *cursor = (size_t)rng_below(rng, TIMES);
    else if (dice < 70 && *cursor + 4 < TIMES)
        *cursor += 1 + (size_t)rng_below(rng, 3);
    at = dice < 90 ? *cursor : (size_t)rng_below(rng, TIMES);
    return (struct series_sample){ ref, ts_of(at), (double)rng_below(rng, 1000) };
}

/* A time that only a block has may be accepted again; on reading, the block wins. */
static void accept(struct model *m, const struct series_sample *item, bool accepted)
{
    struct cell *c = &m->cells[item->series][at_of(item->ts_ms)];

    if (c->place == NOWHERE)
        assert_true(accepted);
    if (c->place == IN_MEMORY)
        assert_false(accepted);
    if (!accepted)
        return;
    if (!c->was_accepted)
        c->first = item->value;
    c->was_accepted = true;
    c->value = item->value;
    c->place = IN_MEMORY;
    c->is_due = false;
    m->accepted_count++;
}

static void commit(struct head_fixture *f, struct model *m, struct rng *rng)
{
    struct series_sample items[BATCH_MAX];
    struct head_need needed = { 0 };
    struct samples_left_out left_out = { 0 };
    size_t count = 1 + (size_t)rng_below(rng, BATCH_MAX);

    for (size_t i = 0; i < count; i++)
        items[i] = random_sample(m, rng);
    head_prepare(&f->head, items, count, &needed);
    assert_int_equal(head_reserve(&f->head, &needed), ERR_OK);
    if (rng_below(rng, 10) == 0) { /* the log refused it */
        head_cancel(&f->head, items, count);
        return;
    }
    mem_fail_nth(1);
    for (size_t i = 0; i < count; i++)
        accept(m, &items[i], head_append(&f->head, &items[i], 1, 0, &left_out) == 1);
    assert_false(mem_fault_happened());
    mem_fail_nth(0);
}

/* What is in no block has to be there; what a block has may be. */
static void read_series(struct head_fixture *f, struct model *m, uint32_t ref, size_t from,
                        size_t to)
{
    struct sample_list list = { 0 };
    size_t i = 0;

    assert_int_equal(head_read(&f->head, ref, ts_of(from), ts_of(to), SIZE_MAX, &list), ERR_OK);
    for (size_t at = from; at <= to; at++) {
        const struct cell *c = &m->cells[ref][at];
        bool found = i < list.count && list.items[i].ts_ms == ts_of(at);

        if (c->place == IN_MEMORY)
            assert_true(found);
        if (found) {
            assert_true(c->place != NOWHERE);
            assert_true(list.items[i++].value == c->value);
        }
    }
    assert_int_equal(i, list.count);
    if (list.count)
        assert_int_equal(head_read(&f->head, ref, ts_of(from), ts_of(to), list.count - 1, &list),
                         ERR_LIMIT);
    mem_free(list.items);
}

static void read_some(struct head_fixture *f, struct model *m, struct rng *rng)
{
    size_t from = (size_t)rng_below(rng, TIMES);
    size_t to = from + (size_t)rng_below(rng, TIMES - from);

    read_series(f, m, 1 + (uint32_t)rng_below(rng, SERIES), from, to);
}

static void begin_seal(struct head_fixture *f, struct model *m)
{
    for (uint32_t ref = 1; ref <= SERIES; ref++)
        for (size_t at = 0; at < TIMES; at++)
            m->cells[ref][at].is_due = m->cells[ref][at].place == IN_MEMORY;
    head_seal_begin(&f->head);
}

static void seal_one(struct model *m, uint32_t ref, struct sample sample)
{
    struct cell *c = &m->cells[ref][at_of(sample.ts_ms)];

    if (!c->was_sealed)
        c->sealed = sample.value;
    c->was_sealed = true;
    c->place = IN_BLOCK;
    m->sealed_count++;
}

/* It takes all that is due, and nothing that a block has. */
static void collect(struct head_fixture *f, struct model *m, uint32_t ref, struct sample_list *list,
                    int64_t *mark_ms)
{
    size_t due_count = 0;

    assert_int_equal(head_collect(&f->head, ref, list, mark_ms), ERR_OK);
    for (size_t i = 0; i < list->count; i++) {
        const struct cell *c = &m->cells[ref][at_of(list->items[i].ts_ms)];

        assert_int_equal(c->place, IN_MEMORY);
        assert_true(list->items[i].value == c->value);
        assert_true(i == 0 || list->items[i].ts_ms > list->items[i - 1].ts_ms);
        due_count += c->is_due;
    }
    for (size_t at = 0; at < TIMES; at++)
        due_count -= m->cells[ref][at].is_due;
    assert_int_equal(due_count, 0);
}

static void maybe_commit(struct head_fixture *f, struct model *m, struct rng *rng, bool busy)
{
    if (busy && rng_below(rng, 3) == 0)
        commit(f, m, rng);
    if (busy && rng_below(rng, 3) == 0)
        read_some(f, m, rng);
}

/* busy: commits, reads and drops come between its steps. */
static void seal(struct head_fixture *f, struct model *m, struct rng *rng, bool busy)
{
    struct sample_list lists[SERIES + 1] = { 0 };
    int64_t marks_ms[SERIES + 1] = { 0 };
    bool done = !busy || rng_below(rng, 4) != 0;

    begin_seal(f, m);
    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        maybe_commit(f, m, rng, busy);
        collect(f, m, ref, &lists[ref], &marks_ms[ref]);
        if (busy && rng_below(rng, 8) == 0)
            assert_true(head_drop_sealed(&f->head, 3));
    }
    for (uint32_t ref = 1; ref <= SERIES; ref++)
        for (size_t i = 0; done && i < lists[ref].count; i++)
            seal_one(m, ref, lists[ref].items[i]);
    for (uint32_t ref = 1; done && ref <= SERIES; ref += 5) {
        assert_true(head_settle(&f->head, marks_ms, ref, ref + 5 > SERIES ? SERIES - ref + 1 : 5));
        maybe_commit(f, m, rng, busy);
    }
    head_seal_end(&f->head, done);
    for (uint32_t ref = 1; ref <= SERIES; ref++)
        mem_free(lists[ref].items);
}

static void assert_consistent(struct head_fixture *f, const struct model *m)
{
    uint64_t unsealed_count = 0;

    for (uint32_t ref = 1; ref <= SERIES; ref++) {
        uint64_t before = unsealed_count;

        for (size_t at = 0; at < TIMES; at++) {
            if (m->cells[ref][at].place != IN_MEMORY)
                continue;
            unsealed_count++;
            assert_true(f->head.min_ts_ms <= ts_of(at));
            assert_true(f->head.max_ts_ms >= ts_of(at));
        }
        assert_int_equal(head_is_sealed(&f->head, ref), unsealed_count == before);
    }
    assert_true(f->head.unsealed_count >= unsealed_count);
    assert_int_equal(m->accepted_count, m->sealed_count + unsealed_count);
    assert_int_equal(f->head.appended_count, m->accepted_count);
}

static void end(struct head_fixture *f, struct model *m, struct rng *rng)
{
    seal(f, m, rng, false);
    assert_consistent(f, m);
    assert_int_equal(f->head.unsealed_count, 0);
    seal(f, m, rng, false);
    assert_int_equal(m->accepted_count, m->sealed_count);
    assert_int_equal(head_bytes(&f->head), 0);
    assert_int_equal(f->head.min_ts_ms, INT64_MAX);
    for (uint32_t ref = 1; ref <= SERIES; ref++)
        for (size_t at = 0; at < TIMES; at++) {
            const struct cell *c = &m->cells[ref][at];

            assert_int_equal(c->was_sealed, c->was_accepted);
            assert_true(!c->was_sealed || c->sealed == c->first);
        }
}

static void test_head_model__behaves_as_a_plain_table(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct model *m = mem_alloc_zero(1, sizeof *m);
        struct rng rng = rng_seeded(seed);
        struct head_fixture f;

        assert_non_null(m);
        head_fixture_open(&f, SERIES);
        for (int step = 0; step < STEPS; step++) {
            uint64_t dice = rng_below(&rng, 1000);

            if (dice < 600)
                commit(&f, m, &rng);
            else if (dice < 980)
                read_some(&f, m, &rng);
            else if (dice < 990)
                seal(&f, m, &rng, true);
            else
                assert_true(head_drop_sealed(&f.head, 1 + (uint32_t)rng_below(&rng, SERIES)));
            assert_consistent(&f, m);
        }
        end(&f, m, &rng);
        head_fixture_close(&f);
        mem_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_model__behaves_as_a_plain_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
