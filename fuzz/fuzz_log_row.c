/* Any bytes as a row of the sample log: a batch or a reason; what was read, written and read again
 * is the same. The checksum is set right first, since no fuzzer would guess it. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "fuzz.h"
#include "tsdb/row.h"

enum { INPUT_MAX_BYTES = 65536, CRC_AT = 12 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_again(struct row_codec *codec, const struct sample_batch *batch)
{
    struct sample_batch *second = NULL;
    struct str bytes;

    check(row_encode(codec, batch->items, batch->count, batch->received_ms, &bytes) == ERR_OK);
    check(row_decode(codec, bytes, &second, NULL) == ERR_OK);
    check(second->count == batch->count && second->received_ms == batch->received_ms);
    for (size_t i = 0; i < batch->count; i++) {
        check(second->items[i].series == batch->items[i].series);
        check(second->items[i].ts_ms == batch->items[i].ts_ms);
        check(sample_bits(second->items[i].value) == sample_bits(batch->items[i].value));
    }
    sample_batch_free(second);
}

static void set_checksum(uint8_t *row, size_t size)
{
    uint32_t crc = crc32c(crc32c(0, row, CRC_AT), row + ROW_HEADER_BYTES, size - ROW_HEADER_BYTES);

    for (int i = 0; i < 4; i++)
        row[CRC_AT + i] = (uint8_t)(crc >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t row[INPUT_MAX_BYTES];
    struct sample_batch *batch = NULL;
    struct row_codec codec;
    struct diag diag = { 0 };
    enum err err;

    if (size > INPUT_MAX_BYTES || row_codec_init(&codec))
        return 0;
    if (size)
        memcpy(row, data, size);
    if (size >= ROW_HEADER_BYTES)
        set_checksum(row, size);
    err = row_decode(&codec, (struct str){ (const char *)row, size }, &batch, &diag);
    check(err == ERR_OK || err == ERR_CORRUPT || err == ERR_CONFLICT || err == ERR_NOMEM);
    check(!err == (batch != NULL));
    if (batch)
        check_again(&codec, batch);
    sample_batch_free(batch);
    row_codec_release(&codec);
    return 0;
}
