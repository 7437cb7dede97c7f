/* Any bytes as PromQL: refused with a sentence, or a tree that printed, on one line or over
 * several, and parsed again is the same. */
#include <stdlib.h>

#include "base/arena.h"
#include "fuzz.h"
#include "promql/parse.h"
#include "promql/print.h"

enum { ARENA_MAX_BYTES = 4 << 20, PRINTED_MAX_BYTES = 8 * PROMQL_TEXT_MAX_BYTES };

static void check(bool good)
{
    if (!good)
        abort();
}

/* What is printed may be longer than a text may be. */
static void check_printed(const struct promql_node *node, struct str printed, struct arena *arena)
{
    const struct promql_node *again;

    if (printed.len <= PROMQL_TEXT_MAX_BYTES)
        check(promql_parse(printed, arena, &again, NULL) == ERR_OK &&
              promql_node_equals(node, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    struct buf line = buf_limited(PRINTED_MAX_BYTES), lines = buf_limited(PRINTED_MAX_BYTES);
    const struct promql_node *node;
    struct diag diag = { 0 };
    enum err err = promql_parse((struct str){ (const char *)data, size }, &arena, &node, &diag);

    if (err) {
        check((err == ERR_INVALID || err == ERR_LIMIT) && diag.code == err && diag.message[0]);
    } else {
        promql_print(node, &line);
        promql_print_pretty(node, &lines);
        check_printed(node, buf_str(&line), &arena);
        check_printed(node, buf_str(&lines), &arena);
    }
    buf_release(&line);
    buf_release(&lines);
    arena_release(&arena);
    return 0;
}
