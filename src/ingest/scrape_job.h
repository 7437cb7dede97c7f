/*
 * What the targets of a job share: who calls them, whom they trust, and how many
 * of them there may be.
 *
 * Secrets that stand in files are read when the file is new or has changed, so a
 * rotated token needs no reload.
 *
 *   scrape_job_new -> { scrape_job_prepare -> scrape_job_access }* -> scrape_job_unref
 *
 * Memory    References are counted; targets hold one each.
 * Threads   Owned by the scrape thread.
 * Source    RFC 7617 (basic), RFC 6750 (bearer); Prometheus 2.42 for target_limit.
 */
#ifndef FUSEBOX_INGEST_SCRAPE_JOB_H
#define FUSEBOX_INGEST_SCRAPE_JOB_H

#include "config/config.h"
#include "http/client.h"

enum { SECRET_MAX_BYTES = 16 << 10 };

struct scrape_job;

/* One reference. ERR_NOMEM, ERR_LIMIT. */
enum err scrape_job_new(const struct config_scrape *scrape, struct scrape_job **ret) MUST_CHECK;
struct scrape_job *scrape_job_ref(struct scrape_job *job);
void scrape_job_unref(struct scrape_job *job); /* NULL is allowed */

/* How many targets the job has now. */
void scrape_job_set_target_count(struct scrape_job *job, size_t count);

/*
 * Looks at the limit and at the secret's file. ERR_LIMIT: the job has too many
 * targets. ERR_NOT_FOUND, ERR_IO, ERR_INVALID: the secret; the text never holds it.
 */
enum err scrape_job_prepare(struct scrape_job *job, struct diag *diag) MUST_CHECK;

/* Of a prepared job; valid until it is prepared again. */
const struct http_access *scrape_job_access(const struct scrape_job *job);

/* What a person may do about the status, beginning with ": ", or "". */
const char *scrape_job_hint(const struct scrape_job *job, int status);

#endif
