#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { LABELS_BYTES = 1 << 16, INSTANCE_SERIES = 1000, SUBNET_INSTANCES = 250 };

uint32_t fleet_series(struct tsdb *db, uint32_t i)
{
    static const char *const states[] = { "2xx", "3xx", "4xx", "5xx" };
    struct arena arena = arena_limited(LABELS_BYTES);
    uint32_t instance = i / INSTANCE_SERIES;
    struct labels_builder b;
    struct labels labels;
    uint32_t ref;
    enum err err;

    labels_builder_init(&b, &arena);
    labels_builder_add(
        &b, LABEL_METRIC_NAME,
        str_of(arena_printf(&arena, "haproxy_backend_metric_%u_total", i % FLEET_NAMES)));
    labels_builder_add(&b, STR("job"), STR("haproxy"));
    labels_builder_add(
        &b, STR("instance"),
        str_of(arena_printf(&arena, "10.0.%u.%u:8404", instance / SUBNET_INSTANCES, instance)));
    labels_builder_add(&b, STR("proxy"), str_of(arena_printf(&arena, "be_%u", i / 200 % 5)));
    labels_builder_add(&b, STR("code"), str_of(states[i / FLEET_NAMES % 4]));
    err = labels_builder_finish(&b, &labels, NULL);
    if (!err)
        err = tsdb_series(db, labels, &ref);
    arena_release(&arena);
    if (!err)
        return ref;
    fprintf(stderr, "series %u: %s\n", i, err_text(err));
    exit(1);
}

double fleet_first_value(struct rng *rng, uint32_t i)
{
    return i % 4 == 0 ? (double)rng_below(rng, 1000000) : 1;
}

double fleet_next_value(struct rng *rng, uint32_t i, double before)
{
    uint64_t dice = rng_below(rng, 1000);

    switch (i % 4) {
    case 0:
        return before + (double)(dice % 40);
    case 1:
        return (double)dice / 100;
    default:
        return dice < 20 ? before + 1 : before;
    }
}

uint32_t fleet_argument(int argc, char **argv, int i, uint32_t otherwise)
{
    int64_t number;

    return argc > i && str_parse_i64(str_of(argv[i]), &number) && number > 0 && number <= UINT32_MAX
               ? (uint32_t)number
               : otherwise;
}
