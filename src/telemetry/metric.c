#include "telemetry/metric.h"

#include "base/number.h"

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

const char *metric_kind_name(enum metric_kind kind)
{
    return kind_names[kind];
}

void metric_append_escaped(struct buf *out, struct str s, bool quotes)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '\\')
            buf_append_cstr(out, "\\\\");
        else if (c == '\n')
            buf_append_cstr(out, "\\n");
        else if (c == '"' && quotes)
            buf_append_cstr(out, "\\\"");
        else
            buf_append_byte(out, c);
    }
}

static void write_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct metric_text *w = ctx;

    w->family = name;
    buf_printf(w->text, "# HELP %s ", name);
    metric_append_escaped(w->text, str_of(help), false);
    buf_printf(w->text, "\n# TYPE %s %s\n", name, kind_names[kind]);
}

void metric_append_labels(struct buf *out, const struct metric_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_append_byte(out, i ? ',' : '{');
        buf_append_cstr(out, labels[i].name);
        buf_append(out, "=\"", 2);
        metric_append_escaped(out, labels[i].value, true);
        buf_append_byte(out, '"');
    }
    if (count)
        buf_append_byte(out, '}');
}

void metric_append_sample(struct buf *out, const char *family, const char *suffix,
                          const struct metric_label *labels, size_t count, double value)
{
    char number[NUMBER_TEXT_BYTES];

    buf_append_cstr(out, family);
    buf_append_cstr(out, suffix);
    metric_append_labels(out, labels, count);
    buf_append_byte(out, ' ');
    buf_append(out, number, number_format(value, number));
    buf_append_byte(out, '\n');
}

static void write_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                         size_t count, double value)
{
    struct metric_text *w = ctx;

    metric_append_sample(w->text, w->family, suffix, labels, count, value);
}

struct metric_out metric_text_out(struct metric_text *writer, struct buf *text)
{
    *writer = (struct metric_text){ .text = text };
    return (struct metric_out){ write_family, write_sample, writer };
}
