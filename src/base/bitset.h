/*
 * bitset.h - plain arrays of 64-bit words as sets of small integers. Inline, no ownership, no bounds of its own.
 */
#ifndef AISLE_BASE_BITSET_H
#define AISLE_BASE_BITSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words that hold bits 0 to count - 1. */
static inline size_t bitset_words(size_t count)
{
    return (count + 63) / 64;
}

static inline bool bitset_get(const uint64_t *words, size_t i)
{
    return (words[i / 64] >> (i % 64)) & 1;
}

static inline void bitset_set(uint64_t *words, size_t i)
{
    words[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void bitset_clear(uint64_t *words, size_t i)
{
    words[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

static inline size_t bitset_count(const uint64_t *words, size_t word_count)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++) {
        count += (size_t)__builtin_popcountll(words[i]);
    }
    return count;
}

#endif
