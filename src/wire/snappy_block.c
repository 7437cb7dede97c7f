#include "wire/snappy_block.h"

#include <snappy-c.h>

enum err snappy_block_size(struct str packed, size_t max_bytes, size_t *ret_bytes,
                           struct diag *diag)
{
    size_t bytes;

    if (snappy_uncompressed_length(packed.ptr, packed.len, &bytes) != SNAPPY_OK)
        return diag_set(diag, ERR_INVALID, "the body is not Snappy's block format");
    if (bytes > max_bytes)
        return diag_set(diag, ERR_TOO_LARGE, "the body unpacks to %zu bytes, %zu are allowed",
                        bytes, max_bytes);
    if (bytes / SNAPPY_RATIO_MAX > packed.len)
        return diag_set(diag, ERR_INVALID, "the body names a size that its %zu bytes cannot have",
                        packed.len);
    *ret_bytes = bytes;
    return ERR_OK;
}

enum err snappy_block_unpack(struct str packed, char *out, size_t out_bytes, struct diag *diag)
{
    size_t bytes = out_bytes;

    if (snappy_uncompress(packed.ptr, packed.len, out, &bytes) != SNAPPY_OK || bytes != out_bytes)
        return diag_set(diag, ERR_INVALID, "the body is not Snappy's block format");
    return ERR_OK;
}
