/* Any bytes as an exposition: samples or a reason with a line; what was read, printed and read
 * again is the same. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/exposition.h"

enum { INPUT_MAX_BYTES = 65536, ARENA_MAX_BYTES = 1 << 20 };

static void check(bool good)
{
    if (!good)
        abort();
}

static enum err read_series(struct str series, struct arena *arena, struct labels *ret)
{
    struct labels_builder builder;
    enum err err;

    labels_builder_init(&builder, arena);
    err = exposition_parse_series(series, &builder, NULL);
    return err ? err : labels_builder_finish(&builder, ret, NULL);
}

static void check_series(struct str series)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    struct buf printed = buf_limited(ARENA_MAX_BYTES);
    struct labels first, second;

    if (read_series(series, &arena, &first) == ERR_OK) {
        labels_print(first, &printed);
        check(read_series(buf_str(&printed), &arena, &second) == ERR_OK);
        check(labels_equals(first, second));
    }
    buf_release(&printed);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct exposition_reader reader;
    struct exposition_line line;
    struct diag diag = { 0 };
    enum err err;

    if (size > INPUT_MAX_BYTES)
        return 0;
    exposition_init(&reader, (struct str){ (const char *)data, size });
    while ((err = exposition_next(&reader, &line, &diag)) == ERR_OK && line.kind != EXPOSITION_END)
        if (line.kind == EXPOSITION_SAMPLE)
            check_series(line.series);
    check(!err || (diag.code == err && diag.line > 0 && diag.message[0]));
    return 0;
}
