#include "page/parts.h"

#include <string.h>

#include "base/mem.h"

struct parts *parts_new(void)
{
    struct parts *p = mem_alloc(sizeof *p);

    if (p)
        parts_clear(p);
    return p;
}

void parts_free(struct parts *p)
{
    mem_free(p);
}

void parts_clear(struct parts *p)
{
    p->count = 0;
    p->residual_count = 0;
}

uint64_t parts_add(struct parts *p, const int64_t *values, size_t count, const int64_t *beside)
{
    struct integers_work work = { p->steps, p->orders, p->residuals + p->residual_count };
    struct integers *part = &p->items[p->count++];
    uint64_t bits = integers_choose(values, count, beside, &work, part);

    p->residual_count += integers_residual_count(part);
    return bits;
}

struct parts_mark parts_mark(const struct parts *p)
{
    return (struct parts_mark){ p->count, p->residual_count };
}

void parts_undo(struct parts *p, struct parts_mark to)
{
    p->count = to.count;
    p->residual_count = to.residual_count;
}

void parts_replace(struct parts *p, struct parts_mark to, struct parts_mark from)
{
    size_t count = p->count - from.count;
    size_t residual_count = p->residual_count - from.residual_count;

    memmove(&p->items[to.count], &p->items[from.count], count * sizeof p->items[0]);
    memmove(&p->residuals[to.residual_count], &p->residuals[from.residual_count],
            residual_count * sizeof p->residuals[0]);
    p->count = to.count + count;
    p->residual_count = to.residual_count + residual_count;
}

void parts_write(const struct parts *p, const struct integers_layout *layout, uint8_t *planes)
{
    const uint64_t *residuals = p->residuals;

    for (size_t i = 0; i < p->count; i++) {
        integers_write(&p->items[i], layout, residuals, planes);
        residuals += integers_residual_count(&p->items[i]);
    }
}
