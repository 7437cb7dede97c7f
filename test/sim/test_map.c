/*
 * Random graphs of services in which every attempt makes real calls: each attempt
 * at a service calls each of its callees so many times, some attempts fail and are
 * retried, and all of them are counted as they happen. What the monitor makes of
 * the signals must equal the count: amplification is the attempts that arrived,
 * divided by those that would have arrived without a single retry. Worst paths are
 * held against a search through all paths. The seed of a failing run is the last
 * one printed.
 */
#include "map_script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

enum { SERVICES = 12, SECONDS = 60, SEEDS = 40, RETRIES_MAX = 3, FAN_OUT_MAX = 40 };
static const int64_t T0 = 1700000000000;

struct sim_edge {
    int fan_out; /* calls per attempt at the caller; 0: no such edge */
    double calls, retries;
};

struct sim {
    struct rng rng;
    struct monitor *monitor;
    char names[SERVICES][16];
    double fail_ratio[SERVICES]; /* of attempts at the service */
    int visitors[SERVICES];      /* calls a second from outside, of services that nobody calls */
    struct sim_edge edges[SERVICES][SERVICES]; /* only to services with a higher number */
    double attempts[SERVICES], without_retries[SERVICES];
};

static bool is_called(const struct sim *s, int service)
{
    for (int u = 0; u < service; u++)
        if (s->edges[u][service].fan_out)
            return true;
    return false;
}

/* Calls at a service for each visitor without any retry: kept low, for all of them are made. */
static int reach(const struct sim *s, int service)
{
    int sum = is_called(s, service) ? 0 : 1;

    for (int u = 0; u < service; u++)
        if (s->edges[u][service].fan_out)
            sum += s->edges[u][service].fan_out * reach(s, u);
    return sum;
}

static void sim_init(struct sim *s, uint64_t seed)
{
    *s = (struct sim){ .rng = rng_seeded(seed) };
    s->monitor = monitor_of("");
    for (int v = 0; v < SERVICES; v++) {
        snprintf(s->names[v], sizeof s->names[v], "s%llu-%02d",
                 (unsigned long long)rng_below(&s->rng, 100), v);
        s->fail_ratio[v] = rng_below(&s->rng, 3) ? 0.02 : 0.5 * rng_unit(&s->rng);
        for (int u = 0; u < v; u++)
            if (rng_below(&s->rng, SERVICES) < 3 && reach(s, v) + 2 * reach(s, u) <= FAN_OUT_MAX)
                s->edges[u][v].fan_out = 1 + (int)rng_below(&s->rng, 2);
    }
    for (int v = 0; v < SERVICES; v++)
        s->visitors[v] = is_called(s, v) ? 0 : 3 + (int)rng_below(&s->rng, 10);
}

/* One call with its retries; the number of retries that it took. */
static int call(struct sim *s, int service, bool *ret_failed)
{
    for (int retries = 0;; retries++) {
        *ret_failed = rng_unit(&s->rng) < s->fail_ratio[service];
        if (!*ret_failed || retries == RETRIES_MAX)
            return retries;
    }
}

/* What `attempts` at u in this second make it ask of v; the attempts that arrive there. */
static int ask(struct sim *s, int u, int v, int attempts, int64_t at_ms)
{
    struct sim_edge *edge = &s->edges[u][v];
    int calls = attempts * edge->fan_out, retries = 0, errors = 0;

    for (int i = 0; i < calls; i++) {
        bool failed;

        retries += call(s, v, &failed);
        errors += failed;
    }
    edge->calls += calls;
    edge->retries += retries;
    tell_edge(s->monitor, s->names[u], s->names[v], at_ms, calls, errors, retries);
    return calls + retries;
}

static void step(struct sim *s, int64_t at_ms)
{
    int attempts[SERVICES], plain[SERVICES];

    for (int v = 0; v < SERVICES; v++)
        attempts[v] = plain[v] = s->visitors[v];
    for (int u = 0; u < SERVICES; u++) {
        for (int v = u + 1; v < SERVICES; v++) {
            if (!s->edges[u][v].fan_out)
                continue;
            attempts[v] += ask(s, u, v, attempts[u], at_ms);
            plain[v] += plain[u] * s->edges[u][v].fan_out;
        }
        s->attempts[u] += attempts[u];
        s->without_retries[u] += plain[u];
    }
}

static double factor(const struct sim_edge *e)
{
    return 1 + e->retries / e->calls;
}

static double worst_path(const struct sim *s, int service)
{
    double worst = 1;

    for (int u = 0; u < service; u++)
        if (s->edges[u][service].fan_out)
            worst = fmax(worst, worst_path(s, u) * factor(&s->edges[u][service]));
    return worst;
}

static void assert_same(const char *what, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * (1 + fabs(expected))))
        fail_msg("%s is %.12g, not %.12g", what, got, expected);
}

static void check(struct sim *s, const struct map_view *map)
{
    size_t edges = 0;

    for (int u = 0; u < SERVICES; u++)
        for (int v = 0; v < SERVICES; v++)
            edges += s->edges[u][v].fan_out != 0;
    assert_int_equal(map->graph.edge_count, edges);
    for (int v = 0; v < SERVICES; v++) {
        const struct graph_node *node;

        if (!is_called(s, v))
            continue;
        node = &map->graph.nodes[node_of(map, s->names[v])];
        assert_same("amplification", node->amplification, s->attempts[v] / s->without_retries[v]);
        assert_same("the worst path", node->worst, worst_path(s, v));
        assert_false(node->at_least || node->modelled);
    }
}

static void check_storms(const struct map_view *map)
{
    for (uint32_t i = 0; i < map->storm_count; i++) {
        uint32_t source = map->storms[i].source, path[SERVICES];
        uint32_t length = graph_worst_path(&map->graph, source, path, SERVICES);

        assert_true(length >= 3);
        assert_true(map->graph.nodes[source].failed_ratio >= 0.1);
        assert_int_equal(map->graph.nodes[source].storm_source, source);
        assert_true(i == 0 || map->graph.nodes[source].worst <=
                                  map->graph.nodes[map->storms[i - 1].source].worst);
    }
}

static void run(uint64_t seed)
{
    struct sim s;
    struct monitor_view *view;

    print_message("seed %llu\n", (unsigned long long)seed);
    sim_init(&s, seed);
    for (int second = 1; second <= SECONDS; second++)
        step(&s, T0 + second * 1000);
    view = view_of(s.monitor, T0 + SECONDS * 1000);
    check(&s, view->map);
    check_storms(view->map);
    view_unref(view);
    monitor_free(s.monitor);
}

static void test_map__amplification_is_the_counted_attempts(void **state UNUSED)
{
    const char *given = getenv("FUSEBOX_TEST_SEED");

    if (given) {
        run(strtoull(given, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        run(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__amplification_is_the_counted_attempts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
