#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "monitor/graph.h"
#include "seed.h"

enum { ARENA_BYTES = 16 << 20, NODES_MAX = 40, EDGES_MAX = 400 };

/* A graph in the making; edges as {caller, callee, calls_per_s, attempts_per_call}. */
struct draft {
    struct arena arena;
    struct graph graph;
    struct graph_node nodes[NODES_MAX];
    struct graph_edge edges[EDGES_MAX];
};

static struct draft *draft_of(struct draft *d, uint32_t nodes, const struct graph_edge *edges,
                              size_t edge_count)
{
    memset(d, 0, sizeof *d);
    d->arena = arena_limited(ARENA_BYTES);
    if (edge_count)
        memcpy(d->edges, edges, edge_count * sizeof *edges);
    d->graph = (struct graph){ .nodes = d->nodes,
                               .node_count = nodes,
                               .edges = d->edges,
                               .edge_count = (uint32_t)edge_count };
    for (uint32_t n = 0; n < nodes; n++)
        d->nodes[n].failed_ratio = NAN;
    assert_int_equal(graph_solve(&d->graph, &d->arena), ERR_OK);
    return d;
}

#define EDGE(from, to, calls, factor)                                                              \
    {                                                                                              \
        .caller = from, .callee = to, .calls_per_s = calls, .attempts_per_call = factor            \
    }
#define EDGE_MODELLED(from, to, factor)                                                            \
    {                                                                                              \
        .caller = from, .callee = to, .calls_per_s = NAN, .attempts_per_call = factor,             \
        .modelled = true                                                                           \
    }
#define DRAFT(nodes, ...)                                                                          \
    draft_of(&draft, nodes, (struct graph_edge[]){ __VA_ARGS__ },                                  \
             sizeof((struct graph_edge[]){ __VA_ARGS__ }) / sizeof(struct graph_edge))

static struct draft draft;

static void expect(double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * (1 + fabs(expected))))
        fail_msg("%.12g, not %.12g", got, expected);
}

static void test_graph__factors_of_a_path_multiply(void **state UNUSED)
{
    struct draft *d = DRAFT(4, EDGE(0, 1, 100, 1.03), EDGE(1, 2, 103, 1.44), EDGE(2, 3, 148, 1.62));
    uint32_t path[4];

    expect(d->nodes[0].amplification, 1);
    expect(d->nodes[3].amplification, 1.03 * 1.44 * 1.62);
    expect(d->nodes[3].worst, 1.03 * 1.44 * 1.62);
    assert_int_equal(d->nodes[3].layer, 3);
    assert_int_equal(d->nodes[3].worst_retrying, 2);
    assert_false(d->nodes[3].at_least || d->nodes[3].modelled);
    assert_int_equal(graph_worst_path(&d->graph, 3, path, 4), 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(path[i], i);
    assert_int_equal(graph_worst_path(&d->graph, 3, path, 2), 2);
    assert_int_equal(path[0], 2);
    assert_int_equal(path[1], 3);
    arena_release(&d->arena);
}

static void test_graph__traffic_weighs_paths_and_the_worst_one_is_kept(void **state UNUSED)
{
    struct draft *d = DRAFT(4, EDGE(0, 3, 90, 1), EDGE(1, 2, 10, 2), EDGE(2, 3, 20, 3));

    /* 90 + 60 attempts arrive; without retries it were 90 + 10. */
    expect(d->nodes[3].amplification, 1.5);
    expect(d->nodes[3].worst, 6);
    assert_int_equal(d->nodes[3].worst_edge, 2);
    arena_release(&d->arena);
}

static void test_graph__what_nobody_tells_counts_as_one_and_is_marked(void **state UNUSED)
{
    struct draft *d = DRAFT(4, EDGE(0, 1, NAN, NAN), EDGE_MODELLED(1, 2, 1.5), EDGE(2, 3, 10, 2));

    expect(d->nodes[1].worst, 1);
    assert_true(d->nodes[1].at_least);
    assert_false(d->nodes[1].modelled);
    expect(d->nodes[2].amplification, 1.5);
    expect(d->nodes[3].amplification, 3);
    assert_true(d->nodes[3].at_least && d->nodes[3].modelled);
    arena_release(&d->arena);
}

static void test_graph__traffic_that_is_told_outweighs_what_is_not(void **state UNUSED)
{
    struct draft *d = DRAFT(3, EDGE(0, 2, 50, 2), EDGE(1, 2, NAN, NAN));

    expect(d->nodes[2].amplification, 2);
    assert_true(d->nodes[2].at_least);
    arena_release(&d->arena);
}

static void test_graph__a_circle_is_cut_once(void **state UNUSED)
{
    struct draft *d = DRAFT(4, EDGE(0, 1, 10, 2), EDGE(1, 2, 10, 2), EDGE(2, 3, 10, 2),
                            EDGE(3, 1, 10, 2));

    assert_true(d->edges[3].closes_circle);
    assert_false(d->edges[0].closes_circle || d->edges[1].closes_circle ||
                 d->edges[2].closes_circle);
    expect(d->nodes[3].worst, 8);
    arena_release(&d->arena);
    d = DRAFT(2, EDGE(0, 1, 10, 3), EDGE(1, 0, 10, 3));
    assert_int_equal(d->edges[0].closes_circle + d->edges[1].closes_circle, 1);
    expect(d->nodes[0].worst, 1);
    expect(d->nodes[1].worst, 3);
    arena_release(&d->arena);
}

static const struct storm_rule rule = { .amplification = 2, .failed_ratio = 0.1 };

static uint32_t storms_of(struct draft *d, struct storm **ret)
{
    uint32_t count = 0;

    assert_int_equal(graph_find_storms(&d->graph, &rule, &d->arena, ret, &count), ERR_OK);
    return count;
}

static void test_graph__a_storm_is_named_with_its_deepest_failing_callee(void **state UNUSED)
{
    struct draft *d = DRAFT(6, EDGE(0, 1, 100, 1.5), EDGE(1, 2, 150, 1.5), EDGE(2, 3, 225, 1.5),
                            EDGE(1, 4, 150, 1), EDGE(2, 5, 225, 1.2));
    struct storm *storms;

    for (uint32_t n = 1; n < 4; n++)
        d->nodes[n].failed_ratio = 0.3;
    d->nodes[4].failed_ratio = d->nodes[5].failed_ratio = 0.01;
    assert_int_equal(storms_of(d, &storms), 1);
    assert_int_equal(storms[0].source, 3);
    assert_int_equal(storms[0].member_count, 2);
    assert_int_equal(d->nodes[2].storm_source, 3);
    assert_int_equal(d->nodes[3].storm_source, 3);
    assert_true(d->nodes[1].storm_source == GRAPH_NONE); /* only 1.5 times */
    assert_true(d->nodes[5].storm_source == GRAPH_NONE); /* amplified, but well */
    arena_release(&d->arena);
}

static void test_graph__one_caller_that_retries_is_no_storm(void **state UNUSED)
{
    struct draft *d = DRAFT(2, EDGE(0, 1, 100, 4));
    struct storm *storms;

    d->nodes[1].failed_ratio = 1;
    assert_int_equal(storms_of(d, &storms), 0);
    arena_release(&d->arena);
}

static void test_graph__storms_stand_worst_first(void **state UNUSED)
{
    struct draft *d = DRAFT(6, EDGE(0, 1, 10, 1.5), EDGE(1, 2, 15, 1.5), EDGE(3, 4, 10, 2),
                            EDGE(4, 5, 20, 2));
    struct storm *storms;

    d->nodes[2].failed_ratio = d->nodes[5].failed_ratio = 0.5;
    assert_int_equal(storms_of(d, &storms), 2);
    assert_int_equal(storms[0].source, 5);
    assert_int_equal(storms[1].source, 2);
    arena_release(&d->arena);
}

static void test_graph__nothing_is_nothing(void **state UNUSED)
{
    struct storm *storms;

    draft_of(&draft, 0, NULL, 0);
    assert_int_equal(storms_of(&draft, &storms), 0);
    arena_release(&draft.arena);
}

/* The largest product over all paths that use no edge that closes a circle, by trying each. */
static double longest(const struct draft *d, uint32_t node, int depth)
{
    double best = 1;

    assert_true(depth <= NODES_MAX); /* no circle is left */
    for (uint32_t i = 0; i < d->graph.edge_count; i++) {
        const struct graph_edge *e = &d->edges[i];

        if (!e->closes_circle && e->callee == node)
            best = fmax(best, longest(d, e->caller, depth + 1) * e->attempts_per_call);
    }
    return best;
}

static void
test_graph__random_graphs_with_circles_have_an_order_and_true_products(void **state UNUSED)
{
    struct rng rng = seed_rng("graph");

    for (int round = 0; round < 300; round++) {
        uint32_t nodes = 2 + (uint32_t)rng_below(&rng, 10), count = 0;
        struct graph_edge edges[30];

        for (int i = 0; i < 20; i++) {
            uint32_t from = (uint32_t)rng_below(&rng, nodes), to = (uint32_t)rng_below(&rng, nodes);

            if (from != to)
                edges[count++] = (struct graph_edge){
                    from, to, (double)rng_below(&rng, 50), 1 + rng_unit(&rng), false, false
                };
        }
        draft_of(&draft, nodes, edges, count);
        for (uint32_t n = 0; n < nodes; n++)
            expect(draft.nodes[n].worst, longest(&draft, n, 0));
        for (uint32_t i = 0; i < count; i++)
            if (!draft.edges[i].closes_circle)
                assert_true(draft.nodes[draft.edges[i].caller].layer <
                            draft.nodes[draft.edges[i].callee].layer);
        arena_release(&draft.arena);
    }
}

static void test_graph__every_failed_allocation_is_told(void **state UNUSED)
{
    const struct graph_edge edges[] = { { 0, 1, 10, 2, false, false },
                                        { 1, 2, 20, 2, false, false } };
    struct storm *storms;
    uint32_t count;
    bool happened = true;

    for (long n = 1; happened; n++) {
        struct arena arena = arena_limited(ARENA_BYTES);
        enum err err;

        memcpy(draft.edges, edges, sizeof edges);
        draft.graph = (struct graph){ draft.nodes, 3, draft.edges, 2, NULL };
        mem_fail_nth(n);
        err = graph_solve(&draft.graph, &arena);
        if (!err)
            err = graph_find_storms(&draft.graph, &rule, &arena, &storms, &count);
        happened = mem_fault_happened();
        mem_fail_nth(0);
        assert_int_equal(err, happened ? ERR_NOMEM : ERR_OK);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph__factors_of_a_path_multiply),
        cmocka_unit_test(test_graph__traffic_weighs_paths_and_the_worst_one_is_kept),
        cmocka_unit_test(test_graph__what_nobody_tells_counts_as_one_and_is_marked),
        cmocka_unit_test(test_graph__traffic_that_is_told_outweighs_what_is_not),
        cmocka_unit_test(test_graph__a_circle_is_cut_once),
        cmocka_unit_test(test_graph__a_storm_is_named_with_its_deepest_failing_callee),
        cmocka_unit_test(test_graph__one_caller_that_retries_is_no_storm),
        cmocka_unit_test(test_graph__storms_stand_worst_first),
        cmocka_unit_test(test_graph__nothing_is_nothing),
        cmocka_unit_test(test_graph__random_graphs_with_circles_have_an_order_and_true_products),
        cmocka_unit_test(test_graph__every_failed_allocation_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
