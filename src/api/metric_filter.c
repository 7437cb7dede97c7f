#include "api/metric_filter.h"

#include <string.h>

void metric_filter_init(struct metric_filter *f, const struct metric_out *inner,
                        const struct monitor_view *view)
{
    *f = (struct metric_filter){ .inner = inner, .view = view };
}

static void on_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct metric_filter *f = ctx;

    f->family = name;
    f->kind = kind;
    f->help = help;
    f->told = false;
}

static bool name_passes(const struct metric_filter *f, const char *suffix)
{
    struct str family = str_of(f->family), tail = str_of(suffix);

    if (!f->name.len || str_equals(f->name, family))
        return true;
    return f->name.len == family.len + tail.len && str_has_prefix(f->name, family) &&
           str_has_suffix(f->name, tail);
}

static struct str service_of(const struct metric_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].name, "service") == 0)
            return labels[i].value;
    return STR_NONE;
}

/* When the service was last heard of, -1 never; the view's moment for what is no service. */
static int64_t heard_ms(struct metric_filter *f, struct str service)
{
    size_t count = f->view->service_count;

    for (size_t i = 0; service.len && i < count; i++) {
        size_t at = (f->cursor + i) % count;

        if (!str_equals(f->view->services[at].name, service))
            continue;
        f->cursor = at;
        return f->view->services[at].last_data_ms;
    }
    return f->view->now_ms;
}

static void on_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                      size_t count, double value)
{
    struct metric_filter *f = ctx;
    struct str service = service_of(labels, count);

    if (!name_passes(f, suffix) || (f->service.len && !str_equals(service, f->service)))
        return;
    if (f->since_ms && heard_ms(f, service) < f->since_ms)
        return;
    if (!f->told)
        f->inner->family(f->inner->ctx, f->family, f->kind, f->help);
    f->told = true;
    f->inner->sample(f->inner->ctx, suffix, labels, count, value);
}

struct metric_out metric_filter_out(struct metric_filter *f)
{
    return (struct metric_out){ on_family, on_sample, f };
}
