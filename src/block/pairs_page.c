/*
 *   varint  where the first list of this page begins in the stream of postings
 *   per pair
 *     varint  2 * the bytes that its value shares with the value before, or
 *             2 * 0 + 1, and then its name with its length: the name is another one
 *     varint  length of the rest of the value, the rest
 *     varint  0, and zz(series - the single series before it in this page), or
 *             the length of its list, which follows the list before it
 */
#include "block/pairs_page.h"

#include "base/mem.h"
#include "page/bytes.h"

enum { TEXT_MAX_BYTES = BLOCK_PAIRS_PER_PAGE * (LABEL_NAME_MAX_BYTES + LABEL_VALUE_MAX_BYTES) };

int pairs_compare(struct label a, struct label b)
{
    int order = str_compare(a.name, b.name);

    return order ? order : str_compare(a.value, b.value);
}

/* --- writing --- */

void pairs_page_begin(struct pairs_state *s, uint64_t postings_at, struct buf *out)
{
    *s = (struct pairs_state){ .postings_at = postings_at };
    bytes_put_varint(out, postings_at);
}

static size_t shared_len(struct str a, struct str b)
{
    size_t max = a.len < b.len ? a.len : b.len;
    size_t len = 0;

    while (len < max && a.ptr[len] == b.ptr[len])
        len++;
    return len;
}

void pairs_page_put(struct pairs_state *s, struct label pair, const struct posting *posting,
                    struct buf *out)
{
    bool same = str_equals(s->name, pair.name);
    size_t shared = same ? shared_len(s->value, pair.value) : 0;

    bytes_put_varint(out, 2 * shared + !same);
    if (!same)
        bytes_put_text(out, pair.name);
    bytes_put_text(out, (struct str){ pair.value.ptr + shared, pair.value.len - shared });
    bytes_put_varint(out, posting->single ? 0 : posting->len);
    if (posting->single) {
        bytes_put_varint(out, bytes_zigzag((uint64_t)posting->series - s->series));
        s->series = posting->series;
    }
    s->name = pair.name;
    s->value = pair.value;
}

/* --- reading --- */

enum err pairs_page_init(struct pairs_page *p)
{
    *p = (struct pairs_page){ .text = buf_limited(TEXT_MAX_BYTES) };
    p->entries = mem_alloc_zero(BLOCK_PAIRS_PER_PAGE, sizeof *p->entries);
    return p->entries ? ERR_OK : ERR_NOMEM;
}

void pairs_page_release(struct pairs_page *p)
{
    buf_release(&p->text);
    mem_free(p->entries);
    *p = (struct pairs_page){ 0 };
}

size_t pairs_page_bytes(const struct pairs_page *p)
{
    return p->text.capacity_bytes + (p->entries ? BLOCK_PAIRS_PER_PAGE * sizeof *p->entries : 0);
}

static void read_posting(struct bytes_reader *r, struct pairs_state *s, const struct layout *l,
                         struct posting *ret)
{
    uint64_t len = bytes_take_varint(r, l->postings_bytes - s->postings_at);

    *ret = (struct posting){ .single = len == 0, .at = s->postings_at, .len = len };
    s->postings_at += len;
    if (!ret->single)
        return;
    s->series += (uint32_t)bytes_take_zigzag(r);
    if (s->series >= l->series_count)
        r->bad = true;
    ret->series = s->series;
}

static void read_name(struct pairs_page *p, struct bytes_reader *r, struct pairs_entry *e)
{
    struct str name = bytes_take_text(r, LABEL_NAME_MAX_BYTES);

    e->name_at = (uint32_t)p->text.len;
    e->name_len = (uint16_t)name.len;
    buf_append_str(&p->text, name);
}

/* Puts the shared front of the value before, and the rest, at the end of the text. */
static void read_value(struct pairs_page *p, struct bytes_reader *r, size_t shared,
                       const struct pairs_entry *before, struct pairs_entry *e)
{
    struct str rest = bytes_take_text(r, LABEL_VALUE_MAX_BYTES - shared);

    e->value_at = (uint32_t)p->text.len;
    e->value_len = (uint16_t)(shared + rest.len);
    if (!buf_reserve(&p->text, shared + rest.len))
        return;
    if (shared)
        buf_append(&p->text, p->text.data + before->value_at, shared);
    buf_append_str(&p->text, rest);
}

static void read_entry(struct pairs_page *p, struct bytes_reader *r, struct pairs_state *s,
                       const struct layout *l)
{
    struct pairs_entry *e = &p->entries[p->count];
    const struct pairs_entry *before = p->count ? e - 1 : NULL;
    uint64_t token = bytes_take_varint(r, 2 * LABEL_VALUE_MAX_BYTES);
    size_t shared = (size_t)(token / 2);

    if (token & 1) {
        read_name(p, r, e);
    } else if (before) {
        e->name_at = before->name_at;
        e->name_len = before->name_len;
    }
    if ((token & 1 && shared) || (!before && !(token & 1)) ||
        (before && shared > before->value_len))
        r->bad = true;
    if (!r->bad)
        read_value(p, r, shared, before, e);
    read_posting(r, s, l, &e->posting);
}

struct label pairs_page_entry(const struct pairs_page *p, size_t idx)
{
    const struct pairs_entry *e = &p->entries[idx];

    return (struct label){ { p->text.data + e->name_at, e->name_len },
                           { p->text.data + e->value_at, e->value_len } };
}

enum err pairs_page_read(struct pairs_page *p, struct str raw, size_t count,
                         const struct layout *layout)
{
    struct bytes_reader r = bytes_reader_of(raw);
    struct pairs_state s = { .postings_at = bytes_take_varint(&r, layout->postings_bytes) };

    buf_clear(&p->text);
    p->count = 0;
    while (p->count < count) {
        read_entry(p, &r, &s, layout);
        if (r.bad)
            return ERR_CORRUPT;
        if (buf_error(&p->text))
            return ERR_NOMEM;
        p->count++;
        if (p->count > 1 && pairs_compare(pairs_page_entry(p, p->count - 2),
                                          pairs_page_entry(p, p->count - 1)) >= 0)
            return ERR_CORRUPT;
    }
    return bytes_are_read(&r) ? ERR_OK : ERR_CORRUPT;
}
