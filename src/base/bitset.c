/*
 * bitset.c - counting bits, with the processor's instruction or in plain C. Both are the same loop, compiled twice.
 */
#include "base/bitset.h"

#include "base/bytes.h"

#define WORD_BYTES sizeof(uint64_t)

static inline __attribute__((always_inline)) size_t count_words(const uint8_t *words, size_t word_count)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++) {
        count += (size_t)__builtin_popcountll(load_u64(words + i * WORD_BYTES));
    }
    return count;
}

static inline __attribute__((always_inline)) size_t count_before(const uint8_t *words, size_t i)
{
    size_t count = count_words(words, i / 64);
    if (i % 64 != 0) {
        count += (size_t)__builtin_popcountll(load_u64(words + i / 64 * WORD_BYTES) & ~(UINT64_MAX << (i % 64)));
    }
    return count;
}

#if defined(__x86_64__)

__attribute__((target("popcnt"))) static size_t count_fast(const uint8_t *words, size_t word_count)
{
    return count_words(words, word_count);
}

__attribute__((target("popcnt"))) static size_t rank_fast(const uint8_t *words, size_t i)
{
    return count_before(words, i);
}

static bool is_fast(void)
{
    return __builtin_cpu_supports("popcnt");
}

#else

#define count_fast count_words
#define rank_fast count_before

static bool is_fast(void)
{
    return false;
}

#endif

size_t bitset_count(const void *words, size_t word_count)
{
    return is_fast() ? count_fast(words, word_count) : count_words(words, word_count);
}

size_t bitset_rank(const uint8_t *words, size_t i)
{
    return is_fast() ? rank_fast(words, i) : count_before(words, i);
}
