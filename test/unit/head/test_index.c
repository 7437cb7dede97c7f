#include "unit.h"

#include "seed.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "head/index.h"

enum {
    SERIES = 2000,
    LABELS = 4,
    QUERIES = 500,
    VALUES_MAX = 40,
    MODEL_SERIES = 3000,
    MODEL_STEPS = 40000,
};

/* Label n<i> has a value out of i * 10 + 2, so that postings are of every length. */
static struct labels random_labels(struct rng *rng, struct arena *arena, unsigned number)
{
    static const char *const names[LABELS] = { "n0", "n1", "n2", "n3" };
    struct labels_builder b;
    struct labels labels;

    labels_builder_init(&b, arena);
    labels_builder_add(&b, STR("id"), str_of(arena_printf(arena, "%u", number)));
    for (size_t i = 0; i < LABELS; i++) {
        unsigned value = (unsigned)rng_below(rng, i * 10 + 2);

        if (rng_below(rng, 5))
            labels_builder_add(&b, str_of(names[i]), str_of(arena_printf(arena, "v%u", value)));
    }
    assert_int_equal(labels_builder_finish(&b, &labels, NULL), ERR_OK);
    return labels;
}

/* Equal, or one of two or three (the second sometimes unknown, or the first again). */
static struct matcher random_matcher(struct rng *rng, struct arena *arena)
{
    unsigned a = (unsigned)rng_below(rng, VALUES_MAX), b = (unsigned)rng_below(rng, VALUES_MAX);
    struct matcher m = {
        .kind = MATCH_EQUAL,
        .name = str_of(arena_printf(arena, "n%u", (unsigned)rng_below(rng, LABELS))),
        .value = str_of(arena_printf(arena, "v%u", a)),
    };
    struct regex *regex = NULL;

    if (rng_below(rng, 2))
        return m;
    m.kind = MATCH_REGEX;
    m.value = str_of(arena_printf(arena, "v%u|v%u|v%u", a, b, rng_below(rng, 2) ? a : b + 1));
    assert_int_equal(regex_new(m.value, &regex, NULL), ERR_OK);
    m.regex = regex;
    assert_true(index_answers(&m));
    return m;
}

static void check_query(struct index *x, const struct matcher *matchers, size_t count)
{
    struct label space[LABELS_MAX];
    uint32_t *refs = NULL;
    size_t ref_count = 0;
    size_t at = 0;

    assert_int_equal(index_select(x, matchers, count, &refs, &ref_count), ERR_OK);
    for (uint32_t ref = 1; ref <= series_count(&x->table); ref++) {
        struct labels labels = index_labels(x, ref, space);
        bool all = labels.count > 0;

        for (size_t i = 0; i < count; i++)
            all = all && matcher_matches(&matchers[i], labels);
        if (all) {
            assert_true(at < ref_count);
            assert_int_equal(refs[at++], ref);
        }
    }
    assert_int_equal(at, ref_count);
    mem_free(refs);
}

static void check_random_query(struct index *x, struct rng *rng, struct arena *arena)
{
    struct matcher matchers[3];
    size_t count = (size_t)rng_below(rng, 4);

    for (size_t i = 0; i < count; i++)
        matchers[i] = random_matcher(rng, arena);
    check_query(x, matchers, count);
    for (size_t i = 0; i < count; i++)
        regex_free((struct regex *)(uintptr_t)matchers[i].regex);
}

/* What is counted is what the parts hold, and an index without series holds next to nothing. */
static void check_bytes(struct index *x)
{
    size_t parts = x->symbols.pool.taken_bytes + slots_bytes(&x->symbols.symbols) +
                   slots_bytes(&x->symbols.pairs) + slots_bytes(&x->slots) +
                   series_table_bytes(&x->table) + x->free_refs.capacity_count * sizeof(uint32_t);

    assert_int_equal(index_bytes(x), parts);
    assert_int_equal(atomic_load(&x->series_count), x->slots.count);
    if (atomic_load(&x->series_count))
        return;
    assert_int_equal(x->symbols.pool.used_bytes, 0);
    assert_int_equal(x->symbols.pool.taken_bytes, 0);
    assert_int_equal(x->symbols.pairs.count, 0);
    assert_int_equal(x->symbols.symbols.count, 0);
}

static void set_epoch(struct index *x, uint8_t epoch)
{
    atomic_store_explicit(&x->epoch, epoch, memory_order_relaxed);
}

static void test_index__answers_as_a_scan_of_all_labels(void **state)
{
    struct rng rng = seed_rng("index");
    struct arena arena = arena_limited(SIZE_MAX);
    struct label space[LABELS_MAX];
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned number = 0; number < SERIES; number++) {
        struct labels labels = random_labels(&rng, &arena, number);
        uint32_t ref = 0;

        assert_int_equal(index_series(&x, labels, SIZE_MAX, &ref), ERR_OK);
        assert_int_equal(ref, number + 1);
        assert_int_equal(index_series(&x, labels, 0, &ref), ERR_OK); /* known: no room needed */
        assert_int_equal(ref, number + 1);
        assert_true(labels_equals(index_labels(&x, ref, space), labels));
    }
    for (int query = 0; query < QUERIES; query++)
        check_random_query(&x, &rng, &arena);
    check_bytes(&x);
    index_release(&x);
    arena_release(&arena);
}

/* --- against a plain list --- */

struct model {
    struct index x;
    struct arena arena;
    struct rng rng;
    struct labels labels[MODEL_SERIES];
    uint32_t refs[MODEL_SERIES]; /* 0: not in memory */
    uint8_t epochs[MODEL_SERIES];
    uint8_t epoch;
    size_t live_count;
    size_t evicted_count;
    size_t reused_count;
};

static void model_add(struct model *m)
{
    size_t i = (size_t)rng_below(&m->rng, MODEL_SERIES);
    uint32_t greatest = series_count(&m->x.table);
    uint32_t ref = 0;

    assert_int_equal(index_series(&m->x, m->labels[i], SIZE_MAX, &ref), ERR_OK);
    if (m->refs[i]) {
        assert_int_equal(ref, m->refs[i]);
    } else {
        m->live_count++;
        m->reused_count += ref <= greatest;
        for (size_t k = 0; k < MODEL_SERIES; k++)
            assert_int_not_equal(m->refs[k], ref);
    }
    m->refs[i] = ref;
    m->epochs[i] = m->epoch;
}

static void model_check_labels(const struct model *m)
{
    struct label space[LABELS_MAX];

    for (size_t i = 0; i < MODEL_SERIES; i++)
        if (m->refs[i])
            assert_true(labels_equals(index_labels(&m->x, m->refs[i], space), m->labels[i]));
}

static int compare_refs(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static bool has_ref(const uint32_t *refs, size_t count, uint32_t ref)
{
    return bsearch(&ref, refs, count, sizeof ref, compare_refs) != NULL;
}

static void model_forget(struct model *m, const uint32_t *refs, size_t count, bool all)
{
    size_t left = 0;

    for (size_t i = 0; i < MODEL_SERIES; i++) {
        if (!m->refs[i] || !has_ref(refs, count, m->refs[i])) {
            assert_true(!all || !m->refs[i] || m->epochs[i] == m->epoch);
            continue;
        }
        assert_int_not_equal(m->epochs[i], m->epoch);
        m->refs[i] = 0;
        left++;
    }
    assert_int_equal(left, count);
    m->live_count -= count;
    m->evicted_count += count;
}

/* One in `share` of them; those of this epoch are asked for, too, and stay. */
static void model_evict(struct model *m, uint64_t share)
{
    static uint32_t refs[MODEL_SERIES];
    size_t count = 0, evicted = 0, gone = 0;

    for (size_t i = 0; i < MODEL_SERIES; i++)
        if (m->refs[i] && rng_below(&m->rng, share) == 0)
            refs[count++] = m->refs[i];
    qsort(refs, count, sizeof *refs, compare_refs);
    assert_int_equal(index_evict(&m->x, refs, count, &evicted), ERR_OK);
    for (size_t i = 0; i < count; i++)
        if (!series_find(&m->x.table, refs[i]))
            refs[gone++] = refs[i];
    assert_int_equal(gone, evicted);
    model_forget(m, refs, gone, share == 1);
}

static void model_step(struct model *m)
{
    uint64_t dice = rng_below(&m->rng, 4000);

    if (dice == 0)
        model_evict(m, 1);
    else if (dice < 20)
        model_evict(m, 1 + rng_below(&m->rng, 100));
    else if (dice < 30)
        set_epoch(&m->x, ++m->epoch);
    else if (dice < 60)
        check_random_query(&m->x, &m->rng, &m->arena);
    else
        model_add(m);
    if (dice < 30) {
        check_bytes(&m->x);
        model_check_labels(m);
    }
    assert_int_equal(atomic_load(&m->x.series_count), m->live_count);
}

static void test_index__agrees_with_a_model(void **state)
{
    struct model *m = calloc(1, sizeof *m);

    (void)state;
    m->rng = seed_rng("index model");
    m->arena = arena_limited(SIZE_MAX);
    assert_int_equal(index_init(&m->x), ERR_OK);
    for (unsigned i = 0; i < MODEL_SERIES; i++)
        m->labels[i] = random_labels(&m->rng, &m->arena, i);
    for (int i = 0; i < MODEL_STEPS; i++)
        model_step(m);
    set_epoch(&m->x, ++m->epoch);
    model_evict(m, 1);
    assert_int_equal(m->live_count, 0);
    check_bytes(&m->x);
    assert_true(m->evicted_count > MODEL_SERIES);
    assert_true(m->reused_count > 0);
    index_release(&m->x);
    arena_release(&m->arena);
    free(m);
}

/* --- free references --- */

static struct labels numbered(struct arena *arena, unsigned number)
{
    struct label *items = arena_alloc(arena, 2 * sizeof *items);

    items[0] = (struct label){ LABEL_METRIC_NAME, STR("m") };
    items[1] = (struct label){ STR("id"), str_of(arena_printf(arena, "%u", number)) };
    return (struct labels){ items, 2 };
}

static uint32_t add_numbered(struct index *x, unsigned number)
{
    struct arena arena = arena_limited(4096);
    uint32_t ref = 0;

    assert_int_equal(index_series(x, numbered(&arena, number), SIZE_MAX, &ref), ERR_OK);
    arena_release(&arena);
    return ref;
}

static void evict_range(struct index *x, uint32_t first, uint32_t last)
{
    uint32_t *refs = calloc(last - first + 1, sizeof *refs);
    size_t count = last - first + 1, evicted = 0;

    for (uint32_t i = first; i <= last; i++)
        refs[i - first] = i;
    assert_int_equal(index_evict(x, refs, count, &evicted), ERR_OK);
    assert_int_equal(evicted, count);
    free(refs);
}

static void test_index__gives_out_the_oldest_free_reference(void **state)
{
    enum { COUNT = INDEX_FREE_MIN_COUNT + 500 };
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned i = 1; i <= 2 * COUNT; i++)
        assert_int_equal(add_numbered(&x, i), i);
    set_epoch(&x, 1);
    evict_range(&x, 101, INDEX_FREE_MIN_COUNT + 100);
    assert_int_equal(add_numbered(&x, 9000), 2 * COUNT + 1); /* too few wait */
    evict_range(&x, 11, 20);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(add_numbered(&x, 9001 + i), 101 + i);
    assert_int_equal(add_numbered(&x, 9100), 2 * COUNT + 2);
    assert_int_equal(series_count(&x.table), 2 * COUNT + 2);
    index_release(&x);
}

static void test_index__a_record_used_again_is_empty(void **state)
{
    enum { COUNT = INDEX_FREE_MIN_COUNT + 1 };
    const struct series *s;
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned i = 1; i <= COUNT; i++)
        add_numbered(&x, i);
    series_find(&x.table, 1)->flags = SERIES_DEFINED | SERIES_SEEN;
    series_find(&x.table, 1)->sealed_ms = 5;
    series_find(&x.table, 1)->writer.ts_ms = 5;
    set_epoch(&x, 7);
    evict_range(&x, 1, COUNT);
    assert_int_equal(add_numbered(&x, 50000), 1);
    s = series_find(&x.table, 1);
    assert_int_equal(s->flags, 0);
    assert_int_equal(s->sealed_ms, INT64_MIN);
    assert_int_equal(s->writer.ts_ms, 0);
    assert_int_equal(atomic_load(&s->epoch), 7);
    assert_int_equal(atomic_load(&x.created_count), COUNT + 1);
    index_release(&x);
}

/* Memory that the index can use again is no reason to refuse. */
static void test_index__what_left_makes_room(void **state)
{
    enum { COUNT = 20000 };
    struct arena arena = arena_limited(SIZE_MAX);
    size_t full_bytes;
    uint32_t ref;
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    for (unsigned i = 1; i <= COUNT; i++)
        add_numbered(&x, i);
    full_bytes = index_bytes(&x);
    assert_int_equal(index_series(&x, numbered(&arena, COUNT + 1), full_bytes / 2, &ref),
                     ERR_LIMIT);
    set_epoch(&x, 1);
    evict_range(&x, 1, COUNT);
    assert_true(index_bytes(&x) < full_bytes * 3 / 5); /* the records stay */
    for (unsigned i = 1; i <= COUNT * 9 / 10; i++)
        assert_int_equal(index_series(&x, numbered(&arena, i), full_bytes, &ref), ERR_OK);
    assert_true(index_bytes(&x) <= full_bytes + full_bytes / 8);
    assert_true(series_count(&x.table) <= COUNT);
    index_release(&x);
    arena_release(&arena);
}

/* --- loading --- */

static void test_index__refuses_what_cannot_be_loaded(void **state)
{
    struct rng rng = rng_seeded(1);
    struct arena arena = arena_limited(SIZE_MAX);
    struct labels a = random_labels(&rng, &arena, 1);
    struct labels b = random_labels(&rng, &arena, 2);
    struct label twice[] = { { STR("a"), STR("1") }, { STR("a"), STR("1") } };
    struct index x;
    uint32_t ref;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    assert_int_equal(index_series(&x, (struct labels){ 0 }, SIZE_MAX, &ref), ERR_INVALID);
    assert_int_equal(index_load(&x, 900, a), ERR_OK);
    assert_int_equal(index_load(&x, 901, a), ERR_CORRUPT); /* the same labels again */
    assert_int_equal(index_load(&x, 900, b), ERR_CORRUPT); /* not rising */
    assert_int_equal(index_load(&x, 6000, (struct labels){ 0 }), ERR_CORRUPT);
    assert_int_equal(index_load(&x, 6000, (struct labels){ twice, 2 }), ERR_CORRUPT);
    assert_int_equal(index_load(&x, SERIES_MAX, b), ERR_LIMIT);
    assert_null(series_find(&x.table, 899)); /* a hole */
    assert_null(series_find(&x.table, 1));
    assert_int_equal(index_series(&x, b, 0, &ref), ERR_LIMIT);
    assert_int_equal(index_series(&x, b, SIZE_MAX, &ref), ERR_OK);
    assert_int_equal(ref, 901);
    index_release(&x);
    arena_release(&arena);
}

static void test_index__holes_of_a_loaded_index_are_free(void **state)
{
    struct arena arena = arena_limited(SIZE_MAX);
    struct index x;

    (void)state;
    assert_int_equal(index_init(&x), ERR_OK);
    assert_int_equal(index_load(&x, 3, numbered(&arena, 3)), ERR_OK);
    assert_int_equal(index_load(&x, 5 + INDEX_FREE_MIN_COUNT, numbered(&arena, 4)), ERR_OK);
    assert_int_equal(add_numbered(&x, 100), 1);
    assert_int_equal(add_numbered(&x, 101), 2);
    assert_int_equal(add_numbered(&x, 102), 4);
    assert_int_equal(add_numbered(&x, 103), 6 + INDEX_FREE_MIN_COUNT);
    index_release(&x);
    arena_release(&arena);
}

/* --- failures --- */

static enum err fill(struct index *x, struct arena *arena)
{
    struct rng rng = rng_seeded(9);
    enum err err = index_init(x);
    uint32_t *refs = NULL;
    size_t count = 0;

    for (unsigned number = 0; number < 60 && !err; number++) {
        struct labels labels = random_labels(&rng, arena, number);
        uint32_t ref;

        err = index_series(x, labels, SIZE_MAX, &ref);
    }
    if (!err)
        err = index_select(x, NULL, 0, &refs, &count);
    if (!err) {
        set_epoch(x, 1);
        err = index_evict(x, refs, count / 2, &count);
        assert_int_equal(atomic_load(&x->series_count), err ? 60 : 30);
    }
    mem_free(refs);
    return err;
}

static void test_index__survives_every_failing_allocation(void **state)
{
    enum err err;
    bool happened;
    long n = 0;

    (void)state;
    do {
        struct arena arena = arena_limited(1 << 20);
        struct index x;

        /* One page for all labels, taken before the faults begin. */
        assert_non_null(arena_alloc(&arena, 1 << 19));
        arena_reset(&arena);
        mem_fail_nth(++n);
        err = fill(&x, &arena);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        if (x.table.pages) {
            uint32_t *refs = NULL;
            size_t count = 0;

            /* Whatever failed, all of it can go, and nothing is left. */
            set_epoch(&x, 2);
            assert_int_equal(index_select(&x, NULL, 0, &refs, &count), ERR_OK);
            assert_int_equal(index_evict(&x, refs, count, &count), ERR_OK);
            check_bytes(&x);
            mem_free(refs);
        }
        index_release(&x);
        arena_release(&arena);
    } while (happened);
    assert_int_equal(err, ERR_OK);
    assert_true(n > 20);
}

/* --- threads --- */

enum { THREAD_ROUNDS = 300, THREAD_SERIES = 400 };

struct crowd {
    struct index x;
    pthread_rwlock_t gate;
    atomic_bool done;
};

struct asker {
    struct crowd *crowd;
    unsigned first;
};

/* Asks for its series and reads their labels back while the lease lasts. */
static void *ask(void *arg)
{
    const struct asker *a = arg;
    struct crowd *c = a->crowd;

    for (unsigned round = 0; round < THREAD_ROUNDS; round++) {
        for (unsigned i = 0; i < THREAD_SERIES / 4; i++) {
            struct arena arena = arena_limited(4096);
            struct labels labels = numbered(&arena, a->first + (round * 7 + i) % THREAD_SERIES);
            struct label space[LABELS_MAX];
            uint32_t ref = 0;

            pthread_rwlock_rdlock(&c->gate); /* what a lease is in a store */
            if (index_series(&c->x, labels, SIZE_MAX, &ref) == ERR_OK &&
                !labels_equals(index_labels(&c->x, ref, space), labels))
                abort();
            pthread_rwlock_unlock(&c->gate);
            arena_release(&arena);
        }
    }
    return NULL;
}

/* The appender: epochs pass, and what is older leaves. It walks the records without a lock. */
static void *evict_old(void *arg)
{
    struct crowd *c = arg;
    static uint32_t refs[1 << 20];
    uint8_t epoch = 0;

    while (!atomic_load(&c->done)) {
        size_t count = 0;

        set_epoch(&c->x, ++epoch);
        for (uint32_t ref = 1; ref <= series_count(&c->x.table); ref++) {
            const struct series *s = series_find(&c->x.table, ref);

            if (s && atomic_load_explicit(&s->epoch, memory_order_relaxed) != epoch)
                refs[count++] = ref;
        }
        pthread_rwlock_wrlock(&c->gate);
        if (index_evict(&c->x, refs, count, &count) != ERR_OK)
            abort();
        pthread_rwlock_unlock(&c->gate);
    }
    return NULL;
}

static void test_index__evicts_beside_threads_that_ask(void **state)
{
    struct crowd *c = calloc(1, sizeof *c);
    struct asker askers[2] = { { c, 0 }, { c, THREAD_SERIES / 2 } };
    pthread_t threads[3];

    (void)state;
    assert_int_equal(index_init(&c->x), ERR_OK);
    pthread_rwlock_init(&c->gate, NULL);
    pthread_create(&threads[2], NULL, evict_old, c);
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, ask, &askers[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&c->done, true);
    pthread_join(threads[2], NULL);
    check_bytes(&c->x);
    pthread_rwlock_destroy(&c->gate);
    index_release(&c->x);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__answers_as_a_scan_of_all_labels),
        cmocka_unit_test(test_index__agrees_with_a_model),
        cmocka_unit_test(test_index__gives_out_the_oldest_free_reference),
        cmocka_unit_test(test_index__a_record_used_again_is_empty),
        cmocka_unit_test(test_index__what_left_makes_room),
        cmocka_unit_test(test_index__refuses_what_cannot_be_loaded),
        cmocka_unit_test(test_index__holes_of_a_loaded_index_are_free),
        cmocka_unit_test(test_index__survives_every_failing_allocation),
        cmocka_unit_test(test_index__evicts_beside_threads_that_ask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
