#include "api/negotiate.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/number.h"
#include "telemetry/metric_openmetrics.h"

enum { SHOWN_BYTES = 40 };
static const double MILLISECONDS_FROM = 1e11;   /* seconds beyond are after the year 5138 */
static const double SECONDS_MAX = 253402300799; /* the end of the year 9999 */

static const struct {
    const char *name, *type, *range; /* what stands in Accept */
} formats[API_FORMAT_COUNT] = {
    [API_FORMAT_JSON] = { "json", "application/json", "application/json" },
    [API_FORMAT_PROMETHEUS] = { "prometheus", "text/plain; version=0.0.4; charset=utf-8",
                                "text/plain" },
    [API_FORMAT_OPENMETRICS] = { "openmetrics", METRIC_OPENMETRICS_TYPE,
                                 "application/openmetrics-text" },
    [API_FORMAT_CSV] = { "csv", "text/csv; charset=utf-8; header=present", "text/csv" },
};

const char *api_format_type(enum api_format format)
{
    return formats[format].type;
}

const char *api_format_name(enum api_format format)
{
    return formats[format].name;
}

/* --- Accept --- */

/* The quality among the parameters of a range; 1 when there is none, 0 when it is malformed. */
static double quality(struct str parameters)
{
    struct str one, name;
    double q = 1;

    while (parameters.len) {
        struct str value;

        parameters = str_cut(parameters, ';', &one);
        value = str_trim(str_cut(one, '=', &name));
        if (!str_equals_nocase(str_trim(name), STR("q")))
            continue;
        return number_parse(value, &q) && q >= 0 && q <= 1 ? q : 0;
    }
    return q;
}

/* What a range stands for; false: nothing that there is. */
static bool format_of_range(struct str range, unsigned offered, enum api_format preset,
                            enum api_format *ret)
{
    if (str_equals(range, STR("*/*"))) {
        *ret = preset;
        return true;
    }
    for (unsigned f = 0; f < API_FORMAT_COUNT; f++) {
        if (!(offered & 1U << f) || !str_equals_nocase(range, str_of(formats[f].range)))
            continue;
        *ret = (enum api_format)f;
        return true;
    }
    return false;
}

static enum api_format accepted(struct str accept, unsigned offered, enum api_format preset)
{
    enum api_format best = preset, format;
    double best_q = 0;

    while (accept.len) {
        struct str item, range, parameters;
        double q;

        accept = str_cut(accept, ',', &item);
        parameters = str_cut(item, ';', &range);
        q = quality(parameters);
        if (!format_of_range(str_trim(range), offered, preset, &format) || q <= best_q)
            continue;
        best = format;
        best_q = q;
    }
    return best;
}

/* --- format= --- */

static enum err no_such_format(unsigned offered, struct http_reply *reply)
{
    char names[SHOWN_BYTES * 2] = "";
    size_t len = 0;

    for (unsigned f = 0; f < API_FORMAT_COUNT; f++)
        if (offered & 1U << f)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "",
                                    formats[f].name);
    reply->field = "format";
    return diag_set(&reply->diag, ERR_INVALID, "format must be one of %s", names);
}

enum err api_negotiate(const struct http_request *req, unsigned offered, enum api_format preset,
                       enum api_format *ret, struct http_reply *reply)
{
    struct str name;

    if (!http_request_arg(req, "format", &name)) {
        *ret = accepted(http_request_header(req, "Accept"), offered, preset);
        return ERR_OK;
    }
    for (unsigned f = 0; f < API_FORMAT_COUNT; f++) {
        if (!(offered & 1U << f) || !str_equals(name, str_of(formats[f].name)))
            continue;
        *ret = (enum api_format)f;
        return ERR_OK;
    }
    return no_such_format(offered, reply);
}

/* --- moments --- */

enum err api_time_arg(const struct http_request *req, const char *name, int64_t *ret_ms,
                      struct http_reply *reply)
{
    struct str text;
    double number;

    if (!http_request_arg(req, name, &text))
        return ERR_OK;
    if (number_parse(text, &number) && number >= 0 && number <= SECONDS_MAX * 1000) {
        *ret_ms = (int64_t)(number < MILLISECONDS_FROM ? number * 1000 : number);
        return ERR_OK;
    }
    if (clock_parse_rfc3339(text, ret_ms))
        return ERR_OK;
    reply->field = name;
    return diag_set(&reply->diag, ERR_INVALID,
                    "%s must be a moment, as 2026-11-20T02:39:12Z or in Unix seconds or "
                    "milliseconds; it was \"%.*s\"",
                    name, (int)(text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES), text.ptr);
}
