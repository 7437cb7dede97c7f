#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/mem.h"
#include "wire/event.h"
#include "wire/event_field.h"

static const int64_t NOW_MS = 1795142467123; /* 2026-11-20T02:41:07.123Z */
enum { ARENA_BYTES = 1 << 20, EVENTS_MAX = 16 };

/* What a body holds. */
struct reading {
    struct arena arena;
    struct event events[EVENTS_MAX];
    struct event_fault faults[EVENTS_MAX];
    size_t event_count, fault_count;
};

static struct reading r;

static void read_as(const char *body, bool is_ndjson)
{
    struct event_options options = { NOW_MS, 600000, is_ndjson };
    struct event_reader reader;
    enum event_found found;

    arena_release(&r.arena);
    r = (struct reading){ .arena = arena_limited(ARENA_BYTES) };
    event_reader_init(&reader, str_of(body), &options, &r.arena);
    do {
        assert_true(r.event_count < EVENTS_MAX && r.fault_count < EVENTS_MAX);
        found = event_reader_next(&reader, &r.events[r.event_count], &r.faults[r.fault_count]);
        r.event_count += found == EVENT_FOUND;
        r.fault_count += found == EVENT_REJECTED;
    } while (found != EVENT_END);
}

static void read_body(const char *body)
{
    read_as(body, false);
}

static const struct event *only(const char *body)
{
    read_body(body);
    if (r.fault_count)
        fail_msg("%s: %s", r.faults[0].field, r.faults[0].message);
    assert_int_equal(r.event_count, 1);
    return &r.events[0];
}

static void assert_refused(const char *body, const char *field, const char *part)
{
    read_body(body);
    assert_int_equal(r.event_count, 0);
    assert_true(r.fault_count >= 1);
    assert_string_equal(r.faults[0].field, field);
    if (!strstr(r.faults[0].message, part))
        fail_msg("\"%s\" does not say \"%s\"", r.faults[0].message, part);
}

static void assert_text(const struct event *e, enum event_field field, const char *expected)
{
    struct str text = event_text(e, field);

    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.ptr, expected, text.len);
}

static void test_event__reads_a_retry_consumption_in_camel_case(void **state UNUSED)
{
    const struct event *e = only(
        "{\"serviceName\": \"user-service\", \"timestamp\": \"2026-11-20T02:41:00Z\",\n"
        " \"retryCount\": 3, \"operationType\": \"api_call\", \"responseTime\": 250,\n"
        " \"success\": true, \"circuitBreakerState\": \"closed\"}");

    assert_int_equal(e->kind, EVENT_RETRY);
    assert_text(e, EVENT_SERVICE, "user-service");
    assert_text(e, EVENT_OPERATION_NAME, "api_call");
    assert_true(event_number(e, EVENT_RETRY_COUNT, 0) == 3);
    assert_true(event_number(e, EVENT_DURATION_MS, 0) == 250);
    assert_int_equal(e->outcome, EVENT_SUCCESS);
    assert_int_equal(e->new_state, BREAKER_CLOSED);
    assert_int_equal(e->at_ms, NOW_MS - 7123);
}

static void test_event__reads_every_kind(void **state UNUSED)
{
    static const struct {
        const char *body;
        enum event_kind kind;
    } rows[] = {
        { "{\"type\":\"retry\",\"service\":\"a\",\"retries\":0}", EVENT_RETRY },
        { "{\"event_type\":\"call\",\"service\":\"a\",\"outcome\":\"blocked\"}", EVENT_CALL },
        { "{\"event_type\":\"circuit_opened\",\"service\":\"a\"}", EVENT_BREAKER },
        { "{\"event_type\":\"error\",\"service\":\"a\",\"error_type\":\"timeout\","
          "\"severity\":\"high\",\"message\":\"m\",\"trace_id\":\"t\"}",
          EVENT_ERROR },
        { "{\"event_type\":\"health\",\"service\":\"a\",\"status\":\"DEGRADED\"}", EVENT_HEALTH },
        { "{\"event_type\":\"operation\",\"service\":\"a\",\"durationMs\":1.5}", EVENT_OPERATION },
        { "{\"event_type\":\"instance_registration\",\"service\":\"a\",\"server_id\":\"i\","
          "\"instance_info\":{\"a\":[1,{}]}}",
          EVENT_INSTANCE_UP },
        { "{\"event_type\":\"heartbeat\",\"service\":\"a\",\"instance\":\"i\"}", EVENT_HEARTBEAT },
        { "{\"event_type\":\"instance_failure\",\"service\":\"a\",\"reason\":\"r\"}",
          EVENT_INSTANCE_FAILED },
        { "{\"event_type\":\"timer\",\"service\":\"a\",\"name\":\"t\",\"duration\":3}",
          EVENT_METRIC },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(only(rows[i].body)->kind, rows[i].kind);
    assert_int_equal(ARRAY_LEN(rows), EVENT_KIND_COUNT);
}

static void test_event__names_of_kinds_and_fields_lead_back(void **state UNUSED)
{
    enum event_kind kind;

    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        assert_true(event_kind_parse(str_of(event_kind_name((enum event_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    for (int i = 0; i < EVENT_FIELD_COUNT; i++) {
        const struct event_field_row *row = event_field_row((enum event_field)i);

        assert_true(row->kinds);
        for (size_t n = 0; n < EVENT_FIELD_NAMES_MAX && row->names[n]; n++)
            assert_int_equal(event_field_find(str_of(row->names[n])), i);
    }
    assert_int_equal(event_field_find(STR("responseTimeMs")), EVENT_DURATION_MS);
    assert_int_equal(event_field_find(STR("Service")), EVENT_FIELD_COUNT);
    assert_int_equal(event_field_find(STR("")), EVENT_FIELD_COUNT);
}

static void test_event__states_have_every_spelling(void **state UNUSED)
{
    static const struct {
        const char *text;
        enum breaker_state state;
    } rows[] = {
        { "half_open", BREAKER_HALF_OPEN }, { "half-open", BREAKER_HALF_OPEN },
        { "halfOpen", BREAKER_HALF_OPEN },  { "HALF_OPEN", BREAKER_HALF_OPEN },
        { "Open", BREAKER_OPEN },           { "forced_open", BREAKER_OPEN },
        { "CLOSED", BREAKER_CLOSED },       { "disabled", BREAKER_DISABLED },
    };
    char body[256];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(body, sizeof body,
                 "{\"type\":\"breaker_transition\",\"service\":\"a\",\"from\":\"closed\","
                 "\"to\":\"%s\"}",
                 rows[i].text);
        assert_int_equal(only(body)->new_state, rows[i].state);
        assert_int_equal(r.events[0].old_state, BREAKER_CLOSED);
    }
    assert_refused("{\"type\":\"circuit_opened\",\"service\":\"a\",\"new_state\":\"closed\"}",
                   "new_state", "contradicts");
}

static void test_event__takes_an_array_and_goes_on_behind_a_bad_one(void **state UNUSED)
{
    read_body(" [ {\"type\":\"call\",\"service\":\"a\",\"success\":true},\n"
              "{\"type\":\"call\",\"service\":\"a\",\"sucess\":true},"
              "{\"type\":\"call\",\"service\":\"b\",\"success\":false} ] ");
    assert_int_equal(r.event_count, 2);
    assert_int_equal(r.fault_count, 1);
    assert_int_equal(r.faults[0].line, 2);
    assert_string_equal(r.faults[0].field, "sucess");
    assert_int_equal(r.events[1].line, 3);
    assert_int_equal(r.events[1].outcome, EVENT_FAILURE);
}

static void test_event__takes_lines_and_goes_on_behind_what_is_no_json(void **state UNUSED)
{
    read_as("{\"type\":\"call\",\"service\":\"a\",\"success\":true}\n"
            "\n{\"type\":\"call\",\n"
            "{\"type\":\"call\",\"service\":\"b\",\"success\":true}\r\n"
            "{\"type\":\"call\",\"service\":\"c\",\"success\":true} trailing\n"
            "[1]\n"
            "{\"type\":\"call\",\"service\":\"d\",\"success\":true}",
            true);
    assert_int_equal(r.event_count, 4);
    assert_text(&r.events[3], EVENT_SERVICE, "d");
    assert_int_equal(r.events[3].line, 7);
    assert_int_equal(r.fault_count, 3);
    assert_int_equal(r.faults[0].line, 3);
    assert_int_equal(r.faults[1].line, 5);
    assert_int_equal(r.faults[2].line, 6);
}

static void test_event__lines_need_no_type_of_their_own(void **state UNUSED)
{
    read_body("{\"type\":\"call\",\"service\":\"a\",\"success\":true}\n"
              "{\"type\":\"call\",\"service\":\"b\",\"success\":true}\n");
    assert_int_equal(r.event_count, 2);
    assert_int_equal(r.events[1].line, 2);
}

static void test_event__reads_times(void **state UNUSED)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2000-02-29T12:30:45.678Z", 951827445678 },
        { "2026-11-20T02:41:07.123456Z", NOW_MS },
        { "2026-11-20T03:41:07.123+01:00", NOW_MS },
        { "2026-11-19t21:11:07.123-05:30", NOW_MS },
    };
    static const char *const bad[] = { "2026-11-20",
                                       "2026-02-29T00:00:00Z",
                                       "2026-11-20T02:41:07",
                                       "2026-13-01T00:00:00Z",
                                       "2026-11-20T24:00:00Z",
                                       "2026-11-20T02:41:07.Z",
                                       "2026-11-20T02:41:07Z ",
                                       "" };
    int64_t ms;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(event_parse_time(str_of(good[i].text), &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(event_parse_time(str_of(bad[i]), &ms));
    assert_true(only("{\"type\":\"heartbeat\",\"service\":\"a\",\"at\":1795142467000}")->at_ms ==
                NOW_MS - 123);
    assert_true(only("{\"type\":\"heartbeat\",\"service\":\"a\"}")->at_ms == NOW_MS);
    assert_refused("{\"type\":\"heartbeat\",\"service\":\"a\",\"at\":1795142467123000}", "at",
                   "RFC 3339");
    assert_refused("{\"type\":\"heartbeat\",\"service\":\"a\",\"at\":1795152467123}", "at",
                   "future");
}

static void test_event__says_what_is_wrong(void **state UNUSED)
{
    assert_refused("{\"service\":\"a\"}", "event_type", "needed");
    assert_refused("{\"type\":\"cal\",\"service\":\"a\"}", "event_type", "must be");
    assert_refused("{\"type\":\"call\",\"success\":true}", "service", "needed");
    assert_refused("{\"type\":\"call\",\"service\":\"\",\"success\":true}", "service", "bytes");
    assert_refused("{\"type\":\"call\",\"service\":7,\"success\":true}", "service", "string");
    assert_refused("{\"type\":\"call\",\"service\":\"a\"}", "outcome", "needed");
    assert_refused("{\"type\":\"call\",\"service\":\"a\",\"success\":1}", "success", "true or");
    assert_refused("{\"type\":\"call\",\"service\":\"a\",\"success\":true,\"outcome\":\"failure\"}",
                   "outcome", "contradicts");
    assert_refused("{\"retry_count\":-1,\"service\":\"a\"}", "retry_count", "whole");
    assert_refused("{\"retry_count\":1.5,\"service\":\"a\"}", "retry_count", "whole");
    assert_refused("{\"retry_count\":1,\"retries\":1,\"service\":\"a\"}", "retries", "twice");
    assert_refused("{\"type\":\"heartbeat\",\"service\":\"a\",\"retries\":1}", "retry_count",
                   "no meaning");
    assert_refused("{\"type\":\"metric\",\"service\":\"a\",\"name\":\"fusebox_x\",\"value\":1}",
                   "name", "metric");
    assert_refused("{\"type\":\"counter\",\"service\":\"a\",\"name\":\"x\",\"value\":-1}", "value",
                   "from 0");
    assert_refused("{\"type\":\"timer\",\"service\":\"a\",\"name\":\"x\",\"value\":1}", "value",
                   "timer");
    assert_refused("{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"x\",\"value\":1e400}", "value",
                   "number");
    assert_refused("7", "", "object");
    assert_refused("[7, \"x\", []]", "", "object");
    assert_int_equal(r.fault_count, 3);
    assert_refused("[{}", "event_type", "needed");
    assert_int_equal(r.fault_count, 2);
    assert_refused("{\"a\":{\"b\":{\"c\":{\"d\":{}}}},\"type\":\"call\"}", "", "deep");
    assert_refused("{\"type\":\"heartbeat\",\"service\":\"\\ud800\"}", "", "escape");
    assert_refused("{\"type\":\"heartbeat\",\"service\":\"a\xff\"}", "", "UTF-8");
}

static void test_event__text_is_held_to_its_limits(void **state UNUSED)
{
    static char body[EVENT_STRING_MAX_BYTES + 256];
    int len = snprintf(body, sizeof body, "{\"type\":\"error\",\"service\":\"a\",\"message\":\"");

    memset(body + len, 'x', EVENT_STRING_MAX_BYTES);
    snprintf(body + len + EVENT_STRING_MAX_BYTES, 8, "\"}");
    assert_int_equal(event_text(only(body), EVENT_MESSAGE).len, EVENT_STRING_MAX_BYTES);
    snprintf(body + len + EVENT_STRING_MAX_BYTES, 8, "x\"}");
    assert_refused(body, "", "too long");
}

static void test_event__takes_escapes_out(void **state UNUSED)
{
    const struct event *e = only("{\"type\":\"error\",\"service\":\"\\u00e4\\n\\\"\","
                                 "\"message\":\"\\ud83d\\ude00\"}");

    assert_text(e, EVENT_SERVICE, "\xc3\xa4\n\"");
    assert_text(e, EVENT_MESSAGE, "\xf0\x9f\x98\x80");
}

static void test_event__steps_through_labels(void **state UNUSED)
{
    const struct event *e = only("{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"queue\","
                                 "\"value\":-2,\"labels\":{ \"zone\" : \"x\" ,\"rack\":\"\"}}");
    struct str name, value;
    size_t position = 0;

    assert_true(event_next_label(e, &position, &name, &value));
    assert_true(str_equals(name, STR("zone")) && str_equals(value, STR("x")));
    assert_true(event_next_label(e, &position, &name, &value));
    assert_true(str_equals(name, STR("rack")) && value.len == 0);
    assert_false(event_next_label(e, &position, &name, &value));
    assert_refused("{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"q\",\"value\":1,"
                   "\"labels\":{\"__name__\":\"x\"}}",
                   "labels", "no label");
    assert_refused("{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"q\",\"value\":1,"
                   "\"labels\":{\"a\":1}}",
                   "labels", "strings");
    assert_refused("{\"type\":\"gauge\",\"service\":\"a\",\"name\":\"q\",\"value\":1,"
                   "\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
                   "labels", "once");
}

static void test_event__an_empty_body_holds_nothing(void **state UNUSED)
{
    static const char *const bodies[] = { "", " \n ", "[]", " [ ] " };

    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        read_body(bodies[i]);
        assert_int_equal(r.event_count + r.fault_count, 0);
    }
}

static void test_event__without_memory_it_is_rejected(void **state UNUSED)
{
    mem_fail_nth(1);
    assert_refused("{\"type\":\"error\",\"service\":\"a\\n\"}", "service", "memory");
    assert_true(mem_fault_happened());
    mem_fail_nth(0);
}

static int release(void **state UNUSED)
{
    arena_release(&r.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event__reads_a_retry_consumption_in_camel_case),
        cmocka_unit_test(test_event__reads_every_kind),
        cmocka_unit_test(test_event__names_of_kinds_and_fields_lead_back),
        cmocka_unit_test(test_event__states_have_every_spelling),
        cmocka_unit_test(test_event__takes_an_array_and_goes_on_behind_a_bad_one),
        cmocka_unit_test(test_event__takes_lines_and_goes_on_behind_what_is_no_json),
        cmocka_unit_test(test_event__lines_need_no_type_of_their_own),
        cmocka_unit_test(test_event__reads_times),
        cmocka_unit_test(test_event__says_what_is_wrong),
        cmocka_unit_test(test_event__text_is_held_to_its_limits),
        cmocka_unit_test(test_event__takes_escapes_out),
        cmocka_unit_test(test_event__steps_through_labels),
        cmocka_unit_test(test_event__an_empty_body_holds_nothing),
        cmocka_unit_test(test_event__without_memory_it_is_rejected),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
