#include "monitor/first_attempts.h"

#include <math.h>

#include "base/mem.h"

enum { SLOT_MS = 10000, SLOTS = 362 /* an hour, what it touches at both ends */ };

struct first_attempts {
    int64_t head; /* the newest slot that is held */
    uint32_t calls[SLOTS], failed[SLOTS];
};

struct first_attempts *first_attempts_new(void)
{
    struct first_attempts *f = mem_alloc_zero(1, sizeof *f);

    if (f)
        f->head = INT64_MIN / 2;
    return f;
}

void first_attempts_free(struct first_attempts *f)
{
    mem_free(f);
}

static int64_t slot_of(int64_t at_ms)
{
    return at_ms / SLOT_MS - (at_ms % SLOT_MS < 0);
}

static size_t place_of(int64_t slot)
{
    return (size_t)((slot % SLOTS + SLOTS) % SLOTS);
}

static void move_head(struct first_attempts *f, int64_t slot)
{
    int64_t first = slot - f->head >= SLOTS ? slot - SLOTS + 1 : f->head + 1;

    for (; first <= slot; first++)
        f->calls[place_of(first)] = f->failed[place_of(first)] = 0;
    f->head = slot;
}

static void count(uint32_t *cell, double amount)
{
    *cell = amount < UINT32_MAX - *cell ? *cell + (uint32_t)llround(amount) : UINT32_MAX;
}

void first_attempts_add(struct first_attempts *f, double calls, double failed, int64_t at_ms)
{
    int64_t slot = slot_of(at_ms);

    if (slot > f->head)
        move_head(f, slot);
    if (slot <= f->head - SLOTS)
        return;
    count(&f->calls[place_of(slot)], calls);
    count(&f->failed[place_of(slot)], failed);
}

double first_attempts_ratio(const struct first_attempts *f, int64_t from_ms, int64_t to_ms)
{
    int64_t slot = slot_of(from_ms), last = slot_of(to_ms - 1);
    double calls = 0, failed = 0;

    if (slot <= f->head - SLOTS)
        slot = f->head - SLOTS + 1;
    for (; slot <= last && slot <= f->head; slot++) {
        calls += f->calls[place_of(slot)];
        failed += f->failed[place_of(slot)];
    }
    return calls > 0 ? fmax(0, 1 - failed / calls) : (double)NAN;
}
