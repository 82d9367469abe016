/*
 * encode_kernels.h - the loops that writing a full block spends its time in: widths, exceptions, classes, planes.
 *
 * Private to the module. Each kernel exists twice, in plain C and with AVX2; both give the same output for the same
 * input, which a test holds them to. Gaps come in whole groups of ENCODE_GROUP, the last filled up with zeros, and at
 * most a block of them; the other kernels take POSTINGS_BLOCK values: codes of blocks that are not full, which are
 * short mostly, stay with block_encode.c's own loops. Arguments are checked by the caller.
 * Thread rule: pure functions; the choice of the set is made once and is safe from any thread.
 */
#ifndef AISLE_POSTINGS_ENCODE_KERNELS_H
#define AISLE_POSTINGS_ENCODE_KERNELS_H

#include "postings/postings_format.h"

#define ENCODE_BITS_END 32u /* a gap, below 2^31, has at most one less */
#define ENCODE_GROUP 32u
#define ENCODE_MASK_WORDS (POSTINGS_BLOCK / 64u)

struct encode_kernels {
    /* above[b], for b below ENCODE_BITS_END: how many of count gaps have more than b bits. */
    void (*count_bits)(const uint32_t *gaps, uint32_t count, uint32_t *above);

    /* Sets the bit, in mask's ENCODE_MASK_WORDS words, of each gap that is at least limit (1 to 2^31), no others. */
    void (*mark_reached)(const uint32_t *gaps, uint32_t count, uint32_t limit, uint64_t *mask);

    /* counts[c]: how many codes are of class c. */
    void (*count_classes)(const uint8_t *codes, uint32_t *counts);

    /* The rank of each code's class, by class. */
    void (*rank_classes)(const uint8_t *codes, const uint8_t *ranks, uint8_t *out);

    /* The lowest planes bits of each value, plane by plane, as postings_format.h has them; they have no others. */
    void (*put_planes)(const uint8_t *values, uint32_t planes, uint8_t *out);

    /* As bitpack_pack. */
    void (*pack)(const uint32_t *values, uint32_t width, uint8_t *packed);
};

extern const struct encode_kernels encode_kernels_plain;

/* NULL where the machine, or the build, has no AVX2. */
const struct encode_kernels *encode_kernels_avx2(void);

/* The best there is. */
const struct encode_kernels *encode_kernels(void);

/* The lowest bits of eight bytes as a byte, that of the first byte lowest. */
static inline uint8_t encode_low_bits(uint64_t eight)
{
    return (uint8_t)((eight & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56);
}

static inline uint32_t encode_bits_of(uint32_t value)
{
    return value == 0 ? 0 : 32u - (uint32_t)__builtin_clz(value);
}

#endif
