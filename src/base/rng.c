#include "base/rng.h"

#include <errno.h>
#include <sys/random.h>

struct rng rng_seeded(uint64_t seed)
{
    return (struct rng){ seed };
}

struct rng rng_from_system(void)
{
    uint64_t seed = 0x9E3779B97F4A7C15u;

    (void)rng_secure_bytes(&seed, sizeof seed);
    return rng_seeded(seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t z = (r->state += 0x9E3779B97F4A7C15u);

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    uint64_t threshold = -bound % bound; /* 2^64 mod bound: what would favour small results */

    for (;;) {
        uint64_t x = rng_next(r);

        if (x >= threshold)
            return x % bound;
    }
}

double rng_unit(struct rng *r)
{
    return (double)(rng_next(r) >> 11) * 0x1p-53;
}

bool rng_secure_bytes(void *out, size_t len)
{
    char *at = out;

    while (len) {
        ssize_t got = getrandom(at, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
    }
    return true;
}
