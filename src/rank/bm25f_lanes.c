/*
 * bm25f_lanes.c - parts of four codes with one division.
 *
 * A word's table is made by each query that has it: 256 divisions are a twentieth of what a search of one word takes
 * if they are done two at once, as compilers do. Division, rounding and capping are those of IEEE 754, so that lanes
 * and single numbers agree.
 *
 * Thread rule: pure functions.
 */
#include "rank/bm25f_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 4u
#define ON_LANES __attribute__((target("avx2"))) static

ON_LANES void fill_class(double top, double wtf, const double *norms, int32_t *parts)
{
    const __m256d product = _mm256_set1_pd(top * wtf);
    const __m256d own = _mm256_set1_pd(wtf);
    const __m256d most = _mm256_set1_pd(RANK_PART_MAX);
    for (unsigned length = 0; length < RANK_LENGTHS; length += LANES) {
        __m256d exact = _mm256_div_pd(product, _mm256_add_pd(own, _mm256_loadu_pd(norms + length)));
        __m128i rounded = _mm256_cvtpd_epi32(_mm256_min_pd(exact, most));
        _mm_storeu_si128((__m128i *)(void *)(parts + length), rounded);
    }
}

ON_LANES __m256i load(const int32_t *parts)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)parts);
}

/* Lanes of eight codes: where the part is below that of the length behind it. */
ON_LANES __m256i rises(const int32_t *parts)
{
    return _mm256_cmpgt_epi32(load(parts + 1), load(parts));
}

ON_LANES bool has_order(const int32_t *part)
{
    __m256i wrong = _mm256_setzero_si256();
    for (unsigned class = 0; class < RANK_CLASSES; class++) {
        const int32_t *parts = part + class * RANK_LENGTHS;
        wrong = _mm256_or_si256(wrong, _mm256_or_si256(rises(parts), rises(parts + 8)));
        wrong = _mm256_or_si256(wrong, _mm256_or_si256(rises(parts + 16), rises(parts + 23))); /* 31 pairs */
        for (unsigned length = 0; class != 0 && length < RANK_LENGTHS; length += 8) {
            __m256i falls = _mm256_cmpgt_epi32(load(parts + length - RANK_LENGTHS), load(parts + length));
            wrong = _mm256_or_si256(wrong, falls);
        }
    }
    return _mm256_testz_si256(wrong, wrong) != 0;
}
#endif

bool bm25f_lanes_fill(double top, const double wtf[RANK_CLASSES], const double norms[RANK_LENGTHS], int32_t part[256],
                      bool *is_monotone)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        for (unsigned class = 0; class < RANK_CLASSES; class++) {
            fill_class(top, wtf[class], norms, part + class * RANK_LENGTHS);
        }
        *is_monotone = has_order(part);
        return true;
    }
#endif
    (void)top, (void)wtf, (void)norms, (void)part, (void)is_monotone;
    return false;
}
