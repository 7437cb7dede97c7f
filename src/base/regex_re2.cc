#include "base/regex_re2.h"

#include <cstdio>
#include <new>
#include <re2/re2.h>

namespace
{

const RE2 *of(const void *re2)
{
    return static_cast<const RE2 *>(re2);
}

RE2::Options options()
{
    RE2::Options o;

    o.set_log_errors(false);
    o.set_max_mem(RE2_PROGRAM_MAX_BYTES);
    return o;
}

} // namespace

void *re2_shim_new(const char *pattern, size_t len, char *message, size_t message_bytes,
                   bool *ret_too_large)
{
    RE2 *re2 = new (std::nothrow) RE2(re2::StringPiece(pattern, len), options());

    *ret_too_large = false;
    if (!re2) {
        std::snprintf(message, message_bytes, "no memory");
        return nullptr;
    }
    if (re2->ok())
        return re2;
    *ret_too_large = re2->error_code() == RE2::ErrorPatternTooLarge;
    std::snprintf(message, message_bytes, "%s", re2->error().c_str());
    delete re2;
    return nullptr;
}

void re2_shim_free(void *re2)
{
    delete static_cast<RE2 *>(re2);
}

bool re2_shim_matches(const void *re2, const char *text, size_t len)
{
    return of(re2)->Match(re2::StringPiece(text, len), 0, len, RE2::ANCHOR_BOTH, nullptr, 0);
}

bool re2_shim_groups(const void *re2, const char *text, size_t len,
                     struct re2_span spans[RE2_GROUPS_MAX], int *ret_count)
{
    re2::StringPiece groups[RE2_GROUPS_MAX];
    int count = of(re2)->NumberOfCapturingGroups() + 1;

    if (count > RE2_GROUPS_MAX)
        count = RE2_GROUPS_MAX;
    if (!of(re2)->Match(re2::StringPiece(text, len), 0, len, RE2::ANCHOR_BOTH, groups, count))
        return false;
    for (int i = 0; i < count; i++)
        spans[i] = { groups[i].data(), groups[i].size() };
    *ret_count = count;
    return true;
}

int re2_shim_group(const void *re2, const char *name, size_t len)
{
    const auto &names = of(re2)->NamedCapturingGroups();
    auto found = names.find(std::string(name, len));

    return found == names.end() ? -1 : found->second;
}
