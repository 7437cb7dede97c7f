/*
 * Manifest: which block files count, in samples.db beside the log.
 *
 * A file is announced before it is written (its name is doomed) and reprieved in
 * the transaction that makes it count; one that stops counting is doomed in the
 * same transaction. What is doomed when the store opens is removed. So no kill
 * leaves a file that nobody knows, and a file that nobody announced is never touched.
 *
 * A doomed name may be a prefix: a job's files all begin with its number.
 *
 *   manifest_open -> manifest_read -> { log_store_begin -> manifest_* -> log_store_commit }*
 *   -> manifest_close
 *
 * Threads   Owned by the write thread. All but open, read and close are called inside
 *           a transaction of the log (log_store_begin).
 * Limits    MANIFEST_BLOCKS_MAX blocks.
 * Source    docs/formats/log.md.
 */
#ifndef FUSEBOX_TSDB_MANIFEST_H
#define FUSEBOX_TSDB_MANIFEST_H

#include "tsdb/log.h"

enum { MANIFEST_BLOCKS_MAX = 1 << 20, MANIFEST_NAME_BYTES = 64 };

struct manifest_row {
    int64_t seq; /* where two blocks have one sample, the lower number wins */
    char name[MANIFEST_NAME_BYTES];
    int level;
    int64_t created_ms;
};

struct manifest {
    struct log_store *log;
    struct db_stmt *put_block;
    struct db_stmt *drop_block;
    struct db_stmt *doom;
    struct db_stmt *reprieve;
    struct db_stmt *put_meta;
    int64_t next_job; /* number of the next job's files */
    int64_t next_seq;
};

enum err manifest_open(struct manifest *m, struct log_store *log, struct diag *diag) MUST_CHECK;
void manifest_close(struct manifest *m); /* all-zero is allowed */

/* Calls for each block, rising by seq; and for each doomed name. */
typedef enum err manifest_on_block(void *ctx, const struct manifest_row *row);
typedef enum err manifest_on_doomed(void *ctx, const char *name);
enum err manifest_read_blocks(struct manifest *m, manifest_on_block *on_block, void *ctx,
                              struct diag *diag) MUST_CHECK;
enum err manifest_read_doomed(struct manifest *m, manifest_on_doomed *on_doomed, void *ctx,
                              struct diag *diag) MUST_CHECK;

enum err manifest_put_block(struct manifest *m, const struct manifest_row *row) MUST_CHECK;
enum err manifest_drop_block(struct manifest *m, int64_t seq) MUST_CHECK;
enum err manifest_doom(struct manifest *m, const char *name) MUST_CHECK;
enum err manifest_reprieve(struct manifest *m, const char *name) MUST_CHECK;
/* Keys: sealed_id, next_job, clock_ms, next_event. */
enum err manifest_put_meta(struct manifest *m, const char *key, int64_t value) MUST_CHECK;

#endif
