#include "telemetry/metric_openmetrics.h"

#include <string.h>

#include "base/number.h"

static const struct str TOTAL = { "_total", 6 };

/* The name that stands in the metadata, and the type that goes with it. */
static struct str family_name(const char *name, enum metric_kind kind, const char **ret_type)
{
    static const char *const types[] = { "counter", "gauge", "histogram" };
    struct str text = str_of(name);

    *ret_type = types[kind];
    if (kind != METRIC_COUNTER)
        return text;
    if (str_has_suffix(text, TOTAL))
        text.len -= TOTAL.len;
    else
        *ret_type = "unknown";
    return text;
}

static void on_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct metric_openmetrics *w = ctx;
    const char *type;
    struct str family = family_name(name, kind, &type);

    w->family = name;
    buf_printf(w->text, "# TYPE %.*s %s\n# HELP %.*s ", STR_ARG(family), type, STR_ARG(family));
    metric_append_escaped(w->text, str_of(help), true);
    buf_append_byte(w->text, '\n');
}

static void on_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                      size_t count, double value)
{
    struct metric_openmetrics *w = ctx;

    metric_append_sample(w->text, w->family, suffix, labels, count, value);
}

struct metric_out metric_openmetrics_out(struct metric_openmetrics *writer, struct buf *text)
{
    *writer = (struct metric_openmetrics){ .text = text };
    return (struct metric_out){ on_family, on_sample, writer };
}

void metric_openmetrics_finish(struct metric_openmetrics *writer)
{
    buf_append_cstr(writer->text, "# EOF\n");
}
