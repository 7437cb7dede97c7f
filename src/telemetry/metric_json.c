#include "telemetry/metric_json.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 256 };

void metric_json_finish(struct metric_json *writer)
{
    if (!writer->family)
        return;
    json_close_array(writer->json);
    json_close_object(writer->json);
    writer->family = NULL;
}

static void on_family(void *ctx, const char *name, enum metric_kind kind, const char *help)
{
    struct metric_json *w = ctx;

    metric_json_finish(w);
    w->family = name;
    json_open_object(w->json);
    json_key(w->json, "name");
    json_cstr(w->json, name);
    json_key(w->json, "type");
    json_cstr(w->json, metric_kind_name(kind));
    json_key(w->json, "help");
    json_cstr(w->json, help);
    json_key(w->json, "samples");
    json_open_array(w->json);
}

static void on_sample(void *ctx, const char *suffix, const struct metric_label *labels,
                      size_t count, double value)
{
    struct metric_json *w = ctx;
    char name[NAME_MAX_BYTES];

    snprintf(name, sizeof name, "%s%s", w->family, suffix);
    json_open_object(w->json);
    json_key(w->json, "name");
    json_cstr(w->json, name);
    json_key(w->json, "labels");
    json_open_object(w->json);
    for (size_t i = 0; i < count; i++) {
        json_key(w->json, labels[i].name);
        json_string(w->json, labels[i].value);
    }
    json_close_object(w->json);
    json_key(w->json, "value");
    json_number(w->json, value);
    json_close_object(w->json);
}

struct metric_out metric_json_out(struct metric_json *writer, struct json *json)
{
    *writer = (struct metric_json){ .json = json };
    return (struct metric_out){ on_family, on_sample, writer };
}
