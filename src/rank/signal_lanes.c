/*
 * signal_lanes.c - the formulas of signal.h on eight products at once.
 *
 * Under a load of patches the bounds of every patched page are made again behind each commit: one at a time, with a
 * division each, that was a fifth of a search's time. Divisions by constants are multiplications; that of a rating is
 * done in doubles, which is exact, for its quotient is further below a whole number than doubles round off.
 *
 * Thread rule: pure functions.
 */
#include "rank/signal_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8u
#define ON_LANES __attribute__((target("avx2"), always_inline)) static inline

/* Numbers in 64 bits that fit 32, of eight products in order. */
ON_LANES __m256i narrow(__m256i first, __m256i second)
{
    const __m256i even = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);
    __m256i low = _mm256_permutevar8x32_epi32(first, even);
    __m256i high = _mm256_permutevar8x32_epi32(second, even);
    return _mm256_blend_epi32(low, high, 0xf0);
}

/* Each divided by a constant: multiplied by magic, 2^shift / divisor rounded up, which holds for all of 32 bits. */
ON_LANES __m256i divide(__m256i x, uint32_t magic, int shift)
{
    const __m256i factor = _mm256_set1_epi64x((int64_t)magic);
    __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(x, factor), shift);
    __m256i odd = _mm256_srli_epi64(_mm256_mul_epu32(_mm256_srli_epi64(x, 32), factor), shift);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

ON_LANES __m256i load(const int64_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

ON_LANES __m256i clamp_lanes(__m256i value, int64_t most)
{
    const __m256i max = _mm256_set1_epi64x(most);
    value = _mm256_andnot_si256(_mm256_cmpgt_epi64(_mm256_setzero_si256(), value), value);
    return _mm256_blendv_epi8(value, max, _mm256_cmpgt_epi64(value, max));
}

/* A missing value is below 0 and counts as 0, whose share is none. */
ON_LANES __m256i popularity_lanes(const int64_t *values)
{
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i sixteen = _mm256_set1_epi32(16);
    __m256i x = narrow(clamp_lanes(load(values), POPULARITY_MAX), clamp_lanes(load(values + 4), POPULARITY_MAX));
    __m256i n = _mm256_slli_epi32(_mm256_add_epi32(x, one), 8);
    n = _mm256_min_epu32(n, _mm256_set1_epi32((int32_t)(POPULARITY_MAX * 256)));
    /* The exponent of a float is the logarithm, if what is rounded off cannot carry to the next power of two. */
    __m256i leading = _mm256_andnot_si256(_mm256_srli_epi32(n, 8), n);
    __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(leading));
    __m256i e = _mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(127));
    __m256i rest = _mm256_sub_epi32(n, _mm256_sllv_epi32(one, e));
    rest = _mm256_or_si256(_mm256_srlv_epi32(rest, _mm256_sub_epi32(e, sixteen)), /* a shift below 0 leaves nothing */
                           _mm256_sllv_epi32(rest, _mm256_sub_epi32(sixteen, e)));
    __m256i whole = _mm256_slli_epi32(_mm256_sub_epi32(e, _mm256_set1_epi32(8)), 16);
    return divide(_mm256_add_epi32(whole, rest), 0xcccccccdu, 36); /* by POPULARITY_DOUBLINGS */
}

/* floor(65536 * x) of four doubles as columns have them, x held to 0 .. 5; no number counts as 0. */
ON_LANES __m128i rating_of(__m256i value)
{
    __m256i negative = _mm256_cmpgt_epi64(_mm256_setzero_si256(), value);
    __m256i bits = _mm256_xor_si256(value, _mm256_and_si256(negative, _mm256_set1_epi64x(INT64_MAX)));
    __m256d real = _mm256_max_pd(_mm256_castsi256_pd(bits), _mm256_setzero_pd()); /* the second, if one is no number */
    real = _mm256_min_pd(real, _mm256_set1_pd(RATING_BEST));
    return _mm256_cvttpd_epi32(_mm256_mul_pd(real, _mm256_set1_pd(SIGNAL_WHOLE)));
}

ON_LANES __m128i mean_of(__m128i rating, __m256i count)
{
    count = clamp_lanes(count, RATING_COUNT_MAX);
    __m256d n = _mm256_cvtepi32_pd(_mm256_castsi256_si128(narrow(count, count)));
    __m256d sum = _mm256_add_pd(_mm256_set1_pd((double)RATING_PRIOR_COUNT * RATING_PRIOR * SIGNAL_WHOLE),
                                _mm256_mul_pd(n, _mm256_cvtepi32_pd(rating)));
    return _mm256_cvttpd_epi32(_mm256_div_pd(sum, _mm256_add_pd(n, _mm256_set1_pd(RATING_PRIOR_COUNT))));
}

ON_LANES __m256i is_missing(const int64_t *values)
{
    const __m256i missing = _mm256_set1_epi64x(COLUMN_MISSING);
    return narrow(_mm256_cmpeq_epi64(load(values), missing), _mm256_cmpeq_epi64(load(values + 4), missing));
}

ON_LANES __m256i rating_lanes(const int64_t *values, const int64_t *counts)
{
    __m128i low = rating_of(load(values));
    __m128i high = rating_of(load(values + 4));
    if (counts != NULL) {
        low = mean_of(low, load(counts));
        high = mean_of(high, load(counts + 4));
    }
    const __m256i prior = _mm256_set1_epi32(RATING_PRIOR * SIGNAL_WHOLE);
    __m256i mean = _mm256_blendv_epi8(_mm256_set_m128i(high, low), prior, is_missing(values));
    return divide(mean, 0xcccccccdu, 34); /* by RATING_BEST */
}

/* The lower 64 bits of a product. */
ON_LANES __m256i multiply(__m256i a, __m256i b)
{
    __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), b),
                                     _mm256_mul_epu32(a, _mm256_srli_epi64(b, 32)));
    return _mm256_add_epi64(_mm256_mul_epu32(a, b), _mm256_slli_epi64(cross, 32));
}

ON_LANES __m256i recency_of(const struct signal_rule *rule, __m256i value)
{
    const __m256i now = _mm256_set1_epi64x(rule->now_ms);
    const __m256i age_max = _mm256_set1_epi64x((int64_t)rule->age_max);
    const __m256i flip = _mm256_set1_epi64x(INT64_MIN); /* makes signed comparisons those of ages without a sign */
    __m256i age = _mm256_and_si256(_mm256_cmpgt_epi64(now, value), _mm256_sub_epi64(now, value));
    __m256i above = _mm256_cmpgt_epi64(_mm256_xor_si256(age, flip), _mm256_xor_si256(age_max, flip));
    age = _mm256_blendv_epi8(age, age_max, above);
    __m256i steps = _mm256_srli_epi64(multiply(age, _mm256_set1_epi64x((int64_t)rule->rate)),
                                      HALF_LIFE_SHIFT - HALF_LIFE_STEPS);
    __m256i fraction = _mm256_and_si256(steps, _mm256_set1_epi64x((1 << HALF_LIFE_STEPS) - 1));
    __m256i share = _mm256_slli_epi64(_mm256_sub_epi64(_mm256_set1_epi64x(2 << HALF_LIFE_STEPS), fraction), 5);
    share = _mm256_srlv_epi64(share, _mm256_srli_epi64(steps, HALF_LIFE_STEPS));
    return _mm256_andnot_si256(_mm256_cmpeq_epi64(value, _mm256_set1_epi64x(COLUMN_MISSING)), share);
}

ON_LANES __m256i stock_of(__m256i value)
{
    return _mm256_and_si256(_mm256_cmpgt_epi64(value, _mm256_setzero_si256()), _mm256_set1_epi64x(SIGNAL_WHOLE));
}

ON_LANES __m256i share_lanes(const struct signal_rule *rule, const int64_t *values, const int64_t *counts)
{
    switch (rule->kind) {
    case SIGNAL_POPULARITY:
        return popularity_lanes(values);
    case SIGNAL_RATING:
        return rating_lanes(values, counts);
    case SIGNAL_RECENCY:
        return narrow(recency_of(rule, load(values)), recency_of(rule, load(values + 4)));
    case SIGNAL_STOCK:
        break;
    }
    return narrow(stock_of(load(values)), stock_of(load(values + 4)));
}

__attribute__((target("avx2"))) static uint32_t add_lanes(const struct signal_rule *rule, const int64_t *values,
                                                          const int64_t *counts, uint32_t n, int32_t *parts)
{
    const __m256i weight = _mm256_set1_epi32(rule->weight);
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        __m256i *sum = (__m256i *)(void *)(parts + i);
        __m256i share = share_lanes(rule, values + i, counts == NULL ? NULL : counts + i);
        __m256i part = divide(_mm256_mullo_epi32(weight, share), 0x51eb851fu, 35); /* by SHARE_PER_PART */
        _mm256_storeu_si256(sum, _mm256_add_epi32(_mm256_loadu_si256(sum), part));
    }
    return i;
}
#endif

static bool is_made_for(const struct signal_rule *rule, const int64_t *counts)
{
    bool counted = (rule->count_field != SCHEMA_NO_FIELD) == (counts != NULL);
    return rule->kind == SIGNAL_POPULARITY ? rule->type != FIELD_DOUBLE && rule->type != FIELD_DECIMAL
           : rule->kind == SIGNAL_RATING   ? rule->type == FIELD_DOUBLE && counted
                                           : true;
}

uint32_t signal_lanes_add(const struct signal_rule *rule, const int64_t *values, const int64_t *counts, uint32_t n,
                          int32_t *parts)
{
#if defined(__x86_64__)
    if (is_made_for(rule, counts) && __builtin_cpu_supports("avx2")) { /* LCOV_EXCL_BR_LINE: depends on the machine */
        return add_lanes(rule, values, counts, n, parts);
    }
#endif
    (void)values, (void)n, (void)parts;
    return 0;
}
