/*
 * An object is passed over once: each member is looked up in the table of fields,
 * its value checked against the row's type, and kept. What the members mean
 * together is judged at its end (event_judge.h), so that they may stand in any order.
 */
#include "wire/event.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "model/labels.h"
#include "wire/event_field.h"
#include "wire/event_judge.h"
#include "wire/event_text.h"

static const double AMOUNT_MAX = 1e15; /* doubles are exact whole numbers below it */
static const double COUNT_MAX = 1e9;

void event_reader_init(struct event_reader *r, struct str body, const struct event_options *options,
                       struct arena *arena)
{
    struct event_cursor c = { .at = body.ptr, .end = body.ptr + body.len };

    *r = (struct event_reader){ .body = body,
                                .at = body.ptr,
                                .counted = body.ptr,
                                .line = 1,
                                .options = *options,
                                .arena = arena };
    r->is_array = !options->is_ndjson && event_take(&c, '[');
    if (r->is_array)
        r->at = c.at;
}

/* --- members --- */

struct member {
    enum event_field field;
    struct str key;
    enum event_token token;
    struct str raw;
};

static bool read_number(const struct member *m, double *ret)
{
    return m->token == TOKEN_NUMBER && number_parse(m->raw, ret) && isfinite(*ret);
}

static bool keep_number(const struct member *m, double least, double most, bool whole,
                        const char *message, struct event *e, struct event_fault *f)
{
    double value;

    if (!read_number(m, &value) || value < least || value > most ||
        (whole && value != floor(value)))
        return event_fault_at(f, m->key, message);
    e->values[m->field].number = value;
    return true;
}

static bool keep_time(const struct event_reader *r, const struct member *m, struct event *e,
                      struct event_fault *f)
{
    double number;

    if (m->token == TOKEN_STRING) {
        if (!event_parse_time(m->raw, &e->at_ms))
            return event_fault_at(f, m->key,
                                  "must be RFC 3339, as 2026-11-20T02:41:07.123Z, or Unix "
                                  "milliseconds as a number");
    } else if (read_number(m, &number) && number >= 0 && number < 4e12) {
        e->at_ms = (int64_t)number;
    } else {
        return event_fault_at(f, m->key, "must be RFC 3339 or Unix milliseconds");
    }
    if (r->options.max_future_ms && e->at_ms > r->options.now_ms + r->options.max_future_ms)
        return event_fault_at(f, m->key, "lies in the future: is the sender's clock right?");
    return true;
}

static bool keep_text(struct event_reader *r, const struct member *m, bool is_name, struct event *e,
                      struct event_fault *f)
{
    struct str *text = &e->values[m->field].text;

    if (m->token != TOKEN_STRING)
        return event_fault_at(f, m->key, "must be a string");
    if (!event_unescape(m->raw, r->arena, text))
        return event_fault_at(f, m->key, "there is no memory for it");
    if (is_name && (!text->len || text->len > EVENT_NAME_MAX_BYTES))
        return event_fault_at(f, m->key, "must have 1 to 512 bytes");
    return true;
}

/* Steps through an object of strings that was found to be one. */
static bool next_label(struct event_cursor *c, struct str *ret_name, struct str *ret_value)
{
    if (!event_take_string(c, EVENT_KEY_MAX_BYTES, ret_name) || !event_take(c, ':') ||
        !event_take_string(c, EVENT_NAME_MAX_BYTES, ret_value))
        return false;
    (void)event_take(c, ',');
    return true;
}

static bool is_label_given(const struct str *names, int count, struct str name)
{
    for (int i = 0; i < count; i++)
        if (str_equals(names[i], name))
            return true;
    return false;
}

/* What a label of a custom metric may not be called: these are ours. */
static bool is_label_taken(struct str name)
{
    return str_has_prefix(name, STR("__")) || str_equals(name, STR("service")) ||
           str_equals(name, STR("job")) || str_equals(name, STR("le"));
}

static bool keep_labels(const struct member *m, struct event *e, struct event_fault *f)
{
    struct event_cursor c = { .at = m->raw.ptr + 1, .end = m->raw.ptr + m->raw.len };
    struct str names[EVENT_LABELS_MAX], name, value;

    if (m->token != TOKEN_OBJECT || m->raw.len > EVENT_LABELS_MAX_BYTES)
        return event_fault_at(f, m->key, "must be an object of strings, of at most 4096 bytes");
    for (int count = 0; !event_take(&c, '}'); count++) {
        if (!next_label(&c, &name, &value))
            return event_fault_at(f, m->key, "must be an object of strings of at most 512 bytes");
        if (!label_name_is_valid(name) || is_label_taken(name))
            return event_fault_at(f, m->key, "holds a name that no label may have");
        if (memchr(value.ptr, '\\', value.len))
            return event_fault_at(f, m->key, "holds an escape, which no label's value may have");
        if (count == EVENT_LABELS_MAX || is_label_given(names, count, name))
            return event_fault_at(f, m->key, "may hold 16 labels, each once");
        names[count] = name;
    }
    e->values[m->field].text = m->raw;
    return true;
}

bool event_next_label(const struct event *e, size_t *position, struct str *ret_name,
                      struct str *ret_value)
{
    struct str text = event_text(e, EVENT_LABELS);
    struct event_cursor c;
    size_t from = *position ? *position : 1;

    if (from >= text.len)
        return false;
    c = (struct event_cursor){ .at = text.ptr + from, .end = text.ptr + text.len };
    if (!next_label(&c, ret_name, ret_value))
        return false;
    *position = (size_t)(c.at - text.ptr);
    return true;
}

static bool keep_value(struct event_reader *r, const struct member *m, struct event *e,
                       struct event_fault *f)
{
    switch (event_field_row(m->field)->type) {
    case TYPE_NAME:
        return keep_text(r, m, true, e, f);
    case TYPE_TEXT:
    case TYPE_WORD:
        return keep_text(r, m, false, e, f);
    case TYPE_COUNT:
        return keep_number(m, 0, COUNT_MAX, true, "must be a whole number from 0 on", e, f);
    case TYPE_AMOUNT:
        return keep_number(m, 0, AMOUNT_MAX, false, "must be a number from 0 on", e, f);
    case TYPE_NUMBER:
        return keep_number(m, -AMOUNT_MAX, AMOUNT_MAX, false, "must be a number", e, f);
    case TYPE_BOOL:
        e->values[m->field].number = m->token == TOKEN_TRUE;
        return m->token == TOKEN_TRUE || m->token == TOKEN_FALSE ||
               event_fault_at(f, m->key, "must be true or false");
    case TYPE_TIME:
        return keep_time(r, m, e, f);
    case TYPE_LABELS:
        return keep_labels(m, e, f);
    case TYPE_ANY:
        e->values[m->field].text = m->raw;
        return true;
    }
    return false;
}

static bool keep_member(struct event_reader *r, struct member *m, struct event *e,
                        struct event_fault *f)
{
    m->field = event_field_find(m->key);
    if (m->field == EVENT_FIELD_COUNT)
        return event_fault_at(f, m->key, "is no field of an event");
    if (m->token == TOKEN_NULL)
        return true; /* as if it were not there */
    if (event_has(e, m->field))
        return event_fault_at(f, m->key, "is given twice");
    if (!keep_value(r, m, e, f))
        return false;
    e->given |= UINT64_C(1) << m->field;
    return true;
}

/* --- objects --- */

static bool refuse_text(const struct event_cursor *c, struct event_fault *f)
{
    snprintf(f->message, sizeof f->message, "this is not JSON of the expected shape: %s",
             c->why ? c->why : "a comma or a closing bracket is expected");
    return false;
}

/* The members up to the closing brace. A member that is at fault does not end the reading, so that
 * the next event is found. False with *ret_broken: this is no JSON. */
static bool read_members(struct event_reader *r, struct event_cursor *c, struct event *e,
                         struct event_fault *f, bool *ret_broken)
{
    bool good = true;

    *ret_broken = false;
    if (event_take(c, '}'))
        return true;
    do {
        struct member m = { 0 };

        if (!event_take_string(c, EVENT_KEY_MAX_BYTES, &m.key) || !event_take(c, ':') ||
            !event_take_value(c, EVENT_DEPTH_MAX - 1, &m.token, &m.raw)) {
            *ret_broken = true;
            return refuse_text(c, f);
        }
        good = good && keep_member(r, &m, e, f);
    } while (event_take(c, ','));
    if (!event_take(c, '}')) {
        *ret_broken = true;
        return refuse_text(c, f);
    }
    return good;
}

static void count_lines(struct event_reader *r, const char *until)
{
    while (r->counted < until) {
        const char *feed = memchr(r->counted, '\n', (size_t)(until - r->counted));

        if (!feed)
            break;
        r->counted = feed + 1;
        r->line++;
    }
    r->counted = until;
}

/* Behind text that is no JSON: the next line is the next chance, where lines are objects. */
static void resume(struct event_reader *r, const char *at)
{
    const char *end = r->body.ptr + r->body.len;
    const char *feed = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

    if (r->is_array || !feed || (!r->options.is_ndjson && r->item == 1))
        r->ended = true;
    else
        r->at = feed + 1;
}

/* Over a value that is no object. */
static bool pass_over(struct event_reader *r, struct event_cursor *c, struct event_fault *f)
{
    enum event_token token;
    struct str unused;

    if (event_take_value(c, EVENT_DEPTH_MAX, &token, &unused))
        r->at = c->at;
    else
        resume(r, c->at);
    c->why = "an object is expected";
    return refuse_text(c, f);
}

static bool read_object(struct event_reader *r, struct event_cursor *c, struct event *e,
                        struct event_fault *f)
{
    const char *from = c->at;
    bool broken = false, good;

    if (!event_take(c, '{'))
        return pass_over(r, c, f);
    good = read_members(r, c, e, f, &broken);
    if (broken) {
        resume(r, c->at);
        return false;
    }
    r->at = c->at;
    e->text = (struct str){ from, (size_t)(c->at - from) };
    if (good && e->text.len > EVENT_MAX_BYTES)
        return event_fault_at(f, STR(""), "an event may have 131072 bytes");
    if (good && !str_is_utf8(e->text))
        return event_fault_at(f, STR(""), "this is not UTF-8");
    return good && event_judge(e, f);
}

/* Between the items of an array: a comma, or its end and nothing behind it. */
static bool step_array(struct event_reader *r, struct event_cursor *c, struct event_fault *f)
{
    bool is_first = r->item == 0;

    if (event_take(c, ']')) {
        event_skip_space(c);
        r->ended = true;
        if (c->at == c->end)
            return true;
        return event_fault_at(f, STR(""), "something stands behind the array");
    }
    if (is_first || event_take(c, ','))
        return true;
    r->ended = true;
    return refuse_text(c, f);
}

/* In lines that are objects, text that is no JSON must not reach into the next one. */
static void end_with_line(const struct event_reader *r, struct event_cursor *c)
{
    const char *feed;

    if (!r->options.is_ndjson || c->at == c->end)
        return;
    feed = memchr(c->at, '\n', (size_t)(c->end - c->at));
    if (feed)
        c->end = feed;
}

enum event_found event_reader_next(struct event_reader *r, struct event *ret,
                                   struct event_fault *ret_fault)
{
    struct event_cursor c = { .at = r->at, .end = r->body.ptr + r->body.len };

    if (r->ended)
        return EVENT_END;
    ret_fault->field[0] = '\0';
    event_skip_space(&c);
    ret_fault->line = r->item + 1;
    if (r->is_array && !step_array(r, &c, ret_fault))
        return EVENT_REJECTED;
    event_skip_space(&c);
    if (r->ended || (!r->is_array && c.at == c.end))
        return EVENT_END;
    count_lines(r, c.at);
    r->item++;
    ret->at_ms = r->options.now_ms;
    ret->given = 0;
    ret->line = ret_fault->line = r->is_array ? r->item : r->line;
    ret->metric = EVENT_GAUGE;
    end_with_line(r, &c);
    return read_object(r, &c, ret, ret_fault) ? EVENT_FOUND : EVENT_REJECTED;
}
