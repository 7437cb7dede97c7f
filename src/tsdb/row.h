/*
 * One row of the log: a batch of samples as compressed bytes with a checksum.
 *
 *   row_codec_init -> { row_encode | row_decode }* -> row_codec_release
 *
 * Columns compress better than records: references, times and values stand
 * apart, values byte by byte (all first bytes, all second bytes, ...), and zstd
 * level 1 goes over all of it.
 *
 * Threads   Single owner.
 * Memory    The codec keeps its buffers; the encoded bytes live until the next call.
 * Limits    ROW_SAMPLES_MAX samples. What a damaged row claims is checked against
 *           the checksum and these limits before memory is taken for it.
 * Source    docs/formats/log.md.
 */
#ifndef FUSEBOX_TSDB_ROW_H
#define FUSEBOX_TSDB_ROW_H

#include "base/buf.h"
#include "base/diag.h"
#include "model/sample.h"

enum {
    ROW_VERSION = 1,
    ROW_HEADER_BYTES = 16,
    ROW_SAMPLES_MAX = 1 << 20,
    ROW_RAW_MAX_BYTES = 20 + ROW_SAMPLES_MAX * (5 + 10 + 8),
};

struct row_codec {
    struct buf raw;
    struct buf packed;
    void *compressor; /* of zstd */
    void *decompressor;
};

enum err row_codec_init(struct row_codec *codec) MUST_CHECK; /* ERR_NOMEM */
void row_codec_release(struct row_codec *codec);             /* all-zero is allowed */

/* ERR_LIMIT (more than ROW_SAMPLES_MAX), ERR_NOMEM. */
enum err row_encode(struct row_codec *codec, const struct series_sample *items, size_t count,
                    int64_t received_ms, struct str *ret_bytes) MUST_CHECK;

/*
 * Gives the batch (sample_batch_free); its received_mono_ns is 0. ERR_CORRUPT
 * (diag says what is wrong), ERR_CONFLICT (a newer version), ERR_NOMEM.
 */
enum err row_decode(struct row_codec *codec, struct str bytes, struct sample_batch **ret,
                    struct diag *diag) MUST_CHECK;

#endif
