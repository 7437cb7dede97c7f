/* Any bytes as events: each is found or rejected with a reason, and one that was found says the
 * same when it is read alone. */
#include <stdlib.h>

#include "fuzz.h"
#include "wire/event.h"

enum { INPUT_MAX_BYTES = 65536, ARENA_MAX_BYTES = 1 << 20 };

static const struct event_options options = { .now_ms = 1795142467123, .max_future_ms = 600000 };

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_alone(const struct event *e)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    struct event_reader reader;
    struct event_fault fault;
    struct event again;
    struct str name, value;
    size_t position = 0;

    event_reader_init(&reader, e->text, &options, &arena);
    check(event_reader_next(&reader, &again, &fault) == EVENT_FOUND);
    check(again.kind == e->kind && again.given == e->given && again.at_ms == e->at_ms);
    check(again.outcome == e->outcome && again.new_state == e->new_state);
    check(str_equals(event_text(&again, EVENT_SERVICE), event_text(e, EVENT_SERVICE)));
    check(str_is_utf8(event_text(e, EVENT_SERVICE)) && event_text(e, EVENT_SERVICE).len > 0);
    for (int labels = 0; event_next_label(e, &position, &name, &value); labels++)
        check(labels < EVENT_LABELS_MAX && name.len > 0);
    check(event_reader_next(&reader, &again, &fault) == EVENT_END);
    arena_release(&arena);
}

static void read_all(struct str body, bool is_ndjson)
{
    struct arena arena = arena_limited(ARENA_MAX_BYTES);
    struct event_options o = options;
    struct event_reader reader;
    struct event_fault fault;
    struct event event;
    enum event_found found;
    size_t count = 0;

    o.is_ndjson = is_ndjson;
    event_reader_init(&reader, body, &o, &arena);
    while ((found = event_reader_next(&reader, &event, &fault)) != EVENT_END) {
        check(++count <= body.len + 1);
        if (found == EVENT_FOUND)
            check_alone(&event);
        else
            check(fault.line > 0 && fault.message[0]);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = { (const char *)data, size };

    if (size > INPUT_MAX_BYTES)
        return 0;
    read_all(body, false);
    read_all(body, true);
    return 0;
}
