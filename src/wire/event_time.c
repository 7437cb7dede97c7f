/* The times that RFC 3339 allows (section 5.6), as Unix milliseconds. */
#include "wire/event.h"

static bool take_digits(const char **at, const char *end, int count, int64_t *ret)
{
    *ret = 0;
    if (end - *at < count)
        return false;
    for (int i = 0; i < count; i++) {
        char c = *(*at)++;

        if (c < '0' || c > '9')
            return false;
        *ret = *ret * 10 + (c - '0');
    }
    return true;
}

static bool take_char(const char **at, const char *end, char a, char b)
{
    if (*at == end || (**at != a && **at != b))
        return false;
    ++*at;
    return true;
}

/* Days since 1970 of a date of the Gregorian calendar: a year begins in March, so that its leap
 * day is its last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= lengths[month - 1] + (month == 2 && is_leap);
}

/* Milliseconds of a fraction, whose further digits are passed over. */
static bool take_fraction(const char **at, const char *end, int64_t *ret_ms)
{
    const char *from;
    int64_t scale = 100;

    *ret_ms = 0;
    if (!take_char(at, end, '.', ','))
        return true;
    for (from = *at; *at < end && **at >= '0' && **at <= '9'; ++*at, scale /= 10)
        *ret_ms += (**at - '0') * scale;
    return *at > from;
}

static bool take_zone(const char **at, const char *end, int64_t *ret_minutes)
{
    bool is_west = *at < end && **at == '-';
    int64_t hours, minutes;

    *ret_minutes = 0;
    if (take_char(at, end, 'Z', 'z'))
        return true;
    if (!take_char(at, end, '+', '-') || !take_digits(at, end, 2, &hours) ||
        !take_char(at, end, ':', ':') || !take_digits(at, end, 2, &minutes))
        return false;
    *ret_minutes = (is_west ? -1 : 1) * (hours * 60 + minutes);
    return hours <= 23 && minutes <= 59;
}

bool event_parse_time(struct str text, int64_t *ret_ms)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    int64_t year, month, day, hour, minute, second, ms, zone;

    if (!take_digits(&at, end, 4, &year) || !take_char(&at, end, '-', '-') ||
        !take_digits(&at, end, 2, &month) || !take_char(&at, end, '-', '-') ||
        !take_digits(&at, end, 2, &day) || !take_char(&at, end, 'T', 't') ||
        !take_digits(&at, end, 2, &hour) || !take_char(&at, end, ':', ':') ||
        !take_digits(&at, end, 2, &minute) || !take_char(&at, end, ':', ':') ||
        !take_digits(&at, end, 2, &second) || !take_fraction(&at, end, &ms) ||
        !take_zone(&at, end, &zone) || at != end)
        return false;
    if (!is_date(year, month, day) || hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_ms = ((days_of(year, month, day) * 24 + hour) * 60 + minute - zone) * 60000 +
              second * 1000 + ms;
    return true;
}
