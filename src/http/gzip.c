#include "http/gzip.h"

#include <limits.h>
#include <zlib.h>

#include "base/mem.h"

enum {
    WINDOW_MIN_BITS = 9,
    WINDOW_MAX_BITS = 15,
    GZIP_WRAPPER = 16, /* zlib: added to the window's bits, asks for gzip instead of zlib */
    STEP_BYTES = 16384,
};

/* Is the weight "q=0", "q=0.000"? */
static bool is_zero(struct str weight)
{
    if (weight.len < 3 || (weight.ptr[0] != 'q' && weight.ptr[0] != 'Q') || weight.ptr[1] != '=')
        return false;
    for (size_t i = 2; i < weight.len; i++)
        if (weight.ptr[i] >= '1' && weight.ptr[i] <= '9')
            return false;
    return true;
}

/* What names gzip counts more than what stands for everything. */
bool gzip_is_accepted(struct str accept_encoding)
{
    struct str rest = accept_encoding, item, coding, weight;
    bool any = false;

    while (rest.len > 0) {
        rest = str_cut(rest, ',', &item);
        weight = str_trim(str_cut(item, ';', &coding));
        coding = str_trim(coding);
        if (str_equals_nocase(coding, STR("gzip")) || str_equals_nocase(coding, STR("x-gzip")))
            return !is_zero(weight);
        if (str_equals(coding, STR("*")))
            any = !is_zero(weight);
    }
    return any;
}

static void *take_memory(void *ctx, unsigned count, unsigned size_bytes)
{
    (void)ctx;
    return mem_alloc_zero(count, size_bytes);
}

static void give_memory(void *ctx, void *ptr)
{
    (void)ctx;
    mem_free(ptr);
}

static z_stream stream_of(struct str input)
{
    z_stream z = { .zalloc = take_memory, .zfree = give_memory };

    z.next_in = (Bytef *)(uintptr_t)input.ptr;
    z.avail_in = (uInt)input.len;
    return z;
}

static int window_bits(size_t len)
{
    int bits = WINDOW_MIN_BITS;

    while (bits < WINDOW_MAX_BITS && ((size_t)1 << bits) < len)
        bits++;
    return bits;
}

/* A small window goes with little memory. */
static bool begin_deflate(z_stream *z, int bits)
{
    return deflateInit2(z, GZIP_LEVEL, Z_DEFLATED, bits + GZIP_WRAPPER, bits > 12 ? 8 : 5,
                        Z_DEFAULT_STRATEGY) == Z_OK;
}

static enum err run(z_stream *z, int (*step)(z_stream *, int), int flush, struct buf *out)
{
    int state = Z_OK;

    while (state == Z_OK) {
        size_t room = out->limit_bytes - out->len;

        if (room > STEP_BYTES)
            room = STEP_BYTES;
        if (room == 0)
            return ERR_LIMIT;
        if (!buf_reserve(out, room))
            return buf_error(out);
        z->next_out = (Bytef *)out->data + out->len;
        z->avail_out = (uInt)room;
        state = step(z, flush);
        out->len += room - z->avail_out;
    }
    return state == Z_STREAM_END ? ERR_OK : ERR_CORRUPT;
}

enum err gzip_pack(struct str text, struct buf *out)
{
    z_stream z = stream_of(text);
    enum err err;

    if (text.len > UINT_MAX)
        return ERR_LIMIT;
    if (!begin_deflate(&z, window_bits(text.len)))
        return ERR_NOMEM;
    err = run(&z, deflate, Z_FINISH, out);
    deflateEnd(&z);
    return err;
}

enum err gzip_unpack(struct str packed, struct buf *out)
{
    z_stream z = stream_of(packed);
    enum err err;

    if (packed.len > UINT_MAX)
        return ERR_LIMIT;
    if (inflateInit2(&z, WINDOW_MAX_BITS + GZIP_WRAPPER) != Z_OK)
        return ERR_NOMEM;
    err = run(&z, inflate, Z_NO_FLUSH, out);
    inflateEnd(&z);
    return err;
}

struct gzip_stream {
    z_stream z;
};

struct gzip_stream *gzip_stream_new(void)
{
    struct gzip_stream *g = mem_alloc_zero(1, sizeof *g);

    if (!g)
        return NULL;
    g->z = stream_of(STR_NONE);
    if (begin_deflate(&g->z, WINDOW_MAX_BITS))
        return g;
    mem_free(g);
    return NULL;
}

bool gzip_stream_pack(struct gzip_stream *g, struct str *text, bool is_last, char *out,
                      size_t max_bytes, size_t *ret_len)
{
    uInt room = max_bytes < STEP_BYTES ? (uInt)max_bytes : STEP_BYTES;
    uInt taken = text->len < UINT_MAX ? (uInt)text->len : UINT_MAX;
    bool finishes = is_last && taken == text->len;
    int state;

    g->z.next_in = (Bytef *)(uintptr_t)text->ptr;
    g->z.avail_in = taken;
    g->z.next_out = (Bytef *)out;
    g->z.avail_out = room;
    state = deflate(&g->z, finishes ? Z_FINISH : Z_NO_FLUSH);
    taken -= g->z.avail_in;
    *text = (struct str){ text->ptr + taken, text->len - taken };
    *ret_len = room - g->z.avail_out;
    return state != Z_STREAM_END;
}

void gzip_stream_free(struct gzip_stream *g)
{
    if (!g)
        return;
    deflateEnd(&g->z);
    mem_free(g);
}
