/*
 * Random graphs of services in which one of them browns out: its attempts fail, those
 * who call it retry, what still fails fails their callers, and so the trouble moves
 * along the edges. Every call is made and counted. What the monitor says is held
 * against lists of all that was ever told, summed anew each time: rates, ratios, who
 * is unhealthy, where the retry storm has its source. The seed of a failing run is
 * the last one printed.
 */
#include "map_script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

enum { SERVICES = 8, SECONDS = 420, SEEDS = 60, RETRIES_MAX = 2, VISITORS = 6, WINDOW = 60 };
enum { BEGINS = 100, ENDS = 250, CHECK_EVERY = 7 };
static const int64_t T0 = 1700000000000;
static const double CALM_FAIL_RATIO = 0.0005;

struct told {
    int calls, errors, retries;
};

struct sim {
    struct rng rng;
    struct monitor *monitor;
    char names[SERVICES][16];
    bool edges[SERVICES][SERVICES]; /* only to services with a higher number */
    double fail_ratio[SERVICES];    /* of attempts, by the service's own fault */
    int ill;                        /* who browns out */
    struct told now[SERVICES][SERVICES];
    struct told all[SECONDS + 1][SERVICES]; /* by second and callee */
    int storms_seen;
};

/* Everybody but the first is called by one or two of those before. */
static void sim_init(struct sim *s, uint64_t seed)
{
    *s = (struct sim){ .rng = rng_seeded(seed) };
    s->monitor = monitor_of("");
    for (int v = 0; v < SERVICES; v++) {
        snprintf(s->names[v], sizeof s->names[v], "s%d", v);
        s->fail_ratio[v] = CALM_FAIL_RATIO;
        if (v)
            s->edges[rng_below(&s->rng, (uint64_t)v)][v] = true;
        if (v > 2 && rng_below(&s->rng, 3) == 0)
            s->edges[rng_below(&s->rng, (uint64_t)v)][v] = true;
    }
    s->ill = 1 + (int)rng_below(&s->rng, SERVICES - 1);
}

static bool call(struct sim *s, int u, int v);

/* True: it failed, by its own fault or a callee's. */
static bool attempt(struct sim *s, int v)
{
    bool failed = rng_unit(&s->rng) < s->fail_ratio[v];

    for (int w = v + 1; w < SERVICES; w++)
        if (s->edges[v][w])
            failed |= call(s, v, w);
    return failed;
}

static bool call(struct sim *s, int u, int v)
{
    struct told *edge = &s->now[u][v];
    bool failed = attempt(s, v);

    edge->calls++;
    for (int i = 0; failed && i < RETRIES_MAX; i++) {
        edge->retries++;
        failed = attempt(s, v);
    }
    edge->errors += failed;
    return failed;
}

static void step(struct sim *s, int second)
{
    memset(s->now, 0, sizeof s->now);
    for (int i = 0; i < VISITORS; i++)
        (void)attempt(s, 0);
    for (int u = 0; u < SERVICES; u++)
        for (int v = 0; v < SERVICES; v++) {
            const struct told *edge = &s->now[u][v];

            if (!s->edges[u][v])
                continue;
            tell_edge(s->monitor, s->names[u], s->names[v], T0 + second * 1000, edge->calls,
                      edge->errors, edge->retries);
            s->all[second][v].calls += edge->calls;
            s->all[second][v].errors += edge->errors;
            s->all[second][v].retries += edge->retries;
        }
}

/* The plain way: everything of the last minute, added up. */
static struct told last_minute(const struct sim *s, int second, int service)
{
    struct told sum = { 0 };

    for (int t = second - WINDOW + 1; t <= second; t++) {
        sum.calls += s->all[t][service].calls;
        sum.errors += s->all[t][service].errors;
        sum.retries += s->all[t][service].retries;
    }
    return sum;
}

static void assert_same(const char *what, double got, double expected)
{
    if (!(fabs(got - expected) <= 1e-9 * (1 + fabs(expected))))
        fail_msg("%s is %.12g, not %.12g", what, got, expected);
}

static void check_service(const struct sim *s, const struct monitor_view *view, int second,
                          int service)
{
    struct told sum = last_minute(s, second, service);
    const struct service_view *row = view_find_service(view, str_of(s->names[service]));
    double failed = (double)sum.errors / sum.calls;

    assert_non_null(row);
    assert_same("calls_per_s", row->calls_per_s, (double)sum.calls / WINDOW);
    assert_same("errors_per_s", row->errors_per_s, (double)sum.errors / WINDOW);
    assert_same("success_ratio", row->success_ratio, 1 - failed);
    assert_same("attempt_success_ratio", row->attempt_success_ratio,
                1 - (double)(sum.errors + sum.retries) / (sum.calls + sum.retries));
    if (failed >= 0.05)
        assert_int_equal(row->health, HEALTH_UNHEALTHY);
    else if (failed > 0.01)
        assert_true(row->health == HEALTH_UNHEALTHY || row->health == HEALTH_DEGRADED);
    else if (sum.retries < sum.calls / 10) /* else its retry budget may be used up */
        assert_int_equal(row->health, HEALTH_HEALTHY);
}

/* Whoever it reaches, it comes from the one who is ill, and the sentence says so. */
static void check_trouble(struct sim *s, const struct monitor_view *view, int second)
{
    struct told of_ill = last_minute(s, second, s->ill);
    bool is_ill = second >= BEGINS + WINDOW && second <= ENDS;
    char source[64];

    snprintf(source, sizeof source, "source of the storm: %s,", s->names[s->ill]);
    assert_true(view->map->storm_count <= 1);
    if (view->map->storm_count) {
        assert_int_equal(view->map->storms[0].source, node_of(view->map, s->names[s->ill]));
        assert_non_null(strstr(view->sentence.detail, source));
        s->storms_seen++;
    } else if (is_ill && (double)of_ill.errors / of_ill.calls >= 0.05) {
        assert_true(view->sentence.link_count > 0);
        assert_true(str_equals(view->sentence.links[0], str_of(s->names[s->ill])));
        assert_int_equal(strncmp(view->sentence.text, s->names[s->ill], strlen(s->names[s->ill])),
                         0);
    }
    if (second < BEGINS || second > ENDS + WINDOW) {
        assert_int_equal(view->map->storm_count, 0);
        assert_int_equal(view->sentence.severity, SEVERITY_OK);
    }
}

/* Only who calls the ill one, directly or through others, may suffer with it. */
static bool reaches(const struct sim *s, int u, int v)
{
    if (u == v)
        return true;
    for (int w = u + 1; w < SERVICES; w++)
        if (s->edges[u][w] && reaches(s, w, v))
            return true;
    return false;
}

static void check_bystanders(const struct sim *s, const struct monitor_view *view)
{
    for (int v = 1; v < SERVICES; v++)
        if (!reaches(s, v, s->ill))
            assert_int_equal(view_find_service(view, str_of(s->names[v]))->health, HEALTH_HEALTHY);
}

/* How many runs had a storm. */
static int run(uint64_t seed)
{
    static struct sim s;
    struct monitor_view *view;

    print_message("seed %llu\n", (unsigned long long)seed);
    sim_init(&s, seed);
    for (int second = 1; second <= SECONDS; second++) {
        if (second == BEGINS)
            s.fail_ratio[s.ill] = 0.5 + 0.4 * rng_unit(&s.rng);
        if (second == ENDS)
            s.fail_ratio[s.ill] = CALM_FAIL_RATIO;
        step(&s, second);
        if (second <= WINDOW || second % CHECK_EVERY)
            continue;
        view = view_of(s.monitor, T0 + second * 1000);
        for (int v = 1; v < SERVICES; v++)
            check_service(&s, view, second, v);
        check_trouble(&s, view, second);
        check_bystanders(&s, view);
        view_unref(view);
    }
    monitor_free(s.monitor);
    return s.storms_seen > 0;
}

static void test_brownout__moves_along_edges_and_is_named(void **state UNUSED)
{
    const char *given = getenv("FUSEBOX_TEST_SEED");
    int storms = 0;

    if (given) {
        run(strtoull(given, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        storms += run(seed);
    print_message("%d of %d brown-outs became a storm\n", storms, SEEDS);
    assert_true(storms > SEEDS / 4 && storms < SEEDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_brownout__moves_along_edges_and_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
