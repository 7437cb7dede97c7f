#include "telemetry/metric.h"

#include "base/number.h"

static const char *const kind_names[] = { "counter", "gauge", "histogram" };

static void append_escaped(struct buf *out, struct str s, bool quotes)
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
    append_escaped(w->text, str_of(help), false);
    buf_printf(w->text, "\n# TYPE %s %s\n", name, kind_names[kind]);
}

static void write_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                         size_t count, double value)
{
    struct metric_text *w = ctx;
    char number[NUMBER_TEXT_BYTES];

    buf_append_cstr(w->text, w->family);
    buf_append_cstr(w->text, suffix);
    for (size_t i = 0; i < count; i++) {
        buf_append_byte(w->text, i ? ',' : '{');
        buf_append_cstr(w->text, labels[i].name);
        buf_append(w->text, "=\"", 2);
        append_escaped(w->text, labels[i].value, true);
        buf_append_byte(w->text, '"');
    }
    if (count)
        buf_append_byte(w->text, '}');
    buf_append_byte(w->text, ' ');
    buf_append(w->text, number, number_format(value, number));
    buf_append_byte(w->text, '\n');
}

struct metric_out metric_text_out(struct metric_text *writer, struct buf *text)
{
    *writer = (struct metric_text){ .text = text };
    return (struct metric_out){ write_family, write_sample, writer };
}
