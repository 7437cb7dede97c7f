/* Samples made of any bytes go into chunks and come back bit for bit; what a chunk refuses leaves
 * it as it was and begins the next one. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "head/chunk.h"

enum { INPUT_MAX_BYTES = 65536, STEP_BYTES_MAX = 9 };

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static void check(bool good)
{
    if (!good)
        abort();
}

/* So many bytes, little endian; 0 for those that are not there. */
static uint64_t take(struct input *in, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count && in->at < in->end; i++)
        value |= (uint64_t)*in->at++ << 8 * i;
    return value;
}

/* A byte says how long the step in time is, and how the value comes from the one before. */
static struct sample next_sample(struct input *in, struct sample before)
{
    uint64_t how = take(in, 1);
    uint64_t step = take(in, how % STEP_BYTES_MAX);
    struct sample s = { (int64_t)((uint64_t)before.ts_ms + step), before.value };

    switch (how / STEP_BYTES_MAX % 4) {
    case 0:
        return s;
    case 1:
        s.value += (double)take(in, 1);
        return s;
    case 2:
        s.value = (double)take(in, 2) / 100;
        return s;
    default:
        s.value = sample_from_bits(take(in, 8));
        return s;
    }
}

static void check_chunk(const struct chunk *c, const struct sample *written, size_t count)
{
    struct sample read[CHUNK_SAMPLES_MAX];

    check(chunk_count(c) == count);
    chunk_read(c, (uint32_t)count, read);
    for (size_t i = 0; i < count; i++) {
        check(read[i].ts_ms == written[i].ts_ms);
        check(sample_bits(read[i].value) == sample_bits(written[i].value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, data + size };
    struct sample written[CHUNK_SAMPLES_MAX];
    struct sample s = { 0, 0 };
    struct chunk_writer w = { 0 };
    struct chunk c;
    size_t count = 0;

    if (size > INPUT_MAX_BYTES)
        return 0;
    while (in.at < in.end) {
        s = next_sample(&in, s);
        if (count && !chunk_append(&c, &w, s.ts_ms, s.value)) {
            check_chunk(&c, written, count);
            count = 0;
        }
        if (!count) {
            memset(&c, 0xa5, sizeof c); /* slabs are used again without being cleared */
            chunk_begin(&c, &w, s.ts_ms, s.value);
        }
        check(count < CHUNK_SAMPLES_MAX && w.position_bits <= CHUNK_BITS);
        written[count++] = s;
    }
    if (count)
        check_chunk(&c, written, count);
    return 0;
}
