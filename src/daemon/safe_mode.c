#include "daemon/safe_mode.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_MAX_BYTES = 4096 };

static const char word[] = "start ";

static void append(struct starts *s, int64_t at_ms)
{
    if (s->count == SAFE_MODE_STARTS_KEPT)
        memmove(s->at_ms, s->at_ms + 1, --s->count * sizeof s->at_ms[0]);
    s->at_ms[s->count++] = at_ms;
}

static bool take_line(struct starts *s, struct str line)
{
    int64_t at_ms;

    if (!str_has_prefix(line, STR(word)) ||
        !str_parse_i64((struct str){ line.ptr + strlen(word), line.len - strlen(word) }, &at_ms) ||
        at_ms < 0)
        return false;
    append(s, at_ms);
    return true;
}

bool starts_parse(struct str text, struct starts *ret)
{
    struct starts s = { .count = 0 };
    bool good = true;

    for (size_t begin = 0, end; good && begin < text.len; begin = end + 1) {
        for (end = begin; end < text.len && text.ptr[end] != '\n'; end++)
            ;
        good = end < text.len && take_line(&s, (struct str){ text.ptr + begin, end - begin });
    }
    *ret = good ? s : (struct starts){ .count = 0 };
    return good;
}

void starts_format(const struct starts *s, struct buf *out)
{
    for (size_t i = 0; i < s->count; i++)
        buf_printf(out, "%s%lld\n", word, (long long)s->at_ms[i]);
}

void starts_note(struct starts *s, int64_t now_ms)
{
    append(s, now_ms);
}

bool starts_ask_for_safe_mode(const struct starts *s, int64_t now_ms)
{
    size_t recent = 0;

    for (size_t i = 0; i < s->count; i++)
        recent += s->at_ms[i] <= now_ms && now_ms - s->at_ms[i] <= SAFE_MODE_WINDOW_MS;
    return recent >= SAFE_MODE_STARTS;
}

static bool path_of(const char *dir, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/starts", dir);

    return len > 0 && len < PATH_MAX;
}

/* The starts in the file: none when it is missing; false when it is damaged. */
static bool read_starts(const char *path, struct starts *ret)
{
    struct arena arena = arena_limited(2 * FILE_MAX_BYTES);
    struct str text = STR_NONE;
    enum err err = file_read(&arena, path, FILE_MAX_BYTES, &text, NULL);
    bool good = err == ERR_NOT_FOUND || (!err && starts_parse(text, ret));

    arena_release(&arena);
    return good;
}

enum err safe_mode_begin(const char *dir, int64_t now_ms, struct safe_mode_start *ret,
                         struct diag *diag)
{
    struct buf text = buf_limited(FILE_MAX_BYTES);
    struct starts starts = { .count = 0 };
    char path[PATH_MAX];
    enum err err;

    *ret = (struct safe_mode_start){ .is_safe = false };
    if (!path_of(dir, path))
        return diag_set(diag, ERR_IO, "%s: the path is too long", dir);
    ret->is_damaged = !read_starts(path, &starts);
    ret->is_safe = starts_ask_for_safe_mode(&starts, now_ms);
    starts_note(&starts, now_ms);
    starts_format(&starts, &text);
    err = buf_error(&text);
    if (!err)
        err = file_write_atomic(path, buf_str(&text), diag);
    buf_release(&text);
    return err;
}

void safe_mode_end(const char *dir)
{
    char path[PATH_MAX];

    if (path_of(dir, path))
        (void)unlink(path);
}
