#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/size.h"

enum { BUF_FIRST_BYTES = 256 };

struct buf buf_limited(size_t limit_bytes)
{
    return (struct buf){ .limit_bytes = limit_bytes };
}

void buf_release(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){ .limit_bytes = b->limit_bytes };
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = ERR_OK;
}

static bool fail(struct buf *b, enum err why)
{
    b->failed = why;
    return false;
}

bool buf_reserve(struct buf *b, size_t more_bytes)
{
    size_t need = add_size(b->len, more_bytes);
    size_t capacity = b->capacity_bytes ? b->capacity_bytes : BUF_FIRST_BYTES;
    char *data;

    if (b->failed)
        return false;
    if (need <= b->capacity_bytes)
        return true;
    if (need > b->limit_bytes)
        return fail(b, ERR_LIMIT);
    while (capacity < need)
        capacity = mul_size(capacity, 2);
    if (capacity > b->limit_bytes)
        capacity = b->limit_bytes;
    data = mem_realloc(b->data, capacity);
    if (!data)
        return fail(b, ERR_NOMEM);
    b->data = data;
    b->capacity_bytes = capacity;
    return true;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (!len || !buf_reserve(b, len))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_append_str(struct buf *b, struct str s)
{
    buf_append(b, s.ptr, s.len);
}

void buf_append_cstr(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_append_byte(struct buf *b, char byte)
{
    buf_append(b, &byte, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0 && buf_reserve(b, (size_t)len + 1)) {
        vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

struct str buf_str(const struct buf *b)
{
    return (struct str){ b->data, b->len };
}

enum err buf_error(const struct buf *b)
{
    return b->failed;
}

char *buf_take(struct buf *b, size_t *ret_len)
{
    char *data = b->data;

    *ret_len = b->len;
    b->data = NULL;
    b->len = b->capacity_bytes = 0;
    return data;
}
