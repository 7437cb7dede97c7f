/*
 * Targets from files (file_sd_configs): which files the patterns mean, what
 * stands in them, and when that changed.
 *
 * Every poll lists the patterns and compares each file's times of change, size and
 * inode with what was read; a file that differs, or whose refresh_interval is
 * over, is read again. A file that is faulty or cannot be read keeps its last good
 * targets; one that is gone takes its targets with it.
 *
 *   file_sd_new -> file_sd_take_over -> { file_sd_poll | file_sd_for_each }* -> file_sd_free
 *
 * Time      Callers pass monotonic nanoseconds.
 * Threads   Owned by the scrape thread.
 * Memory    What is read lives until the file is read anew.
 * Limits    FILE_SD_FILES_MAX files, CONFIG_TARGET_FILE_MAX_BYTES each; the targets count against
 *           CONFIG_TARGETS_MAX like all others.
 * Source    Prometheus 2.42, discovery/file.
 */
#ifndef FUSEBOX_INGEST_FILE_SD_H
#define FUSEBOX_INGEST_FILE_SD_H

#include "config/config.h"

enum { FILE_SD_FILES_MAX = 1000 };

struct file_sd;

/* What a poll has to tell about a file or a pattern. */
struct file_sd_news {
    struct str job;
    const char *path;
    const struct diag *diag; /* why it is not used; NULL: it is good again */
};

typedef void file_sd_tell(void *ctx, const struct file_sd_news *news);

/* Borrows cfg, which must live as long. ERR_NOMEM. */
enum err file_sd_new(const struct config *cfg, struct file_sd **ret) MUST_CHECK;
void file_sd_free(struct file_sd *sd); /* NULL is allowed */

/* Moves what `old` (or NULL) knows about the same job and pattern; the same the other way round
 * gives it back. */
void file_sd_take_over(struct file_sd *sd, struct file_sd *old);

/* Looks at all files. True when the targets are no longer those of the poll before. */
bool file_sd_poll(struct file_sd *sd, int64_t mono_ns, file_sd_tell *tell, void *ctx);

/* Calls `each` with every target of a job, by its place in config_scrapes, until it fails. */
enum err file_sd_for_each(const struct file_sd *sd, size_t scrape_idx,
                          enum err (*each)(void *ctx, const struct config_target *target),
                          void *ctx) MUST_CHECK;

#endif
