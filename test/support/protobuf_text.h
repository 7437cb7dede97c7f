/* Protocol buffers and Snappy's blocks as a sender writes them, for tests of what reads them. */
#ifndef FUSEBOX_TEST_PROTOBUF_TEXT_H
#define FUSEBOX_TEST_PROTOBUF_TEXT_H

#include "base/buf.h"
#include "model/sample.h"

void put_varint(struct buf *out, uint64_t value); /* without a field */
void put_number(struct buf *out, unsigned field, uint64_t value);
void put_double(struct buf *out, unsigned field, double value);
void put_bytes(struct buf *out, unsigned field, struct str bytes);

void put_label(struct buf *series, const char *name, const char *value);
void put_sample(struct buf *series, int64_t ts_ms, double value);
/* `labels` is "name=value,name=value" with one sample. */
void put_series(struct buf *body, const char *labels, int64_t ts_ms, double value);

/* As literals alone. */
void put_snappy(struct buf *out, struct str plain);

#endif
