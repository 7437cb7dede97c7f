#include "unit.h"

#include <string.h>

#include "base/attr.h"
#include "protobuf_text.h"
#include "wire/remote_write.h"

enum { BODY_MAX_BYTES = 1 << 20 };

static struct buf body, series;

static int set_up(void **state UNUSED)
{
    body = buf_limited(BODY_MAX_BYTES);
    series = buf_limited(BODY_MAX_BYTES);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    buf_release(&body);
    buf_release(&series);
    return 0;
}

static struct remote_write_series next_series(struct remote_write_reader *r)
{
    struct remote_write_series found;
    struct diag diag = { 0 };

    assert_int_equal(remote_write_next(r, &found, &diag), PROTOBUF_FIELD);
    return found;
}

static void assert_label(struct remote_write_series *s, const char *name, const char *value)
{
    struct label label;

    assert_int_equal(remote_write_label(s, &label, NULL), PROTOBUF_FIELD);
    assert_true(str_equals(label.name, str_of(name)));
    assert_true(str_equals(label.value, str_of(value)));
}

static void assert_sample(struct remote_write_series *s, int64_t ts_ms, double value)
{
    struct sample sample;

    assert_int_equal(remote_write_sample(s, &sample, NULL), PROTOBUF_FIELD);
    assert_int_equal(sample.ts_ms, ts_ms);
    assert_true(sample_bits(sample.value) == sample_bits(value));
}

static void test_remote_write__reads_labels_and_samples(void **state UNUSED)
{
    struct remote_write_reader r;
    struct remote_write_series s;
    struct label label;
    struct sample sample;

    put_label(&series, "__name__", "up");
    put_label(&series, "job", "web");
    put_sample(&series, 1000, 1.5);
    put_sample(&series, -7, sample_from_bits(SAMPLE_STALE_BITS));
    put_bytes(&body, 1, buf_str(&series));
    put_series(&body, "__name__=down", 2000, 0);
    r = remote_write_of(buf_str(&body));
    s = next_series(&r);
    assert_int_equal(s.sample_count, 2);
    assert_label(&s, "__name__", "up");
    assert_label(&s, "job", "web");
    assert_int_equal(remote_write_label(&s, &label, NULL), PROTOBUF_END);
    assert_sample(&s, 1000, 1.5);
    assert_sample(&s, -7, sample_from_bits(SAMPLE_STALE_BITS));
    assert_int_equal(remote_write_sample(&s, &sample, NULL), PROTOBUF_END);
    s = next_series(&r);
    assert_label(&s, "__name__", "down");
    assert_sample(&s, 2000, 0);
    assert_int_equal(remote_write_next(&r, &s, NULL), PROTOBUF_END);
}

static void test_remote_write__passes_over_what_is_not_stored(void **state UNUSED)
{
    struct remote_write_reader r;
    struct remote_write_series s;

    put_bytes(&body, 3, STR("\x08\x01")); /* metadata */
    put_number(&body, 77, 5);             /* a field of times to come */
    put_label(&series, "__name__", "up");
    put_bytes(&series, 3, STR("\xff\xff")); /* an exemplar: not looked into */
    put_bytes(&series, 4, STR("\x08\x01"));
    put_bytes(&series, 4, STR("\x08\x02"));
    put_sample(&series, 1000, 1);
    put_label(&series, "job", "web"); /* behind the samples */
    put_bytes(&body, 1, buf_str(&series));
    r = remote_write_of(buf_str(&body));
    s = next_series(&r);
    assert_int_equal(s.histogram_count, 2);
    assert_int_equal(s.exemplar_count, 1);
    assert_label(&s, "__name__", "up");
    assert_label(&s, "job", "web");
    assert_sample(&s, 1000, 1);
    assert_int_equal(remote_write_next(&r, &s, NULL), PROTOBUF_END);
}

/* Metadata may stand anywhere among the series. */
static void test_remote_write__reads_metadata_behind_the_series(void **state UNUSED)
{
    struct buf one = buf_limited(1000);
    struct remote_write_reader r;
    struct remote_write_series s;
    struct remote_write_metadata m;
    struct diag diag = { 0 };

    put_number(&one, 1, 2);
    put_bytes(&one, 2, STR("load"));
    put_bytes(&one, 4, STR("How much?"));
    put_bytes(&one, 5, STR("jobs"));
    put_bytes(&body, 3, buf_str(&one));
    put_series(&body, "__name__=up", 1000, 1);
    buf_clear(&one);
    put_number(&one, 1, 99);
    put_bytes(&one, 2, STR("odd"));
    put_bytes(&body, 3, buf_str(&one));
    put_series(&body, "__name__=up", 2000, 1);
    r = remote_write_of(buf_str(&body));
    assert_int_equal(remote_write_next_metadata(&r, &m, NULL), PROTOBUF_END);
    next_series(&r);
    next_series(&r);
    assert_int_equal(remote_write_next(&r, &s, NULL), PROTOBUF_END);
    assert_int_equal(remote_write_next_metadata(&r, &m, NULL), PROTOBUF_FIELD);
    assert_true(str_equals(m.metric, STR("load")) && str_equals(m.type, STR("gauge")));
    assert_true(str_equals(m.help, STR("How much?")) && str_equals(m.unit, STR("jobs")));
    assert_int_equal(remote_write_next_metadata(&r, &m, NULL), PROTOBUF_FIELD);
    assert_true(str_equals(m.metric, STR("odd")) && str_equals(m.type, STR("unknown")));
    assert_true(m.help.len == 0 && m.unit.len == 0);
    assert_int_equal(remote_write_next_metadata(&r, &m, NULL), PROTOBUF_END);

    buf_clear(&body);
    buf_clear(&one);
    put_number(&one, 2, 7);
    put_bytes(&body, 3, buf_str(&one));
    r = remote_write_of(buf_str(&body));
    assert_int_equal(remote_write_next(&r, &s, NULL), PROTOBUF_END);
    assert_int_equal(remote_write_next_metadata(&r, &m, &diag), PROTOBUF_BAD);
    assert_string_equal(diag.message, "byte 2: metadata is not text");
    buf_release(&one);
}

static void test_remote_write__the_key_stands_for_the_labels(void **state UNUSED)
{
    struct remote_write_reader r;
    struct remote_write_series a, b, c;

    put_series(&body, "__name__=up,job=a", 1000, 1);
    put_series(&body, "__name__=up,job=a", 2000, 2);
    put_series(&body, "__name__=up,job=b", 1000, 1);
    r = remote_write_of(buf_str(&body));
    a = next_series(&r);
    b = next_series(&r);
    c = next_series(&r);
    assert_true(a.key.len > 0 && str_equals(a.key, b.key));
    assert_false(str_equals(a.key, c.key));
}

static void test_remote_write__an_empty_body_has_no_series(void **state UNUSED)
{
    struct remote_write_reader r = remote_write_of(STR(""));
    struct remote_write_series s;

    assert_int_equal(remote_write_next(&r, &s, NULL), PROTOBUF_END);
    put_bytes(&body, 1, STR(""));
    r = remote_write_of(buf_str(&body));
    s = next_series(&r);
    assert_int_equal(s.key.len, 0);
    assert_int_equal(s.sample_count, 0);
}

/* Reads all that there is; the sentence of what is bad, or "". */
static const char *read_all(struct str text, struct diag *diag)
{
    struct remote_write_reader r = remote_write_of(text);
    struct remote_write_series s;
    struct label label;
    struct sample sample;
    enum protobuf_found found;

    *diag = (struct diag){ 0 };
    while ((found = remote_write_next(&r, &s, diag)) == PROTOBUF_FIELD) {
        while ((found = remote_write_label(&s, &label, diag)) == PROTOBUF_FIELD)
            ;
        while (found == PROTOBUF_END &&
               (found = remote_write_sample(&s, &sample, diag)) == PROTOBUF_FIELD)
            found = PROTOBUF_END;
        if (found == PROTOBUF_BAD)
            break;
    }
    assert_int_equal(found == PROTOBUF_BAD, diag->code == ERR_INVALID);
    return diag->message;
}

static void test_remote_write__a_field_of_the_wrong_kind_is_told_with_its_byte(void **state UNUSED)
{
    struct diag diag;

    assert_string_equal(read_all(STR("\x08\x01"), &diag), "byte 0: a series is not a message");
    assert_string_equal(read_all(STR("\x0a\x02\x08\x01"), &diag),
                        "byte 2: a label is not a message");
    assert_string_equal(read_all(STR("\x0a\x02\x10\x01"), &diag),
                        "byte 2: a sample is not a message");
    assert_string_equal(read_all(STR("\x0a\x04\x0a\x02\x10\x01"), &diag),
                        "byte 4: a label is not text");
    assert_string_equal(read_all(STR("\x0a\x04\x12\x02\x08\x01"), &diag),
                        "byte 4: a value is not a double");
    assert_string_equal(read_all(STR("\x0a\x05\x12\x03\x12\x01\x30"), &diag),
                        "byte 4: a time is not a number");
}

static void test_remote_write__no_cut_of_a_body_reads_beyond_it(void **state UNUSED)
{
    size_t good = 0;
    struct diag diag;

    put_series(&body, "__name__=up,job=a", 1000, 1);
    put_series(&body, "__name__=down", 2000, 2);
    for (size_t len = 0; len <= body.len; len++)
        good += read_all((struct str){ body.data, len }, &diag)[0] == '\0';
    assert_int_equal(good, 3); /* nothing, the first series, both */
}

#define CASE(name) cmocka_unit_test_setup_teardown(test_remote_write__##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reads_labels_and_samples),
        CASE(passes_over_what_is_not_stored),
        CASE(reads_metadata_behind_the_series),
        CASE(the_key_stands_for_the_labels),
        CASE(an_empty_body_has_no_series),
        CASE(a_field_of_the_wrong_kind_is_told_with_its_byte),
        CASE(no_cut_of_a_body_reads_beyond_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
