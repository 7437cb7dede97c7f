#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 8192, VALUE_BYTES = 1024 };
static const int64_t REPEAT_WINDOW_NS = 60000000000;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

struct line {
    char text[LINE_BYTES];
    size_t len;
};

void log_init(struct log *log, int fd, enum log_level level, enum log_format format,
              struct clock clock)
{
    *log = (struct log){ .clock = clock, .fd = fd, .format = format };
    atomic_store(&log->level, (int)level);
    lock_init(&log->lock, LOCK_RANK_LOG);
}

void log_release(struct log *log)
{
    log_flush(log);
    lock_release(&log->lock);
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store(&log->level, (int)level);
}

bool log_is_on(struct log *log, enum log_level level)
{
    return (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

static void put(struct line *line, const char *text, size_t len)
{
    size_t room = LINE_BYTES - 2 - line->len; /* a newline always fits */

    if (len > room)
        len = room;
    if (len)
        memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_cstr(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Quoted, escaped as JSON does it; logfmt readers understand the same. */
static void put_quoted(struct line *line, struct str s)
{
    size_t len = s.len < VALUE_BYTES ? s.len : VALUE_BYTES;

    put(line, "\"", 1);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        char escape[8];

        if (c == '"' || c == '\\')
            snprintf(escape, sizeof escape, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            snprintf(escape, sizeof escape, "\\u%04x", c);
        else
            snprintf(escape, sizeof escape, "%c", c);
        put_cstr(line, escape);
    }
    put(line, "\"", 1);
}

static bool needs_quotes(struct str s)
{
    if (!s.len)
        return true;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F)
            return true;
    }
    return s.len > VALUE_BYTES;
}

static void put_text(struct line *line, enum log_format format, struct str s)
{
    if (format == LOG_FORMAT_JSON || needs_quotes(s))
        put_quoted(line, s);
    else
        put(line, s.ptr, s.len);
}

static void put_key(struct line *line, enum log_format format, const char *key)
{
    if (format == LOG_FORMAT_JSON) {
        put_cstr(line, line->len > 1 ? ",\"" : "\"");
        put_cstr(line, key);
        put_cstr(line, "\":");
    } else {
        put_cstr(line, line->len ? " " : "");
        put_cstr(line, key);
        put_cstr(line, "=");
    }
}

static void put_field(struct line *line, enum log_format format, const struct log_field *field)
{
    char number[48];

    put_key(line, format, field->key);
    switch (field->kind) {
    case LOG_FIELD_STR:
        put_text(line, format, field->text);
        break;
    case LOG_FIELD_INT:
        snprintf(number, sizeof number, "%lld", (long long)field->number);
        put_cstr(line, number);
        break;
    default:
        snprintf(number, sizeof number, field->real - field->real == 0 ? "%.6g" : "\"%g\"",
                 field->real);
        put_cstr(line, number);
    }
}

static void write_line(struct log *log, enum log_level level, const char *message,
                       const struct log_field *fields)
{
    struct line line = { .len = 0 };
    char when[CLOCK_RFC3339_BYTES];

    if (log->format == LOG_FORMAT_JSON)
        put(&line, "{", 1);
    put_field(&line, log->format,
              &LOG_CSTR("ts", clock_format_rfc3339(clock_wall_ms(&log->clock), when)));
    put_field(&line, log->format, &LOG_CSTR("level", level_names[level]));
    put_field(&line, log->format, &LOG_CSTR("msg", message));
    for (; fields->kind != LOG_FIELD_END; fields++)
        put_field(&line, log->format, fields);
    if (log->format == LOG_FORMAT_JSON)
        put(&line, "}", 1);
    line.text[line.len++] = '\n';
    if (write(log->fd, line.text, line.len) < 0)
        return; /* nobody is left to tell */
}

static void end_repeat(struct log *log, struct log_repeat *repeat)
{
    if (repeat->message && repeat->count > repeat->shown) {
        struct log_field fields[] = {
            LOG_CSTR("repeated", repeat->message),
            LOG_INT("times", (int64_t)(repeat->count - repeat->shown)),
            { .kind = LOG_FIELD_END },
        };

        write_line(log, repeat->level, "repeated message", fields);
    }
    *repeat = (struct log_repeat){ 0 };
}

/* True when this line is to be swallowed and counted. */
static bool is_repeat(struct log *log, enum log_level level, const char *message, uint64_t shown)
{
    int64_t now = clock_mono_ns(&log->clock);
    struct log_repeat *oldest = &log->repeats[0];

    for (size_t i = 0; i < LOG_REPEATS_TRACKED; i++) {
        struct log_repeat *r = &log->repeats[i];

        if (r->message && now - r->since_mono_ns >= REPEAT_WINDOW_NS)
            end_repeat(log, r);
        if (r->message == message && r->level == level)
            return ++r->count > r->shown;
        if (!r->message || (oldest->message && r->since_mono_ns < oldest->since_mono_ns))
            oldest = r;
    }
    end_repeat(log, oldest);
    *oldest = (struct log_repeat){ message, level, now, 1, shown };
    return false;
}

static void log_bounded(struct log *log, enum log_level level, const char *message,
                        const struct log_field *fields, uint64_t shown)
{
    if (!log_is_on(log, level))
        return;
    lock_take(&log->lock);
    if (!is_repeat(log, level, message, shown))
        write_line(log, level, message, fields);
    lock_drop(&log->lock);
}

void log_fields(struct log *log, enum log_level level, const char *message,
                const struct log_field *fields)
{
    log_bounded(log, level, message, fields, LOG_REPEATS_SHOWN);
}

void log_data(struct log *log, enum log_level level, const char *message,
              const struct log_field *fields)
{
    log_bounded(log, level, message, fields, LOG_DATA_SHOWN);
}

void log_flush(struct log *log)
{
    lock_take(&log->lock);
    for (size_t i = 0; i < LOG_REPEATS_TRACKED; i++)
        end_repeat(log, &log->repeats[i]);
    lock_drop(&log->lock);
}

bool log_level_parse(struct str text, enum log_level *ret)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        if (str_equals_nocase(text, str_of(level_names[i]))) {
            *ret = (enum log_level)i;
            return true;
        }
    if (str_equals_nocase(text, STR("warning"))) {
        *ret = LOG_WARN;
        return true;
    }
    return false;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}
