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
    json_member_cstr(w->json, "name", name);
    json_member_cstr(w->json, "type", metric_kind_name(kind));
    json_member_cstr(w->json, "help", help);
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
    json_member_cstr(w->json, "name", name);
    json_key(w->json, "labels");
    json_open_object(w->json);
    for (size_t i = 0; i < count; i++) {
        json_member_string(w->json, labels[i].name, labels[i].value);
    }
    json_close_object(w->json);
    json_member_number(w->json, "value", value);
    json_close_object(w->json);
}

struct metric_out metric_json_out(struct metric_json *writer, struct json *json)
{
    *writer = (struct metric_json){ .json = json };
    return (struct metric_out){ on_family, on_sample, writer };
}
