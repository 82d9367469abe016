/*
 * bits.h - unsigned integers of one width, packed back to back, low bits first.
 *
 * Readers load whole words that end where the wanted bits end, so they never read behind the packed bytes but up to
 * seven bytes in front of them: every block of this module has a header of eight bytes or more there.
 */
#ifndef AISLE_DOCUMENTS_BITS_H
#define AISLE_DOCUMENTS_BITS_H

#include "base/bytes.h"

#define BITS_HEAD_BYTES 8u

/* Bits that hold value; 0 for 0. */
static inline unsigned bits_width(uint64_t value)
{
    return value == 0 ? 0 : 64u - (unsigned)__builtin_clzll(value);
}

/* The least width bits_get can read that holds width bits: with 58 to 63 a value could touch nine bytes. */
static inline unsigned bits_readable_width(unsigned width)
{
    return width > 57 ? 64 : width;
}

/* Bytes of count values. */
static inline size_t bits_bytes(size_t count, unsigned width)
{
    return (count * width + 7) / 8;
}

/* The i-th value; width is 0 to 57, or 64. */
static inline uint64_t bits_get(const uint8_t *bits, size_t i, unsigned width)
{
    if (width == 0) {
        return 0;
    }
    size_t end_bit = (i + 1) * width;
    size_t end = (end_bit + 7) / 8;
    uint64_t word = load_u64(bits + end - 8);
    return (word >> (64 - width - (end * 8 - end_bit))) & (UINT64_MAX >> (64 - width));
}

/* Sets the i-th value, where all bits are 0 yet. */
static inline void bits_put(uint8_t *bits, size_t i, unsigned width, uint64_t value)
{
    size_t bit = i * width;
    for (unsigned done = 0; done < width;) {
        unsigned shift = (unsigned)((bit + done) % 8);
        bits[(bit + done) / 8] |= (uint8_t)((value >> done) << shift);
        done += 8 - shift;
    }
}

#endif
