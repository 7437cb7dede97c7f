#include "base/number_shortest.h"

#include <charconv>

size_t number_shortest(double value, bool scientific, char out[NUMBER_SHORTEST_BYTES])
{
    auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
    auto written = std::to_chars(out, out + NUMBER_SHORTEST_BYTES, value, format);

    return static_cast<size_t>(written.ptr - out);
}
