#include "api/notices.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    const char *severity;
} table[] = {
#define X(id, name, severity) { name, severity },
    NOTICE_TABLE(X)
#undef X
};

void notices_init(struct notices *n)
{
    *n = (struct notices){ .rows = { { .is_raised = false } } };
    lock_init(&n->lock, LOCK_RANK_PUBLISH);
}

void notices_release(struct notices *n)
{
    lock_release(&n->lock);
}

bool notices_raise(struct notices *n, enum notice_id id, int64_t now_ms, const char *format, ...)
{
    struct notice *row = &n->rows[id];
    char text[NOTICE_TEXT_BYTES];
    va_list args;
    bool is_new;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lock_take(&n->lock);
    is_new = !row->is_raised;
    if (is_new)
        row->since_ms = now_ms;
    row->is_raised = true;
    memcpy(row->text, text, sizeof text);
    lock_drop(&n->lock);
    return is_new;
}

bool notices_clear(struct notices *n, enum notice_id id)
{
    bool was_raised;

    lock_take(&n->lock);
    was_raised = n->rows[id].is_raised;
    n->rows[id].is_raised = false;
    lock_drop(&n->lock);
    return was_raised;
}

bool notices_is_raised(struct notices *n, enum notice_id id)
{
    bool raised;

    lock_take(&n->lock);
    raised = n->rows[id].is_raised;
    lock_drop(&n->lock);
    return raised;
}

static void write_one(struct json *j, enum notice_id id, const struct notice *row)
{
    json_open_object(j);
    json_member_cstr(j, "name", table[id].name);
    json_member_cstr(j, "severity", table[id].severity);
    json_member_cstr(j, "text", row->text);
    json_member_time(j, "since", row->since_ms);
    json_close_object(j);
}

void notices_write(struct notices *n, struct json *j)
{
    json_key(j, "notices");
    json_open_array(j);
    for (int id = 0; n && id < NOTICE_COUNT; id++) {
        struct notice row;

        lock_take(&n->lock);
        row = n->rows[id];
        lock_drop(&n->lock);
        if (row.is_raised)
            write_one(j, (enum notice_id)id, &row);
    }
    json_close_array(j);
}

const char *notice_name(enum notice_id id)
{
    return table[id].name;
}
