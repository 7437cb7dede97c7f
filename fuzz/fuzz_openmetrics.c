/* Any bytes as OpenMetrics: samples and exemplars, or a reason with a line; what was read, printed
 * and read again is the same. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/openmetrics.h"

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
    err = openmetrics_parse_series(series, &builder, NULL);
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

/* The reader has checked the grammar: only a limit may still refuse it. */
static void check_exemplar(struct str labels)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    struct labels_builder builder;

    labels_builder_init(&builder, &arena);
    check(exposition_parse_labels(labels, &builder, NULL) == ERR_OK);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct openmetrics_reader reader;
    struct openmetrics_line it;
    struct diag diag = { 0 };
    enum err err;

    if (size > INPUT_MAX_BYTES)
        return 0;
    openmetrics_init(&reader, (struct str){ (const char *)data, size });
    while ((err = openmetrics_next(&reader, &it, &diag)) == ERR_OK &&
           it.line.kind != EXPOSITION_END) {
        if (it.line.kind == EXPOSITION_SAMPLE)
            check_series(it.line.series);
        if (it.has_exemplar)
            check_exemplar(it.exemplar.labels);
    }
    check(!err || (diag.code == err && diag.line > 0 && diag.message[0]));
    check(err || reader.ended);
    return 0;
}
