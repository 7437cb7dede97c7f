#include "ingest/write_faults.h"

#include "base/buf.h"
#include "base/clock.h"

enum {
    TEXT_MAX_BYTES = 16 << 10, /* a series has 8 KiB, before its escapes */
    SERIES_SHOWN_BYTES = 80,
    METRIC_SHOWN_BYTES = 60,
};

static const char *const fault_texts[SAMPLE_FAULTS] = {
    [SAMPLE_TOO_OLD] = "too old (storage.retention)",
    [SAMPLE_TOO_FAR] = "too far ahead (storage.max_future)",
    [SAMPLE_TOO_LATE] = "too late (storage.out_of_order_window)",
    [SAMPLE_OTHER_VALUE] = "with another value than was stored",
    [SAMPLE_ORPHANED] = "of series that have left memory",
};

void write_faults_add_labels(struct write_faults *f, size_t samples, struct str metric,
                             const struct diag *why)
{
    f->labels_count += samples;
    if (metric_name_is_valid(metric))
        diag_set(&f->labels, ERR_INVALID, "%.*s: %s",
                 (int)(metric.len < METRIC_SHOWN_BYTES ? metric.len : METRIC_SHOWN_BYTES),
                 metric.ptr, diag_text(why));
    else
        diag_set(&f->labels, ERR_INVALID, "%s", diag_text(why));
}

void write_faults_join(struct write_faults *f, const struct samples_left_out *more)
{
    for (size_t i = 0; i < SAMPLE_FAULTS; i++) {
        if (!f->samples.by[i].count)
            f->samples.by[i].first = more->by[i].first;
        f->samples.by[i].count += more->by[i].count;
    }
}

size_t write_faults_count(const struct write_faults *f)
{
    size_t count = f->labels_count;

    for (size_t i = 0; i < SAMPLE_FAULTS; i++)
        count += f->samples.by[i].count;
    return count;
}

/* The series as it is written in a query, cut where it is long. */
static void print_series(struct tsdb *db, uint32_t ref, struct buf *out)
{
    struct label space[LABELS_MAX];
    size_t from = out->len;

    labels_print(tsdb_labels(db, ref, space), out);
    if (out->len - from <= SERIES_SHOWN_BYTES)
        return;
    out->len = from + SERIES_SHOWN_BYTES;
    while (out->len > from && ((unsigned char)out->data[out->len] & 0xc0) == 0x80)
        out->len--;
    buf_append_cstr(out, "...");
}

/* The kinds, and behind them an example of each: where the text is cut, examples are missing. */
static void print_kinds(const struct write_faults *f, struct buf *out)
{
    const char *gap = "";

    if (f->labels_count) {
        buf_printf(out, "%zu with bad labels (%s)", f->labels_count, diag_text(&f->labels));
        gap = ", ";
    }
    for (size_t i = 0; i < SAMPLE_FAULTS; i++) {
        if (!f->samples.by[i].count)
            continue;
        buf_printf(out, "%s%zu %s", gap, f->samples.by[i].count, fault_texts[i]);
        gap = ", ";
    }
}

static void print_examples(const struct write_faults *f, struct tsdb *db, struct buf *out)
{
    const char *gap = "; the first: ";

    for (size_t i = 0; i < SAMPLE_FAULTS; i++) {
        const struct series_sample *first = &f->samples.by[i].first;
        char time[CLOCK_RFC3339_BYTES];

        if (!f->samples.by[i].count)
            continue;
        buf_append_cstr(out, gap);
        print_series(db, first->series, out);
        buf_printf(out, " at %s", clock_format_rfc3339(first->ts_ms, time));
        gap = ", ";
    }
}

enum err write_faults_tell(const struct write_faults *f, struct tsdb *db, size_t sample_count,
                           struct diag *diag)
{
    struct buf text = buf_limited(TEXT_MAX_BYTES);
    size_t count = write_faults_count(f);

    if (!count)
        return ERR_OK;
    print_kinds(f, &text);
    print_examples(f, db, &text);
    diag_set(diag, ERR_INVALID, "%zu of %zu samples were not stored: %.*s", count, sample_count,
             STR_ARG(buf_str(&text)));
    buf_release(&text);
    return ERR_INVALID;
}
