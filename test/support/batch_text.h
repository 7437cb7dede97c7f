/*
 * Stores and batches for tests of what stands between them.
 *
 * A store lives in a directory of its own under /tmp; batch_text writes a batch
 * as sorted lines `name{labels} value @time`, so that a test can compare text.
 */
#ifndef FUSEBOX_TEST_BATCH_TEXT_H
#define FUSEBOX_TEST_BATCH_TEXT_H

#include "tsdb/tsdb.h"

struct test_store {
    char dir[64];
    struct tsdb *db;
};

/* Asserts inside. */
void test_store_open(struct test_store *store);
void test_store_close(struct test_store *store); /* and removes the directory */

/* The batch as text, in the order of its samples; samples about the scrape itself only when asked.
 * In the arena. */
const char *batch_text(struct test_store *store, struct arena *arena,
                       const struct sample_batch *batch, bool with_report);

/* The reference of a series given as exposition text. */
uint32_t test_store_series(struct test_store *store, const char *text);

#endif
