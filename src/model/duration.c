#include "model/duration.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

struct unit {
    const char *name;
    int64_t amount;
};

/* Falling; a text names each at most once and in this order. */
static const struct unit duration_units[] = {
    { "y", INT64_C(365) * 86400000 },
    { "w", INT64_C(7) * 86400000 },
    { "d", 86400000 },
    { "h", 3600000 },
    { "m", 60000 },
    { "s", 1000 },
    { "ms", 1 },
};

static const struct unit size_units[] = {
    { "TiB", INT64_C(1) << 40 }, { "GiB", 1 << 30 },      { "MiB", 1 << 20 },
    { "KiB", 1 << 10 },          { "TB", 1000000000000 }, { "GB", 1000000000 },
    { "MB", 1000000 },           { "KB", 1000 },          { "B", 1 },
};

/* Cuts the digits at the front; false when there are none or the number is too large. */
static bool take_number(struct str *text, int64_t *ret)
{
    size_t len = 0;
    struct str digits;

    while (len < text->len && text->ptr[len] >= '0' && text->ptr[len] <= '9')
        len++;
    digits = (struct str){ text->ptr, len };
    text->ptr += len;
    text->len -= len;
    return str_parse_i64(digits, ret);
}

static struct str take_letters(struct str *text)
{
    size_t len = 0;
    struct str letters;

    while (len < text->len && !(text->ptr[len] >= '0' && text->ptr[len] <= '9'))
        len++;
    letters = (struct str){ text->ptr, len };
    text->ptr += len;
    text->len -= len;
    return letters;
}

/* Index of the unit at or behind `from`, or `count`. */
static size_t find_unit(const struct unit *units, size_t from, size_t count, struct str name)
{
    while (from < count && !str_equals(str_of(units[from].name), name))
        from++;
    return from;
}

bool duration_parse(struct str text, int64_t *ret_ms)
{
    size_t next = 0;
    int64_t sum = 0;

    if (str_equals(text, STR("0"))) {
        *ret_ms = 0;
        return true;
    }
    if (!text.len)
        return false;
    while (text.len) {
        int64_t part;
        size_t at;

        if (!take_number(&text, &part))
            return false;
        at = find_unit(duration_units, next, ARRAY_LEN(duration_units), take_letters(&text));
        if (at == ARRAY_LEN(duration_units) ||
            __builtin_mul_overflow(part, duration_units[at].amount, &part) ||
            __builtin_add_overflow(sum, part, &sum))
            return false;
        next = at + 1;
    }
    *ret_ms = sum;
    return true;
}

bool size_parse(struct str text, int64_t *ret_bytes)
{
    int64_t amount;
    size_t at;

    if (!take_number(&text, &amount))
        return false;
    if (!text.len) {
        *ret_bytes = amount;
        return true;
    }
    at = find_unit(size_units, 0, ARRAY_LEN(size_units), text);
    if (at == ARRAY_LEN(size_units) ||
        __builtin_mul_overflow(amount, size_units[at].amount, &amount))
        return false;
    *ret_bytes = amount;
    return true;
}

/* Years and weeks only where nothing is left over, so that 30 days stay "30d" (as Prometheus). */
static bool is_used(size_t unit, int64_t left_ms)
{
    bool exact = left_ms % duration_units[unit].amount == 0;

    return left_ms >= duration_units[unit].amount && (exact || unit > 1);
}

char *duration_format(int64_t ms, char out[DURATION_TEXT_BYTES])
{
    size_t len = 0;

    if (ms <= 0) {
        memcpy(out, "0s", 3);
        return out;
    }
    for (size_t i = 0; i < ARRAY_LEN(duration_units) && ms > 0; i++) {
        if (!is_used(i, ms))
            continue;
        len += (size_t)snprintf(out + len, DURATION_TEXT_BYTES - len, "%lld%s",
                                (long long)(ms / duration_units[i].amount), duration_units[i].name);
        ms %= duration_units[i].amount;
    }
    return out;
}

char *size_format(int64_t bytes, char out[DURATION_TEXT_BYTES])
{
    size_t shortest = DURATION_TEXT_BYTES;

    if (bytes <= 0) {
        memcpy(out, "0", 2);
        return out;
    }
    for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
        char text[DURATION_TEXT_BYTES];
        size_t len;

        if (bytes % size_units[i].amount)
            continue;
        len = (size_t)snprintf(text, sizeof text, "%lld%s",
                               (long long)(bytes / size_units[i].amount), size_units[i].name);
        if (len < shortest) {
            shortest = len;
            memcpy(out, text, len + 1);
        }
    }
    return out;
}
