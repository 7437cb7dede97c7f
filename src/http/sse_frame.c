#include "http/sse_frame.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "base/mem.h"

struct sse_frame {
    atomic_int refs;
    struct buf text;
};

struct sse_frame *sse_frame_new(struct buf *text)
{
    struct sse_frame *frame = mem_alloc_zero(1, sizeof *frame);

    if (!frame) {
        buf_release(text);
        return NULL;
    }
    atomic_init(&frame->refs, 1);
    frame->text = *text;
    *text = (struct buf){ 0 };
    return frame;
}

struct sse_frame *sse_frame_ref(struct sse_frame *frame)
{
    atomic_fetch_add(&frame->refs, 1);
    return frame;
}

void sse_frame_unref(struct sse_frame *frame)
{
    if (!frame || atomic_fetch_sub(&frame->refs, 1) != 1)
        return;
    buf_release(&frame->text);
    mem_free(frame);
}

struct str sse_frame_text(const struct sse_frame *frame)
{
    return buf_str(&frame->text);
}

/* A line ends at LF, CR or CR LF; each would end the field too. */
static struct str cut_line(struct str text, struct str *ret_line)
{
    size_t at = 0, skip = 1;

    while (at < text.len && text.ptr[at] != '\n' && text.ptr[at] != '\r')
        at++;
    *ret_line = (struct str){ text.ptr, at };
    if (at == text.len)
        return STR_NONE;
    if (text.ptr[at] == '\r' && at + 1 < text.len && text.ptr[at + 1] == '\n')
        skip = 2;
    return (struct str){ text.ptr + at + skip, text.len - at - skip };
}

void sse_format(struct buf *out, const char *event, uint64_t id, struct str data)
{
    struct str line;

    if (id)
        buf_printf(out, "id: %" PRIu64 "\n", id);
    if (event && event[0])
        buf_printf(out, "event: %s\n", event);
    do {
        data = cut_line(data, &line);
        buf_append_cstr(out, "data: ");
        buf_append_str(out, line);
        buf_append_byte(out, '\n');
    } while (data.len > 0);
    buf_append_byte(out, '\n');
}
