/*
 * lanes_avx512.c - the kernels of lanes.h with AVX-512, which compresses and expands sixteen lanes by their bits.
 *
 * The reference for what each kernel must do is its plain twin in lanes.c.
 */
#include "postings/lanes.h"

#include "base/processor.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,popcnt")))
#define AVX512_INLINE static inline __attribute__((always_inline, target("avx512f,avx512bw,popcnt")))
#define LANES 16u

AVX512 static uint32_t expand_avx512(const uint8_t *bits, uint32_t words, uint32_t first, uint32_t limit,
                                     uint32_t *out)
{
    uint32_t count = 0;
    __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    numbers = _mm512_add_epi32(numbers, _mm512_set1_epi32((int)first));
    for (uint32_t i = 0; i < words; i++) {
        uint64_t word = load_u64(bits + i * sizeof(uint64_t));
        uint32_t end = count + (uint32_t)_mm_popcnt_u64(word);
        if (end > limit) {
            return end;
        }
        for (uint32_t j = 0; j < 4; j++) {
            __mmask16 mask = (__mmask16)(word >> (LANES * j));
            _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi32(mask, numbers));
            count += (uint32_t)_mm_popcnt_u32(mask);
            numbers = _mm512_add_epi32(numbers, _mm512_set1_epi32((int)LANES));
        }
    }
    return count;
}

/* Without optimising gcc makes a macro of the gather, in which it converts a sign of its own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
AVX512 static void price_avx512(const uint8_t *codes, uint32_t count, const int32_t table[256], int32_t *parts)
{
    for (uint32_t i = 0; i <= count; i += LANES) {
        __m512i numbers = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(codes + i)));
        _mm512_storeu_si512(parts + i, _mm512_i32gather_epi32(numbers, table, sizeof *table));
    }
}
#pragma GCC diagnostic pop

AVX512_INLINE const int32_t *add_mask(__mmask16 mask, const int32_t *parts, int32_t *scores)
{
    __m512i spread = _mm512_maskz_expand_epi32(mask, _mm512_loadu_si512(parts));
    _mm512_storeu_si512(scores, _mm512_add_epi32(_mm512_loadu_si512(scores), spread));
    return parts + _mm_popcnt_u32(mask);
}

AVX512 static void add_avx512(const uint8_t *bits, uint32_t start, uint32_t end, const int32_t *parts, int32_t *scores)
{
    for (; end - start >= 64; start += 64) {
        uint64_t word = lanes_take(bits, start, 64);
        for (uint32_t j = 0; j < 4; j++) {
            parts = add_mask((__mmask16)(word >> (LANES * j)), parts, scores);
            scores += LANES;
        }
    }
    if (start == end) {
        return;
    }
    uint64_t word = lanes_take(bits, start, end - start);
    for (; end - start >= LANES; start += LANES) {
        parts = add_mask((__mmask16)word, parts, scores);
        scores += LANES;
        word >>= LANES;
    }
    for (; word != 0; word &= word - 1) {
        scores[__builtin_ctzll(word)] += *parts++;
    }
}

AVX512_INLINE void add_equal_mask(__mmask16 mask, __m512i part, int32_t *scores)
{
    __m512i before = _mm512_loadu_si512(scores);
    _mm512_storeu_si512(scores, _mm512_mask_add_epi32(before, mask, before, part));
}

AVX512 static void add_equal_avx512(const uint8_t *bits, uint32_t start, uint32_t end, int32_t part, int32_t *scores)
{
    __m512i each = _mm512_set1_epi32(part);
    for (; end - start >= 64; start += 64) {
        uint64_t word = lanes_take(bits, start, 64);
        for (uint32_t j = 0; j < 4; j++) {
            add_equal_mask((__mmask16)(word >> (LANES * j)), each, scores);
            scores += LANES;
        }
    }
    if (start == end) {
        return;
    }
    uint64_t word = lanes_take(bits, start, end - start);
    for (; end - start >= LANES; start += LANES) {
        add_equal_mask((__mmask16)word, each, scores);
        scores += LANES;
        word >>= LANES;
    }
    for (; word != 0; word &= word - 1) {
        scores[__builtin_ctzll(word)] += part;
    }
}

AVX512 static void pack_avx512(const uint8_t *marks, uint32_t words, uint64_t *bits)
{
    for (size_t i = 0; i < words; i++) {
        bits[i] |= _mm512_movepi8_mask(_mm512_loadu_si512(marks + i * 64));
    }
}

static const struct postings_lanes avx512_lanes = {expand_avx512, lanes_rank_popcnt, price_avx512,
                                                   add_avx512,    add_equal_avx512,  pack_avx512};

const struct postings_lanes *lanes_avx512(void)
{
    return processor_fits_avx512() ? &avx512_lanes : NULL;
}

#else

const struct postings_lanes *lanes_avx512(void)
{
    return NULL;
}

#endif
