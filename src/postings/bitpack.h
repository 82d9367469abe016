/*
 * bitpack.h - the loops that postings spend their time in: unpacking, code planes, searching.
 *
 * Private to the module. Each kernel exists twice, in plain C and with AVX2; both give the same output for the same
 * input, which a test holds them to. Arguments are checked by the caller; nothing is checked here.
 * Thread rule: pure functions; the choice of the set is made once and is safe from any thread.
 */
#ifndef AISLE_POSTINGS_BITPACK_H
#define AISLE_POSTINGS_BITPACK_H

#include "postings/postings_format.h"

struct postings_kernels {
    /*
     * Documents of a full block from its packed gaps, width 0..32: out[i] = out[i - 1] + 1 + value i, modulo 2^32, with
     * before standing for out[-1].
     */
    void (*unpack)(const uint8_t *packed, uint32_t width, uint32_t before, uint32_t *out);

    /*
     * codes[i] += value i of the planes, or palette[value i] where palette (8 entries) is not NULL; up to 5 planes of
     * count values each, with a palette up to 3.
     */
    void (*add_planes)(const uint8_t *planes, uint32_t plane_count, uint32_t count, const uint8_t *palette,
                       uint8_t *codes);

    /*
     * Index of the first of documents, from index start on, that is at least target. There is one, and the array goes
     * on for 8 words behind it; values are ascending and below 2^31.
     */
    uint32_t (*find)(const uint32_t *documents, uint32_t start, uint32_t count, uint32_t target);

    /* Adds distance to the documents from index start to before end, modulo 2^32. */
    void (*shift)(uint32_t *documents, uint32_t start, uint32_t end, uint32_t distance);
};

/* Packs the values (gaps less 1, below 2^width) of a full block; packed has room for all rows. */
void bitpack_pack(const uint32_t *values, uint32_t width, uint8_t *packed);

/* Packs fewer values into one stream. */
void bitpack_pack_stream(const uint32_t *values, uint32_t count, uint32_t width, uint8_t *packed);

/* As kernel unpack for one stream of count values; width 0..32. */
void bitpack_unpack_stream(const uint8_t *packed, uint32_t count, uint32_t width, uint32_t before, uint32_t *out);

extern const struct postings_kernels bitpack_plain;

/* NULL where the machine, or the build, has no AVX2. */
const struct postings_kernels *bitpack_avx2(void);

/* The best there is. */
const struct postings_kernels *bitpack_kernels(void);

#endif
