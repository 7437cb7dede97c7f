/*
 * What every engine of the store must do, as tests that know the port alone.
 *
 *   int main(void) { struct store_suite suite = { open, wipe, … }; return store_suite_run(&suite);
 * }
 */
#ifndef FUSEBOX_TEST_STORE_SUITE_H
#define FUSEBOX_TEST_STORE_SUITE_H

#include "store/store.h"

struct store_suite {
    /* Opens the one store of the suite; what was saved before is in it, until wiped. */
    enum err (*open)(struct store_suite *suite, struct store **ret, struct diag *diag);
    void (*wipe)(struct store_suite *suite); /* no store is open */
    char place[256];                         /* the engine's own */
};

int store_suite_run(struct store_suite *suite);

#endif
