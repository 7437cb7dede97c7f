/*
 * Fields of one kind stand together, each list in the order of columns and parts:
 *
 *   u8 per column      form | 0x20 has runs | 0x40 has exceptions | 0x80 count as before
 *   varint             count of each column without 0x80; then, in the order of the
 *                      parts, the count of every list of runs, of exceptions and of a
 *                      table's entries
 *   u8 per part        order | 4 signed | 8 has a step | width << 4
 *   u8                 scale of each part whose width is not 0
 *   varint             first of each part that has a value, in zig-zag
 *   varint             for each part of two values or more: centre in zig-zag, and
 *                      its step when it has one
 */
#include "page/page_meta.h"

enum {
    COLUMN_FORM_MASK = 0x1f,
    COLUMN_HAS_RUNS = 0x20,
    COLUMN_HAS_EXCEPTIONS = 0x40,
    COLUMN_SAME_COUNT = 0x80,
    PART_ORDER_MASK = 3,
    PART_IS_SIGNED = 4,
    PART_HAS_STEP = 8,
    PART_WIDTH_SHIFT = 4,
};

static void put_columns(const struct page_meta *meta, struct buf *out)
{
    uint32_t before = 0;

    for (size_t i = 0; i < meta->column_count; i++) {
        const struct column *c = &meta->columns[i];
        unsigned byte = c->form;

        byte |= c->has_runs ? COLUMN_HAS_RUNS : 0u;
        byte |= c->has_exceptions ? COLUMN_HAS_EXCEPTIONS : 0u;
        byte |= c->count == before ? COLUMN_SAME_COUNT : 0u;
        buf_append_byte(out, (char)byte);
        before = c->count;
    }
}

static void put_counts(const struct page_meta *meta, struct buf *out)
{
    uint32_t before = 0;

    for (size_t i = 0; i < meta->column_count; i++) {
        if (meta->columns[i].count != before)
            bytes_put_varint(out, meta->columns[i].count);
        before = meta->columns[i].count;
    }
    for (size_t i = 0; i < meta->column_count; i++) {
        const struct column *c = &meta->columns[i];

        if (c->has_runs)
            bytes_put_varint(out, meta->parts[c->first_part].count);
        if (c->has_exceptions)
            bytes_put_varint(out, meta->parts[column_main_part(c) - 1].count);
        if (c->form == FORM_TABLE)
            bytes_put_varint(out, meta->parts[column_main_part(c) + 1].count);
    }
}

static void put_parts(const struct page_meta *meta, struct buf *out)
{
    for (size_t i = 0; i < meta->part_count; i++) {
        const struct integers *part = &meta->parts[i];
        unsigned byte = part->order | (unsigned)part->width_bytes << PART_WIDTH_SHIFT;

        byte |= part->is_signed ? PART_IS_SIGNED : 0u;
        byte |= part->step != 1 ? PART_HAS_STEP : 0u;
        buf_append_byte(out, (char)byte);
    }
    for (size_t i = 0; i < meta->part_count; i++)
        if (meta->parts[i].width_bytes)
            buf_append_byte(out, (char)meta->parts[i].scale);
}

static void put_numbers(const struct page_meta *meta, struct buf *out)
{
    for (size_t i = 0; i < meta->part_count; i++)
        if (meta->parts[i].count)
            bytes_put_varint(out, bytes_zigzag(meta->parts[i].first));
    for (size_t i = 0; i < meta->part_count; i++) {
        const struct integers *part = &meta->parts[i];

        if (part->count < 2)
            continue;
        bytes_put_varint(out, bytes_zigzag(part->centre));
        if (part->step != 1)
            bytes_put_varint(out, part->step);
    }
}

void page_meta_put(const struct page_meta *meta, struct buf *out)
{
    put_columns(meta, out);
    put_counts(meta, out);
    put_parts(meta, out);
    put_numbers(meta, out);
}

static uint8_t take_byte(struct bytes_reader *in)
{
    if (in->at < in->end)
        return *in->at++;
    in->bad = true;
    return 0;
}

/* Forms and counts. Until take_counts a count is 1 for "as before", else 0. */
static bool take_columns(struct bytes_reader *in, enum page_kind kind, struct page_meta *meta)
{
    for (size_t i = 0; i < meta->column_count; i++) {
        uint8_t byte = take_byte(in);
        struct column c = { .form = byte & COLUMN_FORM_MASK, .count = byte / COLUMN_SAME_COUNT };

        c.has_runs = byte & COLUMN_HAS_RUNS;
        c.has_exceptions = byte & COLUMN_HAS_EXCEPTIONS;
        if (kind == PAGE_TIMES ? byte & ~COLUMN_SAME_COUNT : c.form >= FORMS || c.form == FORM_NEAR)
            return false;
        meta->columns[i] = c;
    }
    return true;
}

static bool take_counts(struct bytes_reader *in, struct page_meta *meta)
{
    uint64_t sum = 0;
    uint32_t before = 0;

    for (size_t i = 0; i < meta->column_count; i++) {
        uint64_t count = meta->columns[i].count ? before : bytes_take_varint(in, UINT64_MAX);

        sum += count;
        if (count > PAGE_SAMPLES_MAX || sum > PAGE_SAMPLES_MAX)
            return false;
        meta->columns[i].count = before = (uint32_t)count;
    }
    return true;
}

/* A list within a column: at least one, at most as many as the column has. */
static bool take_list(struct bytes_reader *in, uint32_t count_max, uint32_t *ret)
{
    uint64_t count = bytes_take_varint(in, UINT64_MAX);

    *ret = (uint32_t)count;
    return count >= 1 && count <= count_max;
}

/* The counts of one column's parts. */
static bool take_lists(struct bytes_reader *in, const struct column *c, struct integers *parts)
{
    uint32_t head_count = c->count;
    size_t at = 0;

    if (c->has_runs && !take_list(in, head_count, &parts[at++].count))
        return false;
    if (c->has_runs)
        head_count = parts[0].count;
    if (c->has_exceptions) {
        if (!take_list(in, head_count, &parts[at].count))
            return false;
        parts[at + 1].count = parts[at].count;
        at += 2;
    }
    parts[at].count = head_count;
    if (c->form == FORM_TABLE)
        return take_list(in, head_count, &parts[at + 1].count);
    parts[at + 1].count = head_count; /* when there is a second main part */
    return true;
}

static bool take_part_counts(struct bytes_reader *in, struct page_meta *meta)
{
    meta->part_count = 0;
    for (size_t i = 0; i < meta->column_count; i++) {
        struct column *c = &meta->columns[i];

        c->first_part = (uint32_t)meta->part_count;
        if (!take_lists(in, c, &meta->parts[meta->part_count]))
            return false;
        meta->part_count += column_part_count(c);
    }
    return true;
}

static bool take_shapes(struct bytes_reader *in, struct page_meta *meta)
{
    for (size_t i = 0; i < meta->part_count; i++) {
        uint8_t byte = take_byte(in);
        struct integers *part = &meta->parts[i];

        *part = (struct integers){ .count = part->count, .order = byte & PART_ORDER_MASK };
        part->is_signed = byte & PART_IS_SIGNED;
        part->step = byte & PART_HAS_STEP ? 0 : 1;
        part->width_bytes = byte >> PART_WIDTH_SHIFT;
        if (part->width_bytes > INTEGERS_WIDTH_MAX_BYTES)
            return false;
    }
    for (size_t i = 0; i < meta->part_count; i++)
        if (meta->parts[i].width_bytes)
            meta->parts[i].scale = take_byte(in);
    return true;
}

static bool take_numbers(struct bytes_reader *in, struct page_meta *meta)
{
    for (size_t i = 0; i < meta->part_count; i++)
        if (meta->parts[i].count)
            meta->parts[i].first = bytes_unzigzag(bytes_take_varint(in, UINT64_MAX));
    for (size_t i = 0; i < meta->part_count; i++) {
        struct integers *part = &meta->parts[i];

        if (part->count < 2)
            continue;
        part->centre = bytes_unzigzag(bytes_take_varint(in, UINT64_MAX));
        if (part->step != 1)
            part->step = bytes_take_varint(in, UINT64_MAX);
    }
    return !in->bad;
}

/* Only a first main part stands beside another: that of the column before, of the same count. */
static bool besides_are_there(const struct page_meta *meta)
{
    size_t part = 0;

    for (size_t i = 0; i < meta->column_count; i++) {
        const struct column *c = &meta->columns[i];
        size_t end = c->first_part + column_part_count(c);

        for (; part < end; part++) {
            if (meta->parts[part].order != INTEGERS_BESIDE)
                continue;
            if (part != column_main_part(c) || i == 0 ||
                meta->parts[column_main_part(c - 1)].count != meta->parts[part].count)
                return false;
        }
    }
    return true;
}

enum err page_meta_take(struct bytes_reader *in, enum page_kind kind, struct page_meta *meta,
                        struct diag *diag)
{
    if (!take_columns(in, kind, meta))
        return diag_set(diag, ERR_CORRUPT, "a column of the page has an unknown form");
    if (!take_counts(in, meta) || !take_part_counts(in, meta))
        return diag_set(diag, ERR_CORRUPT, "the counts of the page's columns are wrong");
    if (!take_shapes(in, meta) || !take_numbers(in, meta) || !besides_are_there(meta))
        return diag_set(diag, ERR_CORRUPT, "a column of the page is described wrongly");
    return ERR_OK;
}
