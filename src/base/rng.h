/*
 * Random numbers as a value passed in: SplitMix64. Not for secrets.
 *
 * Threads   Single owner.
 * Source    Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
 */
#ifndef FUSEBOX_BASE_RNG_H
#define FUSEBOX_BASE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

struct rng rng_seeded(uint64_t seed);
struct rng rng_from_system(void); /* seeded from the operating system */
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound); /* 0 .. bound-1, unbiased; bound > 0 */
double rng_unit(struct rng *r);                    /* 0 <= x < 1 */

/* Fills `out` from the operating system's generator; false when it refuses. For ids and tokens. */
bool rng_secure_bytes(void *out, size_t len);

#endif
