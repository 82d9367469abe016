/*
 * bitset.c - counting bits, and joining sets, with the processor's instruction for counting or in plain C.
 *
 * Both are the same loops, compiled twice. Sets of WIDE_MIN words and more go to loops of AVX-512 where there is its
 * count of bits.
 */
#include "base/bitset.h"

#include "base/bytes.h"

#define WORD_BYTES sizeof(uint64_t)
#define WIDE_MIN 16u /* words: for less the wide loops are not begun */

enum join { AND, OR, AND_NOT };

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS size_t count_words(const uint8_t *words, size_t word_count)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++) {
        count += (size_t)__builtin_popcountll(load_u64(words + i * WORD_BYTES));
    }
    return count;
}

ALWAYS size_t count_before(const uint8_t *words, size_t i)
{
    size_t count = count_words(words, i / 64);
    if (i % 64 != 0) {
        count += (size_t)__builtin_popcountll(load_u64(words + i / 64 * WORD_BYTES) & ~(UINT64_MAX << (i % 64)));
    }
    return count;
}

ALWAYS size_t join_words(enum join join, uint64_t *words, const uint64_t *other, size_t word_count)
{
    size_t count = 0;
    for (size_t i = 0; i < word_count; i++) {
        words[i] = join == AND ? words[i] & other[i] : join == OR ? words[i] | other[i] : words[i] & ~other[i];
        count += (size_t)__builtin_popcountll(words[i]);
    }
    return count;
}

#if defined(__x86_64__)

#include <immintrin.h>

#define POPCNT __attribute__((target("popcnt")))
#define WIDE_TARGET target("avx512f,avx512vpopcntdq,popcnt")
#define WIDE __attribute__((WIDE_TARGET))
#define WIDE_WORDS 8u

static bool is_fast(void)
{
    return __builtin_cpu_supports("popcnt");
}

static bool is_wide(size_t word_count)
{
    return word_count >= WIDE_MIN && __builtin_cpu_supports("avx512vpopcntdq") && __builtin_cpu_supports("popcnt");
}

POPCNT static size_t count_fast(const uint8_t *words, size_t word_count)
{
    return count_words(words, word_count);
}

POPCNT static size_t rank_fast(const uint8_t *words, size_t i)
{
    return count_before(words, i);
}

POPCNT static size_t join_fast(enum join join, uint64_t *words, const uint64_t *other, size_t word_count)
{
    switch (join) {
    case AND:
        return join_words(AND, words, other, word_count);
    case OR:
        return join_words(OR, words, other, word_count);
    default:
        return join_words(AND_NOT, words, other, word_count);
    }
}

WIDE static size_t count_wide(const uint8_t *words, size_t word_count)
{
    __m512i counts = _mm512_setzero_si512();
    size_t whole = word_count / WIDE_WORDS * WIDE_WORDS;
    for (size_t i = 0; i < whole; i += WIDE_WORDS) {
        counts = _mm512_add_epi64(counts, _mm512_popcnt_epi64(_mm512_loadu_si512(words + i * WORD_BYTES)));
    }
    return (size_t)_mm512_reduce_add_epi64(counts) + count_words(words + whole * WORD_BYTES, word_count - whole);
}

static inline __attribute__((always_inline, WIDE_TARGET)) size_t
join_eights(enum join join, uint64_t *words, const uint64_t *other, size_t word_count)
{
    __m512i counts = _mm512_setzero_si512();
    size_t whole = word_count / WIDE_WORDS * WIDE_WORDS;
    for (size_t i = 0; i < whole; i += WIDE_WORDS) {
        __m512i a = _mm512_loadu_si512(words + i);
        __m512i b = _mm512_loadu_si512(other + i);
        a = join == AND ? _mm512_and_si512(a, b) : join == OR ? _mm512_or_si512(a, b) : _mm512_andnot_si512(b, a);
        _mm512_storeu_si512(words + i, a);
        counts = _mm512_add_epi64(counts, _mm512_popcnt_epi64(a));
    }
    return (size_t)_mm512_reduce_add_epi64(counts) + join_words(join, words + whole, other + whole, word_count - whole);
}

WIDE static size_t join_wide(enum join join, uint64_t *words, const uint64_t *other, size_t word_count)
{
    switch (join) {
    case AND:
        return join_eights(AND, words, other, word_count);
    case OR:
        return join_eights(OR, words, other, word_count);
    default:
        return join_eights(AND_NOT, words, other, word_count);
    }
}

#else

#define count_fast count_words
#define rank_fast count_before
#define join_fast join_words
#define count_wide count_words
#define join_wide join_words

static bool is_fast(void)
{
    return false;
}

static bool is_wide(size_t word_count)
{
    (void)word_count;
    return false;
}

#endif

size_t bitset_count(const void *words, size_t word_count)
{
    if (is_wide(word_count)) {
        return count_wide(words, word_count);
    }
    return is_fast() ? count_fast(words, word_count) : count_words(words, word_count);
}

size_t bitset_rank(const uint8_t *words, size_t i)
{
    return is_fast() ? rank_fast(words, i) : count_before(words, i);
}

static size_t join_sets(enum join join, uint64_t *words, const uint64_t *other, size_t word_count)
{
    if (is_wide(word_count)) {
        return join_wide(join, words, other, word_count);
    }
    return is_fast() ? join_fast(join, words, other, word_count) : join_words(join, words, other, word_count);
}

size_t bitset_and(uint64_t *words, const uint64_t *other, size_t word_count)
{
    return join_sets(AND, words, other, word_count);
}

size_t bitset_or(uint64_t *words, const uint64_t *other, size_t word_count)
{
    return join_sets(OR, words, other, word_count);
}

size_t bitset_and_not(uint64_t *words, const uint64_t *other, size_t word_count)
{
    return join_sets(AND_NOT, words, other, word_count);
}
