/*
 * Structured log: one line per event, to a file descriptor.
 *
 * logfmt:  ts=2026-11-20T02:41:07.123Z level=warn msg="scrape failed" target=http://… error="…"
 * json:    {"ts":"…","level":"warn","msg":"scrape failed","target":"…"}
 *
 * The message is a constant; data goes into keys. Only threads log, and the
 * place where an error stops travelling logs it once. The same message at the
 * same level within a minute is written ten times, then collapsed into one line
 * with its count at the minute's end (or when the log is flushed). Lines that are data,
 * each one of which counts (log_data), are written up to 6,000 times a minute.
 *
 *   log_write(log, LOG_WARN, "scrape failed", LOG_STR("target", url), LOG_INT("status", 503));
 *
 * Threads   Locks itself.
 * Limits    A value is cut at 1 KiB, a line at 8 KiB; control characters are escaped.
 */
#ifndef FUSEBOX_BASE_LOG_H
#define FUSEBOX_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/lock.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum log_field_kind { LOG_FIELD_END, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_DOUBLE };

struct log_field {
    const char *key;
    enum log_field_kind kind;
    struct str text;
    int64_t number;
    double real;
};

#define LOG_STR(k, v)    ((struct log_field){ .key = (k), .kind = LOG_FIELD_STR, .text = (v) })
#define LOG_CSTR(k, v)   LOG_STR(k, str_of(v))
#define LOG_INT(k, v)    ((struct log_field){ .key = (k), .kind = LOG_FIELD_INT, .number = (v) })
#define LOG_DOUBLE(k, v) ((struct log_field){ .key = (k), .kind = LOG_FIELD_DOUBLE, .real = (v) })

enum { LOG_REPEATS_TRACKED = 16, LOG_REPEATS_SHOWN = 10, LOG_DATA_SHOWN = 6000 };

struct log_repeat {
    const char *message; /* constants are compared by address */
    enum log_level level;
    int64_t since_mono_ns;
    uint64_t count, shown; /* shown: so many are written */
};

struct log {
    struct lock lock;
    struct clock clock;
    int fd;
    enum log_format format;
    _Atomic int level; /* enum log_level; changeable while it runs */
    struct log_repeat repeats[LOG_REPEATS_TRACKED];
};

void log_init(struct log *log, int fd, enum log_level level, enum log_format format,
              struct clock clock);
void log_release(struct log *log); /* flushes; the descriptor stays the caller's */
void log_set_level(struct log *log, enum log_level level);
bool log_is_on(struct log *log, enum log_level level);

/* A line of data: other bounds, else the same. */
void log_data(struct log *log, enum log_level level, const char *message,
              const struct log_field *fields);

/* Use log_write (one field at least) or log_message: they end the list of fields. */
void log_fields(struct log *log, enum log_level level, const char *message,
                const struct log_field *fields);

#define log_write(log, level, message, ...)                                                        \
    log_fields(log, level, message,                                                                \
               (const struct log_field[]){ __VA_ARGS__, { .kind = LOG_FIELD_END } })

/* A line without data. */
#define log_message(log, level, message)                                                           \
    log_fields(log, level, message, &(const struct log_field){ .kind = LOG_FIELD_END })

/* Writes what was collapsed so far. */
void log_flush(struct log *log);

bool log_level_parse(struct str text, enum log_level *ret);
const char *log_level_name(enum log_level level);

#endif
