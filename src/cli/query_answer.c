#include "cli/query_answer.h"

#include <math.h>

#include "base/number.h"

bool query_is_metric_name(struct str column)
{
    return str_equals(column, STR("__name__"));
}

static size_t count_items(struct json_value parent)
{
    struct json_value item = { 0 };
    size_t count = 0;

    while (json_read_next(parent, &item))
        count++;
    return count;
}

/* --- columns --- */

static bool stands_before(struct str a, struct str b)
{
    if (query_is_metric_name(a) || query_is_metric_name(b))
        return query_is_metric_name(a);
    return str_compare(a, b) < 0;
}

static bool note_column(struct query_answer *a, struct str name)
{
    size_t at = a->name_count;

    for (size_t i = 0; i < a->name_count; i++)
        if (str_equals(a->names[i], name))
            return true;
    if (at == QUERY_COLUMNS_MAX)
        return false;
    for (; at > 0 && stands_before(name, a->names[at - 1]); at--)
        a->names[at] = a->names[at - 1];
    a->names[at] = name;
    a->name_count++;
    return true;
}

static bool note_columns(struct query_answer *a, struct json_value result)
{
    struct json_value series = { 0 };

    while (json_read_next(result, &series)) {
        struct json_value label = { 0 };

        while (json_read_next(json_read_at(series, "metric"), &label))
            if (!note_column(a, label.key))
                return false;
    }
    return true;
}

/* --- rows --- */

/* [1795142467.123, "0.25"] */
static bool read_point(struct json_value pair, struct query_point *ret)
{
    struct json_value time = { 0 }, value;
    struct str text;

    if (!json_read_next(pair, &time) || time.kind != JSON_NUMBER)
        return false;
    value = time;
    if (!json_read_next(pair, &value) || value.kind != JSON_STRING)
        return false;
    text = (struct str){ value.text.ptr + 1, value.text.len - 2 };
    ret->ts_ms = (int64_t)llround(json_read_double(time, 0) * 1000);
    return number_parse(text, &ret->value);
}

static enum err read_points(struct json_value values, struct arena *arena, struct query_row *row)
{
    struct json_value pair = { 0 };

    row->points = arena_alloc_zero(arena, count_items(values) + 1, sizeof *row->points);
    if (!row->points)
        return arena_error(arena);
    while (json_read_next(values, &pair))
        if (!read_point(pair, &row->points[row->point_count++]))
            return ERR_INVALID;
    return ERR_OK;
}

static enum err read_one_point(struct json_value pair, struct arena *arena, struct query_row *row)
{
    row->points = arena_alloc_zero(arena, 1, sizeof *row->points);
    if (!row->points)
        return arena_error(arena);
    row->point_count = 1;
    return read_point(pair, row->points) ? ERR_OK : ERR_INVALID;
}

static enum err read_labels(const struct query_answer *a, struct json_value metric,
                            struct arena *arena, struct query_row *row)
{
    struct json_value label = { 0 };

    row->values = arena_alloc_zero(arena, a->name_count + 1, sizeof *row->values);
    if (!row->values)
        return arena_error(arena);
    while (json_read_next(metric, &label)) {
        size_t column = 0;

        while (!str_equals(a->names[column], label.key))
            column++;
        if (!json_read_str(label, arena, &row->values[column]))
            return label.kind == JSON_STRING ? arena_error(arena) : ERR_INVALID;
    }
    return ERR_OK;
}

static enum err read_series(const struct query_answer *a, struct json_value series,
                            struct arena *arena, struct query_row *row)
{
    enum err err = read_labels(a, json_read_at(series, "metric"), arena, row);

    if (err)
        return err;
    return a->is_matrix ? read_points(json_read_at(series, "values"), arena, row)
                        : read_one_point(json_read_at(series, "value"), arena, row);
}

static enum err read_rows(struct query_answer *a, struct json_value result, struct arena *arena)
{
    struct json_value series = { 0 };
    enum err err = ERR_OK;

    a->rows = arena_alloc_zero(arena, count_items(result) + 1, sizeof *a->rows);
    if (!a->rows)
        return arena_error(arena);
    if (a->is_scalar) {
        a->row_count = 1;
        return read_one_point(result, arena, a->rows);
    }
    if (!note_columns(a, result))
        return ERR_LIMIT;
    while (!err && json_read_next(result, &series))
        err = read_series(a, series, arena, &a->rows[a->row_count++]);
    return err;
}

/* [1795142467.123, "text"] */
static enum err read_text(struct query_answer *a, struct json_value result, struct arena *arena)
{
    struct json_value item = { 0 };

    if (!json_read_next(result, &item) || !json_read_next(result, &item) ||
        item.kind != JSON_STRING)
        return ERR_INVALID;
    return json_read_str(item, arena, &a->text) ? ERR_OK : arena_error(arena);
}

enum err query_answer_read(struct json_value doc, struct arena *arena, struct query_answer *ret,
                           struct diag *diag)
{
    struct str type = json_read_at(doc, "data.resultType").text;
    struct json_value result = json_read_at(doc, "data.result");
    enum err err = ERR_INVALID;

    *ret = (struct query_answer){ .is_text = str_equals(type, STR("\"string\"")),
                                  .is_scalar = str_equals(type, STR("\"scalar\"")),
                                  .is_matrix = str_equals(type, STR("\"matrix\"")) };
    if (result.kind == JSON_ARRAY)
        err = ret->is_text ? read_text(ret, result, arena) : read_rows(ret, result, arena);
    if (err == ERR_INVALID)
        return diag_set(diag, err, "the answer is not one to a query: is the URL right?");
    return err ? diag_set(diag, err, "the answer is too large to be shown; -o json prints it")
               : ERR_OK;
}
