#include "promql/label_set.h"

static bool is_one_of(struct str name, const struct promql_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        if (str_equals(names->items[i], name))
            return true;
    return false;
}

struct labels label_set_without_name(struct labels labels, struct label space[LABELS_MAX])
{
    static const struct promql_names none;

    return label_set_drop(labels, &none, true, space);
}

struct labels label_set_keep(struct labels labels, const struct promql_names *names,
                             struct label space[LABELS_MAX])
{
    size_t kept = 0;

    for (size_t i = 0; i < labels.count; i++)
        if (is_one_of(labels.items[i].name, names))
            space[kept++] = labels.items[i];
    return (struct labels){ space, kept };
}

struct labels label_set_drop(struct labels labels, const struct promql_names *names, bool and_name,
                             struct label space[LABELS_MAX])
{
    size_t kept = 0;

    for (size_t i = 0; i < labels.count; i++)
        if (!is_one_of(labels.items[i].name, names) &&
            !(and_name && str_equals(labels.items[i].name, LABEL_METRIC_NAME)))
            space[kept++] = labels.items[i];
    return (struct labels){ space, kept };
}

bool label_set_put(struct labels labels, struct str name, struct str value,
                   struct label space[LABELS_MAX], struct labels *ret)
{
    struct label with[LABELS_MAX];
    size_t count = 0, i = 0;

    while (i < labels.count && str_compare(labels.items[i].name, name) < 0)
        with[count++] = labels.items[i++];
    if (i < labels.count && str_equals(labels.items[i].name, name))
        i++;
    if (value.len && count + labels.count - i >= LABELS_MAX)
        return false;
    if (value.len)
        with[count++] = (struct label){ name, value };
    while (i < labels.count)
        with[count++] = labels.items[i++];
    memcpy(space, with, count * sizeof *space);
    *ret = (struct labels){ space, count };
    return true;
}
