/*
 * bitset.h - plain arrays of 64-bit words as sets of small integers. No ownership, no bounds of its own.
 *
 * Counting takes the processor's instruction for it where there is one, which is found out at run time: a compiler that
 * may not assume it calls a table-driven function for each word, eight times as slow. Long sets take eight words at a
 * time where AVX-512 counts bits. AVX2, which does not, would be no faster than word by word.
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

/* How many bits are set in word_count words, which may lie anywhere in memory (a bitset in an extent does). */
size_t bitset_count(const void *words, size_t word_count);

/* Replace words by what both have, either has, words has and other has not; return how many bits are then set. */
size_t bitset_and(uint64_t *words, const uint64_t *other, size_t word_count);
size_t bitset_or(uint64_t *words, const uint64_t *other, size_t word_count);
size_t bitset_and_not(uint64_t *words, const uint64_t *other, size_t word_count);

enum bitset_join {
    BITSET_ALL, /* what all of the sets have */
    BITSET_ANY  /* what any of them has */
};

/* A mark is for so many words of a set: it is cleared where these are all zeros. */
#define BITSET_MARKED 16u

/* Borrowed sets of equal size, one or more. */
struct bitset_sets {
    const uint64_t *const *sets;
    size_t count;
    const uint64_t *without; /* what this one has does not count; NULL: all does */
    const uint64_t *marks;   /* a bit for each BITSET_MARKED words; others are not read; NULL: all are */
};

/* Words of the marks of a set of word_count words. */
static inline size_t bitset_mark_words(size_t word_count)
{
    return bitset_words((word_count + BITSET_MARKED - 1) / BITSET_MARKED);
}

/* Writes the marks of a set. */
void bitset_mark(const uint64_t *words, size_t word_count, uint64_t *marks);

/* How many bits the sets have together, of word_count words each, in one pass that writes nothing. */
size_t bitset_count_joined(enum bitset_join join, const struct bitset_sets *sets, size_t word_count);

/* The same in plain C on any machine: what the other is tested against. */
size_t bitset_count_joined_plain(enum bitset_join join, const struct bitset_sets *sets, size_t word_count);

/* How many are set among the bits before the i-th of little-endian words, wherever they lie. */
size_t bitset_rank(const uint8_t *words, size_t i);

#endif
