/*
 * Runs a target over its corpus without a fuzzer: replay DIRECTORY. Fails when
 * the directory holds no file.
 */
#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "fuzz.h"

enum { INPUT_MAX_BYTES = 8 << 20 };

static bool run_file(const char *dir, const char *name)
{
    struct arena arena = arena_limited(2 * INPUT_MAX_BYTES);
    char *path = arena_printf(&arena, "%s/%s", dir, name);
    struct diag diag = { 0 };
    struct str text;
    bool good;

    good = path && file_read(&arena, path, INPUT_MAX_BYTES, &text, &diag) == ERR_OK;
    if (good)
        (void)LLVMFuzzerTestOneInput((const uint8_t *)text.ptr, text.len);
    else
        fprintf(stderr, "%s/%s: %s\n", dir, name, diag_text(&diag));
    arena_release(&arena);
    return good;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    int failed = 0, count = 0;

    if (!dir) {
        fprintf(stderr, "usage: replay DIRECTORY\n");
        return 2;
    }
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        failed += !run_file(argv[1], entry->d_name);
        count++;
    }
    closedir(dir);
    printf("%d inputs, %d unreadable\n", count, failed);
    return failed || !count;
}
