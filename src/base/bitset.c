/*
 * bitset.c - counting bits, and joining sets, with the processor's instruction for counting or in plain C.
 *
 * Both are the same loops, compiled twice. Sets of WIDE_MIN words and more go to loops of AVX-512 where there is its
 * count of bits. What several sets have in common is counted in one pass, which stores nothing: the loops over two and
 * three sets, as most queries have, are compiled with their number known.
 */
#include "base/bitset.h"

#include "base/bytes.h"

#include <string.h>

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

/* Words from to end - 1. */
ALWAYS size_t count_joined_words(enum bitset_join join, const struct bitset_sets *sets, size_t from, size_t end)
{
    size_t count = 0;
    for (size_t i = from; i < end; i++) {
        uint64_t word = sets->sets[0][i];
        for (size_t set = 1; set < sets->count; set++) {
            word = join == BITSET_ALL ? word & sets->sets[set][i] : word | sets->sets[set][i];
        }
        count += (size_t)__builtin_popcountll(sets->without == NULL ? word : word & ~sets->without[i]);
    }
    return count;
}

/* All words, or those that are marked. */
ALWAYS size_t count_joined(enum bitset_join join, const struct bitset_sets *sets, size_t word_count)
{
    size_t count = 0;
    if (sets->marks == NULL) {
        return count_joined_words(join, sets, 0, word_count);
    }
    for (size_t i = 0; i < bitset_mark_words(word_count); i++) {
        for (uint64_t left = sets->marks[i]; left != 0; left &= left - 1) {
            size_t from = (i * 64 + (size_t)__builtin_ctzll(left)) * BITSET_MARKED;
            size_t end = word_count - from < BITSET_MARKED ? word_count : from + BITSET_MARKED;
            count += count_joined_words(join, sets, from, end);
        }
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

/* Memory that a set's loop asks for ahead: the processor's own stops at each page of 4 KiB. */
#define AHEAD_WORDS 512u

/* Counts of the eight words from i on. count: of sets, known where it is compiled. */
static inline __attribute__((always_inline, WIDE_TARGET)) __m512i
count_eight(enum bitset_join join, const struct bitset_sets *sets, size_t count, bool has_without, size_t i)
{
    __m512i a = _mm512_loadu_si512(sets->sets[0] + i);
    for (size_t set = 1; set < count; set++) {
        __m512i b = _mm512_loadu_si512(sets->sets[set] + i);
        a = join == BITSET_ALL ? _mm512_and_si512(a, b) : _mm512_or_si512(a, b);
    }
    a = has_without ? _mm512_andnot_si512(_mm512_loadu_si512(sets->without + i), a) : a;
    return _mm512_popcnt_epi64(a);
}

static inline __attribute__((always_inline, WIDE_TARGET)) size_t
count_marked(enum bitset_join join, const struct bitset_sets *sets, size_t count, bool has_without, size_t word_count)
{
    __m512i counts = _mm512_setzero_si512();
    size_t rest = 0; /* of the last mark, when it is for fewer words */
    for (size_t i = 0; i < bitset_mark_words(word_count); i++) {
        for (uint64_t left = sets->marks[i]; left != 0; left &= left - 1) {
            size_t from = (i * 64 + (size_t)__builtin_ctzll(left)) * BITSET_MARKED;
            if (word_count - from < BITSET_MARKED) {
                rest = count_joined_words(join, sets, from, word_count);
                break;
            }
            for (size_t at = from; at < from + BITSET_MARKED; at += WIDE_WORDS) {
                counts = _mm512_add_epi64(counts, count_eight(join, sets, count, has_without, at));
            }
        }
    }
    return (size_t)_mm512_reduce_add_epi64(counts) + rest;
}

static inline __attribute__((always_inline, WIDE_TARGET)) size_t
count_eights(enum bitset_join join, const struct bitset_sets *sets, size_t count, bool has_without, size_t word_count)
{
    __m512i counts = _mm512_setzero_si512();
    size_t whole = word_count / WIDE_WORDS * WIDE_WORDS;
    if (sets->marks != NULL) {
        return count_marked(join, sets, count, has_without, word_count);
    }
    for (size_t i = 0; i < whole; i += WIDE_WORDS) {
        for (size_t set = 0; set < count; set++) {
            _mm_prefetch((const char *)(sets->sets[set] + i) + AHEAD_WORDS * WORD_BYTES, _MM_HINT_T0);
        }
        counts = _mm512_add_epi64(counts, count_eight(join, sets, count, has_without, i));
    }
    return (size_t)_mm512_reduce_add_epi64(counts) + count_joined_words(join, sets, whole, word_count);
}

static inline __attribute__((always_inline, WIDE_TARGET)) size_t
count_joined_by_number(enum bitset_join join, const struct bitset_sets *sets, bool has_without, size_t word_count)
{
    return sets->count == 2   ? count_eights(join, sets, 2, has_without, word_count)
           : sets->count == 3 ? count_eights(join, sets, 3, has_without, word_count)
                              : count_eights(join, sets, sets->count, has_without, word_count);
}

WIDE static size_t count_joined_wide(enum bitset_join join, const struct bitset_sets *sets, size_t word_count)
{
    if (join == BITSET_ALL) {
        return sets->without == NULL ? count_joined_by_number(BITSET_ALL, sets, false, word_count)
                                     : count_joined_by_number(BITSET_ALL, sets, true, word_count);
    }
    return sets->without == NULL ? count_joined_by_number(BITSET_ANY, sets, false, word_count)
                                 : count_joined_by_number(BITSET_ANY, sets, true, word_count);
}

POPCNT static size_t count_joined_fast(enum bitset_join join, const struct bitset_sets *sets, size_t word_count)
{
    return join == BITSET_ALL ? count_joined(BITSET_ALL, sets, word_count)
                              : count_joined(BITSET_ANY, sets, word_count);
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
#define count_joined_fast bitset_count_joined_plain
#define count_joined_wide bitset_count_joined_plain

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

size_t bitset_count_joined_plain(enum bitset_join join, const struct bitset_sets *sets, size_t word_count)
{
    return count_joined(join, sets, word_count);
}

size_t bitset_count_joined(enum bitset_join join, const struct bitset_sets *sets, size_t word_count)
{
    if (is_wide(word_count)) {
        return count_joined_wide(join, sets, word_count);
    }
    return is_fast() ? count_joined_fast(join, sets, word_count) : bitset_count_joined_plain(join, sets, word_count);
}

void bitset_mark(const uint64_t *words, size_t word_count, uint64_t *marks)
{
    memset(marks, 0, bitset_mark_words(word_count) * sizeof *marks);
    for (size_t i = 0; i < word_count; i++) {
        if (words[i] != 0) {
            bitset_set(marks, i / BITSET_MARKED);
        }
    }
}
