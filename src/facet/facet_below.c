/*
 * facet_below.c - how many numbers, or codes, lie below a bound: what ranges are counted by, four or eight at a time
 * with AVX2.
 *
 * Thread rule: pure functions.
 */
#include "facet/facet_private.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

uint32_t facet_below_plain(const int64_t *values, uint32_t count, int64_t bound)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < count; i++) {
        below += values[i] < bound ? 1 : 0;
    }
    return below;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static uint32_t below_avx2(const int64_t *values, uint32_t count, int64_t bound)
{
    const __m256i bounds = _mm256_set1_epi64x(bound);
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    int64_t lanes[4];
    uint32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(values + i));
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(values + i + 4));
        sums[0] = _mm256_sub_epi64(sums[0], _mm256_cmpgt_epi64(bounds, first));
        sums[1] = _mm256_sub_epi64(sums[1], _mm256_cmpgt_epi64(bounds, second));
    }
    _mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_add_epi64(sums[0], sums[1]));
    return (uint32_t)(lanes[0] + lanes[1] + lanes[2] + lanes[3]) + facet_below_plain(values + i, count - i, bound);
}

#endif

uint32_t facet_below(const int64_t *values, uint32_t count, int64_t bound)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        return below_avx2(values, count, bound);
    }
#endif
    return facet_below_plain(values, count, bound);
}

/* ---- codes ---- */

uint32_t facet_codes_below_plain(const uint32_t *codes, uint32_t count, uint32_t bound)
{
    uint32_t below = 0;
    for (uint32_t i = 0; i < count; i++) {
        below += codes[i] < bound ? 1 : 0;
    }
    return below;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static uint32_t codes_below_avx2(const uint32_t *codes, uint32_t count, uint32_t bound)
{
    const __m256i bounds = _mm256_set1_epi32((int)bound);
    __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    uint32_t lanes[8];
    uint32_t below = 0;
    uint32_t i = 0;
    for (; i + 16 <= count; i += 16) {
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i));
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i + 8));
        sums[0] = _mm256_sub_epi32(sums[0], _mm256_cmpgt_epi32(bounds, first));
        sums[1] = _mm256_sub_epi32(sums[1], _mm256_cmpgt_epi32(bounds, second));
    }
    _mm256_storeu_si256((__m256i *)(void *)lanes, _mm256_add_epi32(sums[0], sums[1]));
    for (uint32_t k = 0; k < 8; k++) {
        below += lanes[k];
    }
    return below + facet_codes_below_plain(codes + i, count - i, bound);
}

#endif

uint32_t facet_codes_below(const uint32_t *codes, uint32_t count, uint32_t bound)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        return codes_below_avx2(codes, count, bound);
    }
#endif
    return facet_codes_below_plain(codes, count, bound);
}

void facet_codes_span_plain(const uint32_t *codes, uint32_t count, uint32_t *least, uint32_t *greatest)
{
    uint32_t low = codes[0];
    uint32_t high = codes[0];
    for (uint32_t i = 1; i < count; i++) {
        low = codes[i] < low ? codes[i] : low;
        high = codes[i] > high ? codes[i] : high;
    }
    *least = low;
    *greatest = high;
}

#if defined(__x86_64__)

/* Eight codes at a time; what is left over is looked at with some of those before. At least eight. */
__attribute__((target("avx2"))) static void codes_span_avx2(const uint32_t *codes, uint32_t count, uint32_t *least,
                                                            uint32_t *greatest)
{
    uint32_t lows[8];
    uint32_t highs[8];
    uint32_t ignored;
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(codes + count - 8));
    __m256i high = low;
    for (uint32_t i = 0; i + 8 <= count; i += 8) {
        __m256i own = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i));
        low = _mm256_min_epu32(low, own);
        high = _mm256_max_epu32(high, own);
    }
    _mm256_storeu_si256((__m256i *)(void *)lows, low);
    _mm256_storeu_si256((__m256i *)(void *)highs, high);
    facet_codes_span_plain(lows, 8, least, &ignored);
    facet_codes_span_plain(highs, 8, &ignored, greatest);
}

#endif

void facet_codes_span(const uint32_t *codes, uint32_t count, uint32_t *least, uint32_t *greatest)
{
#if defined(__x86_64__)
    if (count >= 8 && __builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        codes_span_avx2(codes, count, least, greatest);
        return;
    }
#endif
    facet_codes_span_plain(codes, count, least, greatest);
}
