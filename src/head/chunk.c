/*
 * Bits fill each word from its most significant end.
 *
 * First sample: 64 bits time, 64 bits value. Every later one:
 *
 *   time    dod = (t - t') - (t' - t''), the delta before the second being 0
 *           0                          dod = 0
 *           10     +  5 bits (dod + 15)    -15 .. 16
 *           110    +  9 bits (dod + 255)   -255 .. 256
 *           1110   + 14 bits (dod + 8191)  -8191 .. 8192
 *           11110  + 32 bits (dod + 2^31 - 1)
 *           11111  + 64 bits dod
 *   value   xor = bits ^ bits of the value before
 *           0                          xor = 0
 *           10     + the window's bits     xor fits the window of the last 11
 *           11     + 5 leading, 6 length - 1, then the significant bits
 *
 * Example: 1000 ms steps with up to 3 ms of jitter cost 7 bits of time per sample, an
 * unchanged value costs 1. All sums wrap modulo 2^64, so any two times work.
 */
#include "head/chunk.h"

enum {
    LEADING_MAX_BITS = 31,      /* what 5 bits can say */
    NEW_WINDOW_HEADER_BITS = 11 /* what a new window costs more than the old one */
};

struct time_class {
    unsigned prefix_bits;
    uint64_t prefix;
    unsigned body_bits;
    uint64_t bias; /* added to dod, so that the body is not negative */
};

static const struct time_class time_classes[] = {
    { 1, 0x00, 0, 0 },     { 2, 0x02, 5, 15 },         { 3, 0x06, 9, 255 },
    { 4, 0x0e, 14, 8191 }, { 5, 0x1e, 32, INT32_MAX }, { 5, 0x1f, 64, 0 },
};

enum { TIME_CLASS_WHOLE = 5 };

static const struct time_class *time_class_of(uint64_t dod)
{
    unsigned i = 0;

    while (i < TIME_CLASS_WHOLE && (dod + time_classes[i].bias) >> time_classes[i].body_bits)
        i++;
    return &time_classes[i];
}

struct window {
    bool is_new;
    unsigned leading_bits;
    unsigned significant_bits;
};

/* xor is not 0. A much narrower window pays for its header. */
static struct window window_of(const struct chunk_writer *w, uint64_t xor_bits)
{
    unsigned leading = (unsigned)__builtin_clzll(xor_bits);
    unsigned trailing = (unsigned)__builtin_ctzll(xor_bits);
    unsigned old_trailing = 64u - w->leading_bits - w->significant_bits;
    unsigned significant;

    if (leading > LEADING_MAX_BITS)
        leading = LEADING_MAX_BITS;
    significant = 64 - leading - trailing;
    if (w->significant_bits && leading >= w->leading_bits && trailing >= old_trailing &&
        w->significant_bits <= significant + NEW_WINDOW_HEADER_BITS)
        return (struct window){ false, w->leading_bits, w->significant_bits };
    return (struct window){ true, leading, significant };
}

/* Writes the low `count` bits of `value`; 1 <= count <= 64, value < 2^count. */
static void put_bits(struct chunk *c, struct chunk_writer *w, uint64_t value, unsigned count)
{
    unsigned idx = w->position_bits / 64u;
    unsigned used = w->position_bits % 64u;
    unsigned room = 64 - used;
    uint64_t word = used ? atomic_load_explicit(&c->words[idx], memory_order_relaxed) : 0;

    if (count <= room) {
        word |= value << (room - count);
        atomic_store_explicit(&c->words[idx], word, memory_order_relaxed);
    } else {
        unsigned rest = count - room;

        atomic_store_explicit(&c->words[idx], word | value >> rest, memory_order_relaxed);
        atomic_store_explicit(&c->words[idx + 1], value << (64 - rest), memory_order_relaxed);
    }
    w->position_bits = (uint16_t)(w->position_bits + count);
}

/* Fields of one sample, collected so that most samples are one write. */
struct pending {
    uint64_t bits;
    unsigned count;
};

static void flush_pending(struct chunk *c, struct chunk_writer *w, struct pending *p)
{
    if (p->count)
        put_bits(c, w, p->bits, p->count);
    *p = (struct pending){ 0 };
}

/* count < 64, or nothing is pending. */
static void add_pending(struct chunk *c, struct chunk_writer *w, struct pending *p, uint64_t value,
                        unsigned count)
{
    if (p->count + count > 64)
        flush_pending(c, w, p);
    p->bits = count == 64 ? value : p->bits << count | value;
    p->count += count;
}

static void put_time(struct chunk *c, struct chunk_writer *w, struct pending *p,
                     const struct time_class *class, uint64_t dod)
{
    add_pending(c, w, p, class->prefix, class->prefix_bits);
    if (class->body_bits)
        add_pending(c, w, p, dod + class->bias, class->body_bits);
}

static void put_value(struct chunk *c, struct chunk_writer *w, struct pending *p,
                      struct window window, uint64_t xor_bits)
{
    unsigned trailing = 64 - window.leading_bits - window.significant_bits;

    if (window.is_new) {
        add_pending(c, w, p,
                    UINT64_C(3) << 11 | (uint64_t)window.leading_bits << 6 |
                        (window.significant_bits - 1),
                    2 + NEW_WINDOW_HEADER_BITS);
        w->leading_bits = (uint8_t)window.leading_bits;
        w->significant_bits = (uint8_t)window.significant_bits;
    } else {
        add_pending(c, w, p, 2, 2);
    }
    add_pending(c, w, p, xor_bits >> trailing, window.significant_bits);
}

void chunk_begin(struct chunk *c, struct chunk_writer *w, int64_t ts_ms, double value)
{
    *w = (struct chunk_writer){ .ts_ms = ts_ms, .bits = sample_bits(value) };
    atomic_store_explicit(&c->next, 0, memory_order_relaxed);
    put_bits(c, w, (uint64_t)ts_ms, 64);
    put_bits(c, w, w->bits, 64);
    atomic_store_explicit(&c->count, 1, memory_order_release);
}

bool chunk_append(struct chunk *c, struct chunk_writer *w, int64_t ts_ms, double value)
{
    uint64_t delta = (uint64_t)ts_ms - (uint64_t)w->ts_ms;
    uint64_t dod = delta - (uint64_t)w->delta_ms;
    uint64_t bits = sample_bits(value);
    uint64_t xor_bits = bits ^ w->bits;
    const struct time_class *class = time_class_of(dod);
    struct window window = { 0 };
    struct pending pending = { 0 };
    unsigned cost = class->prefix_bits + class->body_bits + 1;
    uint32_t count;

    if (xor_bits) {
        window = window_of(w, xor_bits);
        cost += 1 + window.significant_bits + (window.is_new ? NEW_WINDOW_HEADER_BITS : 0);
    }
    if (w->position_bits + cost > CHUNK_BITS)
        return false;
    put_time(c, w, &pending, class, dod);
    if (xor_bits)
        put_value(c, w, &pending, window, xor_bits);
    else
        add_pending(c, w, &pending, 0, 1);
    flush_pending(c, w, &pending);
    w->ts_ms = ts_ms;
    w->delta_ms = (int64_t)delta;
    w->bits = bits;
    count = atomic_load_explicit(&c->count, memory_order_relaxed);
    atomic_store_explicit(&c->count, count + 1, memory_order_release);
    return true;
}

/* The bits of a chunk on their way to samples. */
struct bits {
    uint64_t words[CHUNK_WORDS + 1]; /* one more, so that the last one has a neighbour */
    unsigned position;
    unsigned leading, significant;
};

/* The next 64 bits. */
static uint64_t peek(const struct bits *b)
{
    const uint64_t *word = &b->words[b->position / 64];
    unsigned used = b->position % 64;

    return word[0] << used | word[1] >> 1 >> (63 - used);
}

static uint64_t take_dod(struct bits *b)
{
    uint64_t ahead = peek(b);
    const struct time_class *class;
    uint64_t body;

    if (!(ahead >> 63)) {
        b->position++;
        return 0;
    }
    class = &time_classes[__builtin_clzll(~ahead | UINT64_C(1) << (63 - TIME_CLASS_WHOLE))];
    b->position += class->prefix_bits;
    body = peek(b) >> (64 - class->body_bits);
    b->position += class->body_bits;
    return body - class->bias;
}

static uint64_t take_xor(struct bits *b)
{
    uint64_t ahead = peek(b), body;

    if (!(ahead >> 63)) {
        b->position++;
        return 0;
    }
    b->position += 2;
    if (ahead >> 62 & 1) {
        b->leading = (unsigned)(ahead << 2 >> 59);
        b->significant = (unsigned)(ahead << 7 >> 58) + 1;
        b->position += NEW_WINDOW_HEADER_BITS;
    }
    body = peek(b) >> (64 - b->significant);
    b->position += b->significant;
    return body << (64 - b->leading - b->significant);
}

/* The published count guarantees that the bits of so many samples are there. */
void chunk_read(const struct chunk *c, uint32_t count, struct sample *out)
{
    struct bits b = { .position = CHUNK_FIRST_BITS };
    uint64_t ts, delta = 0, value;

    for (unsigned i = 0; i < CHUNK_WORDS; i++)
        b.words[i] = atomic_load_explicit(&c->words[i], memory_order_relaxed);
    ts = b.words[0];
    value = b.words[1];
    out[0] = (struct sample){ (int64_t)ts, sample_from_bits(value) };
    for (uint32_t i = 1; i < count; i++) {
        delta += take_dod(&b);
        ts += delta;
        value ^= take_xor(&b);
        out[i] = (struct sample){ (int64_t)ts, sample_from_bits(value) };
    }
}
