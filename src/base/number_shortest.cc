#include "base/number_shortest.h"

#include <charconv>

size_t number_shortest(double value, char out[NUMBER_SHORTEST_BYTES])
{
    auto written = std::to_chars(out, out + NUMBER_SHORTEST_BYTES, value,
                                 std::chars_format::scientific);

    return static_cast<size_t>(written.ptr - out);
}
