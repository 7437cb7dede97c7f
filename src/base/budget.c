#include "base/budget.h"

enum { ASSURED_SHARE = 16 };

void budget_init(struct budget *b, size_t limit_bytes)
{
    *b = (struct budget){ .limit_bytes = limit_bytes };
}

size_t budget_used_bytes(const struct budget *b)
{
    size_t sum = 0;

    for (int part = 0; part < BUDGET_PART_COUNT; part++)
        sum += atomic_load_explicit(&b->used_bytes[part], memory_order_relaxed);
    return sum;
}

size_t budget_room_bytes(const struct budget *b)
{
    size_t used = budget_used_bytes(b);

    if (b->limit_bytes == 0)
        return SIZE_MAX;
    return b->limit_bytes > used ? b->limit_bytes - used : 0;
}

bool budget_take(struct budget *b, enum budget_part part, size_t bytes)
{
    if (bytes > budget_room_bytes(b)) {
        atomic_fetch_add_explicit(&b->refused_count[part], 1, memory_order_relaxed);
        return false;
    }
    budget_add(b, part, bytes);
    return true;
}

bool budget_take_assured(struct budget *b, enum budget_part part, size_t bytes)
{
    size_t used = atomic_load_explicit(&b->used_bytes[part], memory_order_relaxed);
    size_t assured = b->limit_bytes / ASSURED_SHARE;

    if (used && (used > assured || bytes > assured - used))
        return budget_take(b, part, bytes);
    budget_add(b, part, bytes);
    return true;
}

void budget_add(struct budget *b, enum budget_part part, size_t bytes)
{
    atomic_fetch_add_explicit(&b->used_bytes[part], bytes, memory_order_relaxed);
}

void budget_give(struct budget *b, enum budget_part part, size_t bytes)
{
    atomic_fetch_sub_explicit(&b->used_bytes[part], bytes, memory_order_relaxed);
}

void budget_set(struct budget *b, enum budget_part part, size_t bytes)
{
    atomic_store_explicit(&b->used_bytes[part], bytes, memory_order_relaxed);
}

const char *budget_part_name(enum budget_part part)
{
    static const char *const names[] = {
#define X(part, name, text) name,
        BUDGET_PART_TABLE(X)
#undef X
    };

    return names[part];
}
