#include "telemetry/metric_csv.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256 };

static void on_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct metric_csv *w = ctx;

    (void)help;
    w->family = name;
    w->kind = kind;
}

static struct str service_of(const struct metric_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].name, "service") == 0)
            return labels[i].value;
    return STR_NONE;
}

static void on_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                      size_t count, double value)
{
    struct metric_csv *w = ctx;
    char name[NAME_MAX_BYTES];

    snprintf(name, sizeof name, "%s%s", w->family, suffix);
    buf_clear(&w->scratch);
    metric_append_labels(&w->scratch, labels, count);
    csv_time(&w->csv, w->now_ms);
    csv_cstr(&w->csv, name);
    csv_cstr(&w->csv, metric_kind_name(w->kind));
    csv_text(&w->csv, service_of(labels, count));
    csv_text(&w->csv, w->scratch.failed ? STR_NONE : buf_str(&w->scratch));
    csv_number(&w->csv, value);
    csv_end_row(&w->csv);
}

struct metric_out metric_csv_out(struct metric_csv *writer, struct buf *text, int64_t now_ms)
{
    static const char *const columns[] = {
        "timestamp", "name", "type", "service", "labels", "value"
    };

    *writer = (struct metric_csv){ .csv = csv_to(text),
                                   .now_ms = now_ms,
                                   .scratch = buf_limited(METRIC_CSV_LABELS_MAX_BYTES) };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        csv_cstr(&writer->csv, columns[i]);
    csv_end_row(&writer->csv);
    return (struct metric_out){ on_family, on_sample, writer };
}

void metric_csv_release(struct metric_csv *writer)
{
    buf_release(&writer->scratch);
}
