#include "api/promql_json.h"

#include "base/number.h"

void promql_json_labels(struct json *j, struct labels labels)
{
    json_open_object(j);
    for (size_t i = 0; i < labels.count; i++) {
        json_key_str(j, labels.items[i].name);
        json_string(j, labels.items[i].value);
    }
    json_close_object(j);
}

enum {
    TIME_TEXT_BYTES = 2 * NUMBER_TEXT_BYTES,
    POINT_TEXT_BYTES = TIME_TEXT_BYTES + NUMBER_TEXT_BYTES
};

/* Seconds with as many decimals as they need, three at most. */
static size_t format_time(int64_t ms, char out[TIME_TEXT_BYTES])
{
    uint64_t whole = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, rest = whole % 1000;
    size_t len = 0;

    if (ms < 0)
        out[len++] = '-';
    len += number_format_i64((int64_t)(whole / 1000), out + len);
    if (!rest)
        return len;
    out[len++] = '.';
    for (uint64_t unit = 100; rest; unit /= 10) {
        out[len++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    return len;
}

void promql_json_time(struct json *j, int64_t ms)
{
    char text[TIME_TEXT_BYTES];

    json_raw(j, (struct str){ text, format_time(ms, text) });
}

static void write_point(struct json *j, int64_t ms, double value)
{
    char text[POINT_TEXT_BYTES];
    size_t len = 0;

    text[len++] = '[';
    len += format_time(ms, text + len);
    text[len++] = ',';
    text[len++] = '"';
    len += number_format(value, text + len);
    text[len++] = '"';
    text[len++] = ']';
    json_raw(j, (struct str){ text, len });
}

static void write_steps(struct json *j, const struct promql_options *o, const double *values,
                        size_t count)
{
    json_open_array(j);
    for (size_t i = 0; i < count; i++)
        if (!sample_is_stale(values[i]))
            write_point(j, o->start_ms + (int64_t)i * o->step_ms, values[i]);
    json_close_array(j);
}

static void write_samples(struct json *j, const struct promql_series *s)
{
    json_open_array(j);
    for (size_t i = 0; i < s->sample_count; i++)
        write_point(j, s->samples[i].ts_ms, s->samples[i].value);
    json_close_array(j);
}

static void write_series(struct json *j, const struct promql_options *o,
                         const struct promql_result *r, const struct promql_series *s)
{
    json_open_object(j);
    json_key(j, "metric");
    promql_json_labels(j, s->labels);
    json_key(j, r->is_range || s->samples ? "values" : "value");
    if (s->samples)
        write_samples(j, s);
    else if (r->is_range)
        write_steps(j, o, s->values, r->step_count);
    else
        write_point(j, o->start_ms, s->values[0]);
    json_close_object(j);
}

static const char *result_type(const struct promql_result *r)
{
    if (r->is_range || r->type == PROMQL_MATRIX)
        return "matrix";
    return r->type == PROMQL_VECTOR ? "vector" : r->type == PROMQL_SCALAR ? "scalar" : "string";
}

static void write_value(struct json *j, const struct promql_options *o,
                        const struct promql_result *r)
{
    if (r->type == PROMQL_SCALAR) {
        write_point(j, o->start_ms, r->scalars[0]);
        return;
    }
    json_open_array(j);
    promql_json_time(j, o->start_ms);
    json_string(j, r->text);
    json_close_array(j);
}

void promql_json_result(struct json *j, const struct promql_options *o,
                        const struct promql_result *r)
{
    struct promql_series scalar = { .values = r->scalars };

    json_open_object(j);
    json_key(j, "resultType");
    json_cstr(j, result_type(r));
    json_key(j, "result");
    if (!r->is_range && (r->type == PROMQL_SCALAR || r->type == PROMQL_STRING)) {
        write_value(j, o, r);
    } else {
        json_open_array(j);
        if (r->type == PROMQL_SCALAR)
            write_series(j, o, r, &scalar);
        for (size_t i = 0; i < r->series_count; i++)
            write_series(j, o, r, &r->series[i]);
        json_close_array(j);
    }
    json_close_object(j);
}
