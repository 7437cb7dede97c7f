#include "tsdb/compact.h"

int64_t compact_day_of(int64_t ts_ms)
{
    return ts_ms / COMPACT_DAY_MS - (ts_ms % COMPACT_DAY_MS < 0);
}

/* The day behind `first`: one past its last block. */
static size_t end_of_day(const struct compact_block *blocks, size_t count, size_t first)
{
    size_t end = first + 1;

    while (end < count && blocks[end].day == blocks[first].day)
        end++;
    return end;
}

static bool pick_level(const struct compact_block *blocks, size_t first, size_t end,
                       size_t *ret_first, size_t *ret_count)
{
    while (first < end) {
        size_t next = first + 1;

        while (next < end && blocks[next].level == blocks[first].level &&
               next - first < COMPACT_RUN_MAX)
            next++;
        if (next - first >= COMPACT_FAN) {
            *ret_first = first;
            *ret_count = next - first;
            return true;
        }
        first = next;
    }
    return false;
}

/* Has nothing come to this day for a while, and is it over? */
static bool day_rests(const struct compact_block *blocks, size_t first, size_t end, int64_t now_ms)
{
    if (compact_day_of(now_ms) <= blocks[first].day)
        return false;
    for (size_t i = first; i < end; i++)
        if (blocks[i].created_ms > now_ms - COMPACT_REST_MS)
            return false;
    return true;
}

bool compact_pick(const struct compact_block *blocks, size_t count, int64_t now_ms,
                  size_t *ret_first, size_t *ret_count)
{
    for (size_t first = 0, end; first < count; first = end) {
        end = end_of_day(blocks, count, first);
        if (pick_level(blocks, first, end, ret_first, ret_count))
            return true;
        if (end - first >= 2 && day_rests(blocks, first, end, now_ms)) {
            *ret_first = first;
            *ret_count = end - first < COMPACT_RUN_MAX ? end - first : COMPACT_RUN_MAX;
            return true;
        }
    }
    return false;
}
