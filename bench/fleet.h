/*
 * The series that the benches of the store write: those of a fleet of HAProxy
 * exporters, 1,000 an instance, and how their values move.
 *
 * One series in four is a counter that moves by 0 to 39, one a gauge with two
 * decimals, two stand still in 98 of 100 scrapes.
 */
#ifndef FUSEBOX_BENCH_FLEET_H
#define FUSEBOX_BENCH_FLEET_H

#include "base/rng.h"
#include "tsdb/tsdb.h"

enum { FLEET_NAMES = 50 }; /* metrics; series i has that of i % FLEET_NAMES */

#define FLEET_A_NAME "haproxy_backend_metric_7_total"

/* Series i in the store. Ends the process when the store refuses. */
uint32_t fleet_series(struct tsdb *db, uint32_t i);

double fleet_first_value(struct rng *rng, uint32_t i);
double fleet_next_value(struct rng *rng, uint32_t i, double before);

/* A count on the command line, above 0. */
uint32_t fleet_argument(int argc, char **argv, int i, uint32_t otherwise);

#endif
