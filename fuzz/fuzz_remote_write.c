/* Any bytes as a body of remote write: all that is found lies within it, each sample that was
 * counted is read, and what is bad has a place. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/remote_write.h"

enum { INPUT_MAX_BYTES = 65536 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_within(struct str part, struct str body)
{
    check(!part.len || (part.ptr >= body.ptr && part.ptr + part.len <= body.ptr + body.len));
}

static void read_series(struct remote_write_series s, struct str body, const struct diag *clean)
{
    struct diag diag = *clean;
    struct label label;
    struct sample sample;
    enum protobuf_found found;
    size_t samples = 0;

    check_within(s.key, body);
    while ((found = remote_write_label(&s, &label, &diag)) == PROTOBUF_FIELD) {
        check_within(label.name, s.key);
        check_within(label.value, s.key);
    }
    check((found == PROTOBUF_BAD) == (diag.code == ERR_INVALID));
    diag = *clean;
    while ((found = remote_write_sample(&s, &sample, &diag)) == PROTOBUF_FIELD)
        samples++;
    check((found == PROTOBUF_BAD) == (diag.code == ERR_INVALID));
    check(found == PROTOBUF_BAD ? samples < s.sample_count : samples == s.sample_count);
    check(diag.position_bytes <= body.len);
}

static enum protobuf_found read_metadata(struct remote_write_reader *reader, struct str body,
                                         struct diag *diag)
{
    struct remote_write_metadata metadata;
    enum protobuf_found found;

    while ((found = remote_write_next_metadata(reader, &metadata, diag)) == PROTOBUF_FIELD) {
        check_within(metadata.metric, body);
        check_within(metadata.help, body);
        check_within(metadata.unit, body);
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct diag clean = { 0 };
    struct str body = { (const char *)data, size };
    struct remote_write_reader reader = remote_write_of(body);
    struct remote_write_series series;
    struct diag diag = { 0 };
    enum protobuf_found found;

    if (size > INPUT_MAX_BYTES)
        return 0;
    while ((found = remote_write_next(&reader, &series, &diag)) == PROTOBUF_FIELD)
        read_series(series, body, &clean);
    if (found == PROTOBUF_END)
        found = read_metadata(&reader, body, &diag);
    check((found == PROTOBUF_BAD) == (diag.code == ERR_INVALID));
    check(diag.position_bytes <= size);
    return 0;
}
