/* Any bytes as a block of Snappy: unpacked into exactly the bytes that it names, or refused. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/snappy_block.h"

enum { INPUT_MAX_BYTES = 4096, OUT_MAX_BYTES = INPUT_MAX_BYTES * SNAPPY_RATIO_MAX };

static char out[OUT_MAX_BYTES + 1];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str packed = { (const char *)data, size };
    struct diag diag = { 0 };
    size_t bytes;
    enum err err;

    if (size > INPUT_MAX_BYTES)
        return 0;
    err = snappy_block_size(packed, OUT_MAX_BYTES, &bytes, &diag);
    if (!err) {
        if (bytes / SNAPPY_RATIO_MAX > size)
            abort();
        out[bytes] = 'x';
        err = snappy_block_unpack(packed, out, bytes, &diag);
        if (out[bytes] != 'x')
            abort();
    }
    if (err != diag.code)
        abort();
    return 0;
}
