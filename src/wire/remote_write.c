/*
 * WriteRequest  1 TimeSeries*   3 MetricMetadata*
 * TimeSeries    1 Label*   2 Sample*   3 Exemplar*   4 Histogram*
 * Label         1 name (text)         2 value (text)
 * Sample        1 value (double)      2 timestamp (int64, Unix milliseconds)
 * MetricMetadata  1 type (enum)   2 metric_family_name   4 help   5 unit (text)
 *
 *   0a 1c                                     a series of 28 bytes
 *      0a 0e 0a 08 __name__ 12 02 up             label __name__="up"
 *      12 0a 09 00 00 00 00 00 00 f0 3f ...      sample of value 1, at time 0
 */
#include "wire/remote_write.h"

#include "base/attr.h"

enum { REQUEST_SERIES = 1, REQUEST_METADATA = 3 };
enum { SERIES_LABEL = 1, SERIES_SAMPLE = 2, SERIES_EXEMPLAR = 3, SERIES_HISTOGRAM = 4 };
enum { METADATA_TYPE = 1, METADATA_METRIC = 2, METADATA_HELP = 4, METADATA_UNIT = 5 };
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { SAMPLE_VALUE = 1, SAMPLE_TIME = 2 };

struct remote_write_reader remote_write_of(struct str body)
{
    return (struct remote_write_reader){ .body = protobuf_of(body), .metadata.start = body.ptr };
}

/* The next field of that number; others are passed over. */
static enum protobuf_found find(struct protobuf *p, uint32_t number, const char *what,
                                struct protobuf_field *ret, struct diag *diag)
{
    enum protobuf_found found;

    do
        found = protobuf_next(p, ret, diag);
    while (found == PROTOBUF_FIELD && ret->number != number);
    if (found == PROTOBUF_FIELD && protobuf_expect(p, ret, PROTOBUF_BYTES, what, diag))
        return PROTOBUF_BAD;
    return found;
}

/* Widens the range to the end of a field just read. */
static void reach(struct protobuf *range, const struct protobuf *p,
                  const struct protobuf_field *field)
{
    if (!range->at)
        range->at = field->from;
    range->end = p->at;
}

static struct str bytes_of(const struct protobuf *range)
{
    return (struct str){ range->at, (size_t)(range->end - range->at) };
}

/* Finds where labels and samples stand; what they say is read when it is asked for. */
static enum protobuf_found scan(struct protobuf p, struct remote_write_series *series,
                                struct diag *diag)
{
    struct protobuf_field field;
    enum protobuf_found found;

    while ((found = protobuf_next(&p, &field, diag)) == PROTOBUF_FIELD) {
        if (field.number == SERIES_LABEL) {
            reach(&series->labels, &p, &field);
        } else if (field.number == SERIES_SAMPLE) {
            reach(&series->samples, &p, &field);
            series->sample_count++;
        } else if (field.number == SERIES_HISTOGRAM) {
            series->histogram_count++;
        } else if (field.number == SERIES_EXEMPLAR) {
            series->exemplar_count++;
        }
    }
    return found;
}

enum protobuf_found remote_write_next(struct remote_write_reader *r,
                                      struct remote_write_series *ret, struct diag *diag)
{
    struct remote_write_series series = { .labels.start = r->body.start,
                                          .samples.start = r->body.start };
    struct protobuf_field field;
    enum protobuf_found found;

    while ((found = protobuf_next(&r->body, &field, diag)) == PROTOBUF_FIELD &&
           field.number != REQUEST_SERIES)
        if (field.number == REQUEST_METADATA)
            reach(&r->metadata, &r->body, &field);
    if (found != PROTOBUF_FIELD)
        return found;
    if (protobuf_expect(&r->body, &field, PROTOBUF_BYTES, "a series is not a message", diag))
        return PROTOBUF_BAD;
    if (scan(protobuf_inside(&r->body, &field), &series, diag) == PROTOBUF_BAD)
        return PROTOBUF_BAD;
    series.key = bytes_of(&series.labels);
    *ret = series;
    return PROTOBUF_FIELD;
}

static struct str type_of(uint64_t number)
{
    static const char *const types[] = { "unknown",        "counter", "gauge", "histogram",
                                         "gaugehistogram", "summary", "info",  "stateset" };

    return str_of(types[number < ARRAY_LEN(types) ? number : 0]);
}

/* NULL: not a text of metadata. */
static struct str *metadata_text(struct remote_write_metadata *metadata, uint32_t number)
{
    switch (number) {
    case METADATA_METRIC:
        return &metadata->metric;
    case METADATA_HELP:
        return &metadata->help;
    case METADATA_UNIT:
        return &metadata->unit;
    }
    return NULL;
}

static enum protobuf_found read_metadata(struct protobuf p, struct remote_write_metadata *metadata,
                                         struct diag *diag)
{
    struct protobuf_field field;
    enum protobuf_found found;

    while ((found = protobuf_next(&p, &field, diag)) == PROTOBUF_FIELD) {
        struct str *text = metadata_text(metadata, field.number);

        if (text && protobuf_expect(&p, &field, PROTOBUF_BYTES, "metadata is not text", diag))
            return PROTOBUF_BAD;
        if (text)
            *text = field.bytes;
        else if (field.number == METADATA_TYPE && field.wire == PROTOBUF_VARINT)
            metadata->type = type_of(field.value);
    }
    return found;
}

enum protobuf_found remote_write_next_metadata(struct remote_write_reader *r,
                                               struct remote_write_metadata *ret, struct diag *diag)
{
    struct remote_write_metadata metadata = { STR(""), STR(""), STR(""), STR("unknown") };
    struct protobuf_field field;
    enum protobuf_found found;

    if (!r->metadata.at)
        return PROTOBUF_END;
    found = find(&r->metadata, REQUEST_METADATA, "metadata is not a message", &field, diag);
    if (found != PROTOBUF_FIELD)
        return found;
    if (read_metadata(protobuf_inside(&r->metadata, &field), &metadata, diag) == PROTOBUF_BAD)
        return PROTOBUF_BAD;
    *ret = metadata;
    return PROTOBUF_FIELD;
}

static enum protobuf_found read_label(struct protobuf p, struct label *label, struct diag *diag)
{
    struct protobuf_field field;
    enum protobuf_found found;

    while ((found = protobuf_next(&p, &field, diag)) == PROTOBUF_FIELD) {
        if (field.number != LABEL_NAME && field.number != LABEL_VALUE)
            continue;
        if (protobuf_expect(&p, &field, PROTOBUF_BYTES, "a label is not text", diag))
            return PROTOBUF_BAD;
        *(field.number == LABEL_NAME ? &label->name : &label->value) = field.bytes;
    }
    return found;
}

enum protobuf_found remote_write_label(struct remote_write_series *series, struct label *ret,
                                       struct diag *diag)
{
    struct label label = { STR(""), STR("") };
    struct protobuf_field field;
    enum protobuf_found found = find(&series->labels, SERIES_LABEL, "a label is not a message",
                                     &field, diag);

    if (found != PROTOBUF_FIELD)
        return found;
    if (read_label(protobuf_inside(&series->labels, &field), &label, diag) == PROTOBUF_BAD)
        return PROTOBUF_BAD;
    *ret = label;
    return PROTOBUF_FIELD;
}

static enum protobuf_found read_sample(struct protobuf p, struct sample *sample, struct diag *diag)
{
    struct protobuf_field field;
    enum protobuf_found found;

    while ((found = protobuf_next(&p, &field, diag)) == PROTOBUF_FIELD) {
        if (field.number == SAMPLE_VALUE) {
            if (protobuf_expect(&p, &field, PROTOBUF_FIXED64, "a value is not a double", diag))
                return PROTOBUF_BAD;
            sample->value = sample_from_bits(field.value);
        } else if (field.number == SAMPLE_TIME) {
            if (protobuf_expect(&p, &field, PROTOBUF_VARINT, "a time is not a number", diag))
                return PROTOBUF_BAD;
            sample->ts_ms = (int64_t)field.value;
        }
    }
    return found;
}

enum protobuf_found remote_write_sample(struct remote_write_series *series, struct sample *ret,
                                        struct diag *diag)
{
    struct sample sample = { 0, 0 };
    struct protobuf_field field;
    enum protobuf_found found = find(&series->samples, SERIES_SAMPLE, "a sample is not a message",
                                     &field, diag);

    if (found != PROTOBUF_FIELD)
        return found;
    if (read_sample(protobuf_inside(&series->samples, &field), &sample, diag) == PROTOBUF_BAD)
        return PROTOBUF_BAD;
    *ret = sample;
    return PROTOBUF_FIELD;
}
