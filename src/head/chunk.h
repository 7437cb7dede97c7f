/*
 * Chunk: up to CHUNK_SAMPLES_MAX samples of one series in 128 bytes, XOR coded.
 *
 * One appender writes, any number of readers decode at the same time. The
 * appender stores the bits as 64-bit words and then publishes the number of
 * samples; a reader takes the number and decodes so many, so neither waits for
 * the other. Times and values come back bit for bit, NaN payloads included.
 *
 *   chunk_begin -> { chunk_append }*  until it answers false: the next chunk begins
 *   chunk_count -> chunk_read
 *
 * Threads   chunk_begin and chunk_append: the appender alone. Reading: any
 *           thread that got the chunk through an acquiring load after chunk_begin.
 * Memory    A plain value; the slabs (slab.h) own it.
 * Limits    CHUNK_SAMPLE_BITS_MAX per sample in the worst case.
 * Source    docs/formats/chunk.md; Pelkonen et al., Gorilla, VLDB 2015, section 4.1.
 */
#ifndef FUSEBOX_HEAD_CHUNK_H
#define FUSEBOX_HEAD_CHUNK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/sample.h"

enum {
    CHUNK_WORDS = 15,
    CHUNK_BITS = CHUNK_WORDS * 64,
    CHUNK_FIRST_BITS = 128,      /* the first sample stands raw */
    CHUNK_SAMPLE_BITS_MAX = 146, /* time 5 + 64, value 2 + 5 + 6 + 64 */
    CHUNK_SAMPLES_MAX = 1 + (CHUNK_BITS - CHUNK_FIRST_BITS) / 2,
};

struct chunk {
    _Atomic uint32_t next;  /* slab number of the series' next chunk; 0: none yet */
    _Atomic uint32_t count; /* samples that readers may decode */
    _Atomic uint64_t words[CHUNK_WORDS];
};

/* Where the appender stands; kept beside the series. */
struct chunk_writer {
    int64_t ts_ms; /* of the last sample */
    int64_t delta_ms;
    uint64_t bits; /* of the last value */
    uint16_t position_bits;
    uint8_t leading_bits;     /* the window of significant bits of the last XOR */
    uint8_t significant_bits; /* 0: no window yet */
};

/* Starts a chunk that nobody can see yet with its first sample. */
void chunk_begin(struct chunk *c, struct chunk_writer *w, int64_t ts_ms, double value);

/* Adds a sample and publishes it. False when it does not fit; then nothing changed. */
bool chunk_append(struct chunk *c, struct chunk_writer *w, int64_t ts_ms, double value) MUST_CHECK;

static inline int64_t chunk_first_ts_ms(const struct chunk *c)
{
    return (int64_t)atomic_load_explicit(&c->words[0], memory_order_relaxed);
}

/* How many samples may be read: one at least. */
static inline uint32_t chunk_count(const struct chunk *c)
{
    return atomic_load_explicit(&c->count, memory_order_acquire);
}

/* The first `count` samples, at most chunk_count of them. */
void chunk_read(const struct chunk *c, uint32_t count, struct sample *out);

#endif
