#include "ingest/label_limits.h"

enum { SHOWN_MAX_BYTES = 50 };

static struct str shown(struct str text)
{
    return (struct str){ text.ptr ? text.ptr : "",
                         text.len < SHOWN_MAX_BYTES ? text.len : SHOWN_MAX_BYTES };
}

enum err label_limits_check(const struct label_limits *limits, struct labels labels,
                            struct diag *diag)
{
    struct str metric = shown(labels_value(labels, LABEL_METRIC_NAME));

    if (limits->count && labels.count > limits->count)
        return diag_set(diag, ERR_INVALID, "%.*s has %zu labels, the label_limit is %zu",
                        STR_ARG(metric), labels.count, limits->count);
    for (size_t i = 0; i < labels.count; i++) {
        const struct label *label = &labels.items[i];

        if (limits->name_bytes && label->name.len > limits->name_bytes)
            return diag_set(diag, ERR_INVALID,
                            "%.*s: the label name %.*s has %zu bytes, the label_name_length_limit "
                            "is %zu",
                            STR_ARG(metric), STR_ARG(shown(label->name)), label->name.len,
                            limits->name_bytes);
        if (limits->value_bytes && label->value.len > limits->value_bytes)
            return diag_set(diag, ERR_INVALID,
                            "%.*s: the value of label %.*s has %zu bytes, the "
                            "label_value_length_limit is %zu",
                            STR_ARG(metric), STR_ARG(shown(label->name)), label->value.len,
                            limits->value_bytes);
    }
    return ERR_OK;
}
