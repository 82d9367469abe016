/*
 * lanes.h - the loops over bitsets of postings: to documents, and to sums of scores without documents.
 *
 * Private to the module. Each kernel exists in plain C, with AVX2 and with AVX-512; all give the same output for the
 * same input, which a test holds them to. Arguments are checked by the caller; nothing is checked here.
 *
 * bench_kernels, Sapphire Rapids, a posting in bitsets with one document in two: to documents 0.8 ns in plain C, 0.25
 * with AVX2, 0.14 with AVX-512; parts added 0.8, 0.44, 0.22. AVX-512 is taken only where base/processor.h
 * says that it fits: microcode against data sampling made the gathers of earlier processors slow.
 * Thread rule: pure functions.
 */
#ifndef AISLE_POSTINGS_LANES_H
#define AISLE_POSTINGS_LANES_H

#include "postings/postings_format.h"

struct postings_lanes {
    /*
     * The numbers of the set bits of little-endian words, first being that of bit 0, to out, which has room for limit
     * and POSTINGS_SLACK. Returns how many they are; when more than limit some number above it.
     */
    uint32_t (*expand)(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t limit, uint32_t *out);

    /*
     * For each of count numbers, first being that of bit 0 of at most POSTINGS_BITSET_WORDS_MAX words: base, plus how
     * many set bits stand before its own; UINT32_MAX for one that is not set.
     */
    void (*rank)(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t base, const uint32_t *numbers,
                 size_t count, uint32_t *ranks);

    /*
     * What each of count codes is worth: parts[i] = table[codes[i]]. POSTINGS_SLACK more codes may be read, and as many
     * parts written.
     */
    void (*price)(const uint8_t *codes, uint32_t count, const int32_t table[256], int32_t *parts);

    /*
     * For each set bit i of [start, end) adds the next of parts to scores[i - start]. parts may be read for
     * POSTINGS_SLACK behind what is used.
     */
    void (*add)(const uint8_t *bits, uint32_t start, uint32_t end, const int32_t *parts, int32_t *scores);

    /* Likewise always the same part. */
    void (*add_equal)(const uint8_t *bits, uint32_t start, uint32_t end, int32_t part, int32_t *scores);

    /* ORs a bit for each byte that is not 0, but UINT8_MAX, into words of bits. */
    void (*pack)(const uint8_t *marks, uint32_t words, uint64_t *bits);
};

enum lanes_level { LANES_PLAIN, LANES_AVX2, LANES_AVX512 };
#define LANES_LEVELS (LANES_AVX512 + 1)

/* A set; NULL where the machine, or the build, has none of that level. */
const struct postings_lanes *lanes_of_level(enum lanes_level level);

/* The best there is. */
const struct postings_lanes *lanes_kernels(void);

extern const struct postings_lanes lanes_plain;

void lanes_rank_plain(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t base, const uint32_t *numbers,
                      size_t count, uint32_t *ranks);

/* The same with the processor's count of bits; only where the machine has AVX2. */
void lanes_rank_popcnt(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t base, const uint32_t *numbers,
                       size_t count, uint32_t *ranks);

void lanes_price_plain(const uint8_t *codes, uint32_t count, const int32_t table[256], int32_t *parts);

/* NULL where the machine, or the build, has not what they take. */
const struct postings_lanes *lanes_avx2(void);
const struct postings_lanes *lanes_avx512(void);

/* count (1 to 64) bits from bit i on, in the low bits; the others are 0. Touches no word without one of them. */
static inline uint64_t lanes_take(const uint8_t *bits, uint32_t i, uint32_t count)
{
    const uint8_t *word = bits + i / 64 * sizeof(uint64_t);
    uint64_t taken = load_u64(word) >> (i % 64);
    if (i % 64 + count > 64) {
        taken |= load_u64(word + sizeof(uint64_t)) << (64 - i % 64);
    }
    return taken & UINT64_MAX >> (64 - count);
}

/* The kernel rank, compiled for whoever includes it. */
static inline __attribute__((always_inline)) void lanes_rank(const uint8_t *bits, uint32_t words, uint32_t first,
                                                             uint32_t base, const uint32_t *numbers, size_t count,
                                                             uint32_t *ranks)
{
    uint32_t before[POSTINGS_BITSET_WORDS_MAX];
    for (uint32_t i = 0; i < words; i++) {
        before[i] = base;
        base += (uint32_t)__builtin_popcountll(load_u64(bits + i * sizeof(uint64_t)));
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t offset = numbers[i] - first;
        uint32_t word = offset / 64;
        ranks[i] = UINT32_MAX;
        if (word < words) {
            uint64_t set = load_u64(bits + word * sizeof(uint64_t));
            uint32_t rank = before[word] + (uint32_t)__builtin_popcountll(set & ~(UINT64_MAX << (offset % 64)));
            ranks[i] = (set >> (offset % 64) & 1) != 0 ? rank : UINT32_MAX;
        }
    }
}

#endif
