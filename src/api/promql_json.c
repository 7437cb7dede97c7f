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
    char *text = json_raw_room(j, POINT_TEXT_BYTES);
    size_t len = 0;

    if (!text)
        return;
    text[len++] = '[';
    len += format_time(ms, text + len);
    text[len++] = ',';
    text[len++] = '"';
    len += number_format(value, text + len);
    text[len++] = '"';
    text[len++] = ']';
    json_raw_end(j, len);
}

/* One value per step, where there is one; false: there are more. */
static bool write_steps(struct promql_json *p, struct json *j, const double *values,
                        size_t enough_bytes)
{
    const struct promql_options *o = p->options;

    for (; p->point < p->result->step_count && j->out->len < enough_bytes; p->point++)
        if (!sample_is_stale(values[p->point]))
            write_point(j, o->start_ms + (int64_t)p->point * o->step_ms, values[p->point]);
    return p->point == p->result->step_count;
}

static bool write_samples(struct promql_json *p, struct json *j, const struct promql_series *s,
                          size_t enough_bytes)
{
    for (; p->point < s->sample_count && j->out->len < enough_bytes; p->point++)
        write_point(j, s->samples[p->point].ts_ms, s->samples[p->point].value);
    return p->point == s->sample_count;
}

static void open_series(struct json *j, const struct promql_series *s, bool has_many)
{
    json_open_object(j);
    json_key(j, "metric");
    promql_json_labels(j, s->labels);
    json_key(j, has_many ? "values" : "value");
    if (has_many)
        json_open_array(j);
}

/* False: the series goes on in the next piece. */
static bool write_series(struct promql_json *p, struct json *j, const struct promql_series *s,
                         size_t enough_bytes)
{
    bool has_many = p->result->is_range || s->samples, is_complete = true;

    if (!p->has_labels)
        open_series(j, s, has_many);
    p->has_labels = true;
    if (s->samples)
        is_complete = write_samples(p, j, s, enough_bytes);
    else if (has_many)
        is_complete = write_steps(p, j, s->values, enough_bytes);
    else
        write_point(j, p->options->start_ms, s->values[0]);
    if (!is_complete)
        return false;
    if (has_many)
        json_close_array(j);
    json_close_object(j);
    p->has_labels = false;
    p->point = 0;
    return true;
}

static const char *result_type(const struct promql_result *r)
{
    if (r->is_range || r->type == PROMQL_MATRIX)
        return "matrix";
    return r->type == PROMQL_VECTOR ? "vector" : r->type == PROMQL_SCALAR ? "scalar" : "string";
}

static bool is_one_value(const struct promql_result *r)
{
    return !r->is_range && (r->type == PROMQL_SCALAR || r->type == PROMQL_STRING);
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

static void begin(struct promql_json *p, struct json *j)
{
    json_open_object(j);
    json_key(j, "resultType");
    json_cstr(j, result_type(p->result));
    json_key(j, "result");
    if (is_one_value(p->result))
        write_value(j, p->options, p->result);
    else
        json_open_array(j);
    p->has_begun = true;
}

struct promql_json promql_json_of(const struct promql_options *options,
                                  const struct promql_result *result)
{
    return (struct promql_json){ .options = options, .result = result };
}

bool promql_json_write(struct promql_json *p, struct json *j, size_t enough_bytes)
{
    const struct promql_result *r = p->result;
    struct promql_series scalar = { .values = r->scalars };
    bool is_scalar = r->type == PROMQL_SCALAR, is_list = !is_one_value(r);
    size_t count = is_list ? is_scalar + r->series_count : 0;

    if (!p->has_begun)
        begin(p, j);
    for (; p->series < count; p->series++)
        if (j->out->len >= enough_bytes ||
            !write_series(p, j, is_scalar ? &scalar : &r->series[p->series], enough_bytes))
            return true;
    if (is_list)
        json_close_array(j);
    json_close_object(j);
    return false;
}
