#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#include "base/log.h"

static struct manual_clock hands;
static struct log sink;
static FILE *file;
static char text[65536];

static void begin(enum log_level level, enum log_format format)
{
    hands.wall_ms = 1795142467123;
    hands.mono_ns = 1;
    file = tmpfile();
    assert_non_null(file);
    log_init(&sink, fileno(file), level, format, clock_manual(&hands));
}

static const char *written(void)
{
    ssize_t len = pread(fileno(file), text, sizeof text - 1, 0);

    text[len > 0 ? len : 0] = '\0';
    return text;
}

static size_t line_count(void)
{
    size_t count = 0;

    for (const char *p = written(); *p; p++)
        count += *p == '\n';
    return count;
}

static void end(void)
{
    log_release(&sink);
    fclose(file);
}

static void test_log__writes_logfmt(void **state)
{
    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    log_write(&sink, LOG_WARN, "scrape failed", LOG_CSTR("target", "http://127.0.0.1:1/x"),
              LOG_INT("status", 503), LOG_DOUBLE("took_s", 0.25), LOG_STR("empty", STR("")),
              LOG_CSTR("why", "a \"b\"\n=c"));
    assert_string_equal(written(), "ts=2026-11-20T02:41:07.123Z level=warn msg=\"scrape failed\" "
                                   "target=http://127.0.0.1:1/x status=503 took_s=0.25 empty=\"\" "
                                   "why=\"a \\\"b\\\"\\u000a=c\"\n");
    end();
}

static void test_log__writes_json(void **state)
{
    (void)state;
    begin(LOG_INFO, LOG_FORMAT_JSON);
    log_write(&sink, LOG_ERROR, "stopped", LOG_INT("code", -1), LOG_CSTR("why", "x\ty"));
    log_message(&sink, LOG_INFO, "ready");
    assert_string_equal(
        written(), "{\"ts\":\"2026-11-20T02:41:07.123Z\",\"level\":\"error\",\"msg\":\"stopped\","
                   "\"code\":-1,\"why\":\"x\\u0009y\"}\n"
                   "{\"ts\":\"2026-11-20T02:41:07.123Z\",\"level\":\"info\",\"msg\":\"ready\"}\n");
    end();
}

static void test_log__below_its_level_it_is_silent(void **state)
{
    (void)state;
    begin(LOG_WARN, LOG_FORMAT_LOGFMT);
    log_message(&sink, LOG_INFO, "not this");
    assert_false(log_is_on(&sink, LOG_INFO));
    log_set_level(&sink, LOG_DEBUG);
    log_message(&sink, LOG_DEBUG, "but this");
    assert_int_equal(line_count(), 1);
    end();
}

static void test_log__repetition_collapses_into_one_line_a_minute(void **state)
{
    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < 50; i++)
        log_write(&sink, LOG_WARN, "again", LOG_INT("i", i));
    assert_int_equal(line_count(), LOG_REPEATS_SHOWN);
    log_message(&sink, LOG_INFO, "something else");
    assert_int_equal(line_count(), LOG_REPEATS_SHOWN + 1);

    manual_clock_advance(&hands, 60000);
    log_write(&sink, LOG_WARN, "again", LOG_INT("i", 50));
    assert_int_equal(line_count(), LOG_REPEATS_SHOWN + 3);
    assert_non_null(strstr(written(), "msg=\"repeated message\" repeated=again times=40\n"));
    assert_non_null(strstr(written(), "msg=again i=50\n"));
    end();
}

static void test_log__the_same_words_at_another_level_are_another_message(void **state)
{
    static const char message[] = "state";

    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < LOG_REPEATS_SHOWN; i++) {
        log_message(&sink, LOG_WARN, message);
        log_message(&sink, LOG_INFO, message);
    }
    assert_int_equal(line_count(), 2 * LOG_REPEATS_SHOWN);
    end();
}

static void test_log__lines_of_data_have_a_bound_of_their_own(void **state)
{
    static const char message[] = "opened";
    const struct log_field none = { .kind = LOG_FIELD_END };

    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < LOG_REPEATS_SHOWN + 100; i++)
        log_data(&sink, LOG_INFO, message, &none);
    assert_int_equal(line_count(), LOG_REPEATS_SHOWN + 100);
    assert_int_equal(ftruncate(fileno(file), 0), 0);
    for (int i = LOG_REPEATS_SHOWN + 100; i < LOG_DATA_SHOWN + 7; i++)
        log_data(&sink, LOG_INFO, message, &none);
    assert_int_equal(ftruncate(fileno(file), 0), 0);
    lseek(fileno(file), 0, SEEK_SET);
    log_flush(&sink);
    assert_non_null(strstr(written(), "repeated=opened times=7\n"));
    end();
}

static void test_log__flush_tells_what_was_held_back(void **state)
{
    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    for (int i = 0; i < LOG_REPEATS_SHOWN + 5; i++)
        log_message(&sink, LOG_INFO, "busy");
    log_flush(&sink);
    assert_non_null(strstr(written(), "times=5\n"));
    log_flush(&sink);
    assert_int_equal(line_count(), LOG_REPEATS_SHOWN + 1);
    end();
}

static void test_log__more_messages_than_it_tracks_lose_nothing(void **state)
{
    static const char names[64] = { 0 }; /* 64 different addresses */

    (void)state;
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof names; i++)
            log_message(&sink, LOG_INFO, &names[i]);
    assert_int_equal(line_count(), 3 * sizeof names);
    end();
}

static void test_log__long_values_and_lines_are_cut(void **state)
{
    char large[5000];
    struct str value = { large, sizeof large };

    (void)state;
    memset(large, 'x', sizeof large);
    begin(LOG_INFO, LOG_FORMAT_LOGFMT);
    log_write(&sink, LOG_INFO, "m", LOG_STR("a", value));
    assert_true(strlen(written()) < 1200);
    log_write(&sink, LOG_INFO, "m", LOG_STR("a", value), LOG_STR("b", value), LOG_STR("c", value),
              LOG_STR("d", value), LOG_STR("e", value), LOG_STR("f", value), LOG_STR("g", value),
              LOG_STR("h", value), LOG_STR("i", value));
    assert_int_equal(line_count(), 2);
    assert_true(strlen(written()) < 1200 + 8192);
    end();
}

static void test_log__levels_have_names(void **state)
{
    enum log_level level = LOG_DEBUG;

    (void)state;
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        assert_true(log_level_parse(str_of(log_level_name((enum log_level)i)), &level));
        assert_int_equal(level, i);
    }
    assert_true(log_level_parse(STR("Warning"), &level));
    assert_int_equal(level, LOG_WARN);
    assert_false(log_level_parse(STR("loud"), &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__writes_logfmt),
        cmocka_unit_test(test_log__writes_json),
        cmocka_unit_test(test_log__below_its_level_it_is_silent),
        cmocka_unit_test(test_log__repetition_collapses_into_one_line_a_minute),
        cmocka_unit_test(test_log__the_same_words_at_another_level_are_another_message),
        cmocka_unit_test(test_log__lines_of_data_have_a_bound_of_their_own),
        cmocka_unit_test(test_log__flush_tells_what_was_held_back),
        cmocka_unit_test(test_log__more_messages_than_it_tracks_lose_nothing),
        cmocka_unit_test(test_log__long_values_and_lines_are_cut),
        cmocka_unit_test(test_log__levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
