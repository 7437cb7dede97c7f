/*
 * WAL check: tells a damaged write-ahead log from a torn one.
 *
 * SQLite reads its WAL up to the first frame whose checksum is wrong: that is how
 * a kill or a power cut leaves it, and also how a bit that turned over looks.
 * With durability full a transaction is synced before the next one is written.
 * So when behind the break a whole transaction of the same WAL ends, and
 * another one begins, what is lost was on disk before: damage.
 *
 *   ┌ header ┬ frame ┬ frame ┬ frame, wrong ┬ frame, commit ┬ frame ┐
 *            └──── is read ──┴───────────── is lost ────────────────┘
 *
 * Limits    Damage within the last transaction cannot be told from a torn one.
 * Threads   Value.
 * Source    https://www.sqlite.org/fileformat2.html, section 4 (the WAL).
 */
#ifndef FUSEBOX_TSDB_WAL_CHECK_H
#define FUSEBOX_TSDB_WAL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* False also when there is no WAL, or it cannot be read. *ret_offset_bytes: of the break. */
bool wal_is_damaged(const char *path, uint64_t *ret_offset_bytes);

#endif
