/* Random numbers of a test: FUSEBOX_TEST_SEED repeats a run. Included behind unit.h. */
#ifndef FUSEBOX_TEST_SEED_H
#define FUSEBOX_TEST_SEED_H

#include <stdlib.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/str.h"

static inline struct rng seed_rng(const char *test)
{
    const char *text = getenv("FUSEBOX_TEST_SEED");
    int64_t seed = (int64_t)getpid();

    if (text)
        str_parse_i64(str_of(text), &seed);
    print_message("%s: FUSEBOX_TEST_SEED=%lld\n", test, (long long)seed);
    return rng_seeded((uint64_t)seed);
}

#endif
