#include "config/suggest.h"

#include <stdio.h>

struct suggestion suggestion_for(struct str name)
{
    return (struct suggestion){ .name = name, .distance = SIZE_MAX };
}

void suggestion_offer(struct suggestion *s, struct str candidate)
{
    size_t distance = str_distance(s->name, candidate);

    if (distance >= s->distance)
        return;
    s->nearest = candidate;
    s->distance = distance;
}

/* A quarter of the letters may differ, and one more; beyond that it is another word. */
static bool is_near(const struct suggestion *s)
{
    return s->distance != SIZE_MAX && s->distance <= 1 + s->name.len / 4;
}

const char *suggestion_text(const struct suggestion *s, char out[SUGGESTION_BYTES])
{
    out[0] = '\0';
    if (is_near(s))
        snprintf(out, SUGGESTION_BYTES, "; did you mean \"%.*s\"?", STR_ARG(s->nearest));
    return out;
}
