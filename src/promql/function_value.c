/* Functions of one value, or of one time. */
#include <math.h>

#include "promql/function_code.h"

#define OF_MATH(name, expression)                                                                  \
    double promql_##name(double v, const double *scalars UNUSED)                                   \
    {                                                                                              \
        return expression;                                                                         \
    }

static const double pi = 3.14159265358979323846;

OF_MATH(abs, fabs(v))
OF_MATH(acos, acos(v))
OF_MATH(acosh, acosh(v))
OF_MATH(asin, asin(v))
OF_MATH(asinh, asinh(v))
OF_MATH(atan, atan(v))
OF_MATH(atanh, atanh(v))
OF_MATH(ceil, ceil(v))
OF_MATH(cos, cos(v))
OF_MATH(cosh, cosh(v))
OF_MATH(deg, v * 180 / pi)
OF_MATH(exp, exp(v))
OF_MATH(floor, floor(v))
OF_MATH(ln, log(v))
OF_MATH(log10, log10(v))
OF_MATH(log2, log2(v))
OF_MATH(rad, v *pi / 180)
OF_MATH(sgn, v<0 ? -1 : v> 0 ? 1 : v)
OF_MATH(sin, sin(v))
OF_MATH(sinh, sinh(v))
OF_MATH(sqrt, sqrt(v))
OF_MATH(tan, tan(v))
OF_MATH(tanh, tanh(v))

/* A NaN wins over everything but the infinity that is looked for. */
static double least(double a, double b)
{
    if (a == -INFINITY || b == -INFINITY)
        return -INFINITY;
    return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static double greatest(double a, double b)
{
    if (a == INFINITY || b == INFINITY)
        return INFINITY;
    return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

double promql_clamp(double v, const double *scalars)
{
    if (scalars[1] < scalars[0])
        return sample_from_bits(SAMPLE_STALE_BITS);
    return greatest(scalars[0], least(scalars[1], v));
}

double promql_clamp_min(double v, const double *scalars)
{
    return greatest(scalars[0], v);
}

double promql_clamp_max(double v, const double *scalars)
{
    return least(scalars[0], v);
}

/* To the nearest multiple, halves up; dividing by the inverse is what Prometheus does. */
double promql_round(double v, const double *scalars)
{
    double inverse = 1 / scalars[0];

    return floor(v * inverse + 0.5) / inverse;
}

/* --- of a time --- */

struct date {
    int64_t year;
    int month, day; /* from 1 */
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The proleptic Gregorian calendar, by eras of 400 years that begin in March. */
static struct date date_of(int64_t days)
{
    int64_t shifted = days + 719468, era = floor_divide(shifted, 146097);
    int64_t of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date d = { .day = (int)(of_year - (153 * month + 2) / 5 + 1),
                      .month = (int)(month < 10 ? month + 3 : month - 9) };

    d.year = year + era * 400 + (d.month <= 2);
    return d;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t whole(double unix_s)
{
    return unix_s > -9e15 && unix_s < 9e15 ? (int64_t)unix_s : 0;
}

static int64_t days_of(double unix_s)
{
    return floor_divide(whole(unix_s), 86400);
}

static int second_of_day(double unix_s)
{
    return (int)(whole(unix_s) - days_of(unix_s) * 86400);
}

double promql_minute(double unix_s)
{
    return second_of_day(unix_s) / 60 % 60;
}

double promql_hour(double unix_s)
{
    return second_of_day(unix_s) / 3600; /* NOLINT: whole hours */
}

double promql_day_of_week(double unix_s)
{
    int64_t days = days_of(unix_s) + 4; /* the first day of 1970 was a Thursday */

    return (double)(days - floor_divide(days, 7) * 7);
}

double promql_day_of_month(double unix_s)
{
    return date_of(days_of(unix_s)).day;
}

double promql_day_of_year(double unix_s)
{
    struct date d = date_of(days_of(unix_s));
    static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };

    return before[d.month - 1] + d.day + (d.month > 2 && is_leap(d.year));
}

double promql_days_in_month(double unix_s)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    struct date d = date_of(days_of(unix_s));

    return days[d.month - 1] + (d.month == 2 && is_leap(d.year));
}

double promql_month(double unix_s)
{
    return date_of(days_of(unix_s)).month;
}

double promql_year(double unix_s)
{
    return (double)date_of(days_of(unix_s)).year;
}
