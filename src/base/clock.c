#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/number.h"

enum { MOMENT_MAX_BYTES = 40 };

static int64_t read_ns(clockid_t id)
{
    struct timespec ts = { 0 };

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t system_wall_ms(void *ctx)
{
    (void)ctx;
    return read_ns(CLOCK_REALTIME) / 1000000;
}

static int64_t system_mono_ns(void *ctx)
{
    (void)ctx;
    return read_ns(CLOCK_MONOTONIC);
}

struct clock clock_system(void)
{
    return (struct clock){ system_wall_ms, system_mono_ns, NULL };
}

static int64_t manual_wall_ms(void *ctx)
{
    return atomic_load(&((struct manual_clock *)ctx)->wall_ms);
}

static int64_t manual_mono_ns(void *ctx)
{
    return atomic_load(&((struct manual_clock *)ctx)->mono_ns);
}

struct clock clock_manual(struct manual_clock *hands)
{
    return (struct clock){ manual_wall_ms, manual_mono_ns, hands };
}

void manual_clock_advance(struct manual_clock *hands, int64_t ms)
{
    atomic_fetch_add(&hands->wall_ms, ms);
    atomic_fetch_add(&hands->mono_ns, ms * 1000000);
}

int64_t clock_process_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

char *clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_RFC3339_BYTES])
{
    static const int64_t first_ms = -62167219200000, last_ms = 253402300799999;
    int64_t clamped = wall_ms < first_ms ? first_ms : wall_ms > last_ms ? last_ms : wall_ms;
    int64_t ms = ((clamped % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((clamped - ms) / 1000);
    struct tm tm = { 0 };

    gmtime_r(&seconds, &tm);
    snprintf(out, CLOCK_RFC3339_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
             (tm.tm_year + 1900) % 10000, (tm.tm_mon + 1) % 100, tm.tm_mday % 100, tm.tm_hour % 100,
             tm.tm_min % 100, tm.tm_sec % 100, (int)ms);
    return out;
}

/* Seconds east of Greenwich that "Z", "+01:00" or "-0130" stands for. */
static bool parse_zone(const char *text, int *ret_s)
{
    static const char shape[] = "dd:dd";
    int minutes = 0;

    if ((text[0] == 'Z' || text[0] == 'z') && !text[1]) {
        *ret_s = 0;
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != sizeof shape)
        return false;
    for (size_t i = 0; shape[i]; i++) {
        char c = text[1 + i];

        if (shape[i] == ':' ? c != ':' : c < '0' || c > '9')
            return false;
        if (shape[i] == 'd') /* tens and ones of hours, tens and ones of minutes */
            minutes = (i == 3 ? minutes * 6 : minutes * 10) + (c - '0');
    }
    *ret_s = minutes * (text[0] == '-' ? -60 : 60);
    return true;
}

/* "2026-11-20T02:39:12.5Z". */
bool clock_parse_rfc3339(struct str text, int64_t *ret_ms)
{
    char copy[MOMENT_MAX_BYTES] = "";
    struct tm tm = { 0 };
    const char *rest;
    double fraction = 0;
    int zone_s;

    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return false;
    if (*rest == '.') {
        struct str digits = { rest, strspn(rest, ".0123456789") };

        if (!number_parse(digits, &fraction) || fraction >= 1)
            return false;
        rest += digits.len;
    }
    if (!parse_zone(rest, &zone_s))
        return false;
    *ret_ms = ((int64_t)timegm(&tm) - zone_s) * 1000 + (int64_t)(fraction * 1000);
    return true;
}
