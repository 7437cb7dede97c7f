#include "base/human.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

char *human_count(uint64_t count, char out[HUMAN_TEXT_BYTES])
{
    char digits[HUMAN_TEXT_BYTES];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

char *human_bytes(uint64_t bytes, char out[HUMAN_TEXT_BYTES])
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    uint64_t unit = 1000;
    size_t i = 0;

    if (bytes < 1000) {
        snprintf(out, HUMAN_TEXT_BYTES, "%llu B", (unsigned long long)bytes);
        return out;
    }
    while (i + 1 < ARRAY_LEN(units) && bytes / 1000 >= unit) {
        unit *= 1000;
        i++;
    }
    if (bytes / unit < 100) /* rounded down, so that 99.99 MB is not 100 */
        snprintf(out, HUMAN_TEXT_BYTES, "%llu.%llu %s", (unsigned long long)(bytes / unit),
                 (unsigned long long)(bytes % unit / (unit / 10)), units[i]);
    else
        snprintf(out, HUMAN_TEXT_BYTES, "%llu %s", (unsigned long long)(bytes / unit), units[i]);
    return out;
}

char *human_duration(int64_t ms, char out[HUMAN_TEXT_BYTES])
{
    static const struct {
        int64_t from_ms, unit_ms;
        const char *unit;
    } rows[] = {
        { 172800000, 86400000, "days" },
        { 7200000, 3600000, "hours" },
        { 120000, 60000, "min" },
        { 10000, 1000, "s" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (ms >= rows[i].from_ms) {
            snprintf(out, HUMAN_TEXT_BYTES, "%lld %s", (long long)(ms / rows[i].unit_ms),
                     rows[i].unit);
            return out;
        }
    if (ms >= 1000)
        snprintf(out, HUMAN_TEXT_BYTES, "%lld.%lld s", (long long)(ms / 1000),
                 (long long)(ms % 1000 / 100));
    else
        snprintf(out, HUMAN_TEXT_BYTES, "%lld ms", (long long)(ms < 0 ? 0 : ms));
    return out;
}
