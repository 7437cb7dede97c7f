/* Any bytes as a JSON document: refused, or every value in it can be walked to and read. */
#include <stdlib.h>

#include "base/json_read.h"
#include "fuzz.h"

enum { INPUT_MAX_BYTES = 65536, STRINGS_MAX_BYTES = 1 << 20 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void walk(struct json_value value, struct str whole, int depth)
{
    struct arena arena = arena_limited(STRINGS_MAX_BYTES);
    struct json_value item = { 0 };
    struct str text;

    check(value.kind != JSON_ABSENT && depth <= JSON_READ_DEPTH_MAX);
    check(value.text.ptr >= whole.ptr && value.text.len > 0);
    check(value.text.ptr + value.text.len <= whole.ptr + whole.len);
    check(json_read_str(value, &arena, &text) == (value.kind == JSON_STRING));
    check(value.kind != JSON_STRING || str_is_utf8(text));
    (void)json_read_double(value, 0);
    (void)json_read_i64(value, 0);
    while (json_read_next(value, &item))
        walk(item, value.text, depth + 1);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct json_value root = { 0 };
    struct diag diag = { 0 };

    if (size > INPUT_MAX_BYTES)
        return 0;
    if (json_read(text, &root, &diag))
        check(root.kind == JSON_ABSENT && diag.message[0]);
    else
        walk(root, text, 0);
    return 0;
}
